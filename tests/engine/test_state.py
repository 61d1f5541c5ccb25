"""The compact state: small, independent of key order, and equal to what the library would do untouched."""

import json
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from SpiffWorkflow.util.task import TaskState
from sqlalchemy.orm import Session

from app import clock
from app.engine import definitions, state
from app.engine.compiled import Compiled
from app.engine.environment import DeskScripts
from app.engine.pruning import prune
from app.engine.subject import Subject
from app.engine.workflow import DeskWorkflow, run_task

from .conftest import Thing, put_in

At = Callable[[datetime], None]


def nothing(task: object) -> None:
    """No observer."""


def begun(compiled: Compiled, scripts: DeskScripts) -> DeskWorkflow:
    workflow = DeskWorkflow(compiled.spec, compiled.subprocess_specs, scripts=scripts)
    workflow.run_to_waits(nothing, nothing)
    return workflow


def scripts_of(session: Session) -> DeskScripts:
    return DeskScripts(session, Subject("thing", 1), 1, None)


def reordered(blob: bytes) -> bytes:
    """The same JSON with its keys in another order, as a JSONB column would hand it back."""
    return json.dumps(json.loads(blob), sort_keys=True).encode()


def picture(workflow: DeskWorkflow) -> dict[str, Any]:
    """What matters about a running process."""
    return {
        "people": sorted((task.task_spec.name, json.dumps(task.data, sort_keys=True)) for task in workflow.for_people()),
        "waits": sorted(task.task_spec.name for task in workflow.waiting()),
        "over": workflow.is_completed(),
    }


def test_a_state_does_not_depend_on_the_order_of_keys(session: Session, thing: Thing) -> None:
    (definition,) = put_in(session, "parallel_loop")
    compiled, scripts = definitions.compiled(definition), scripts_of(session)
    workflow = begun(compiled, scripts)

    for _ in range(20):
        blob = state.dump(workflow, compiled)
        again = state.load(reordered(blob), state.FORMAT, compiled, scripts=scripts)
        assert picture(again) == picture(workflow)
        assert all("rounds" in task.data for task in again.for_people())
        task = again.for_people()[0]
        task.data[task.task_spec.name] = {"outcome": "again", "text": "x"}
        run_task(task)
        again.run_to_waits(nothing, nothing)
        workflow = again


@pytest.mark.parametrize("key", ["reply_loop", "parallel_loop", "boundary_timers", "two_timers", "cycle", "deadlines"])
@pytest.mark.parametrize("seed", range(6))
def test_a_pruned_and_reloaded_process_does_what_an_untouched_one_does(
    session: Session, thing: Thing, at: At, key: str, seed: int
) -> None:
    (definition,) = put_in(session, key)
    compiled, scripts = definitions.compiled(definition), scripts_of(session)
    untouched, ours = begun(compiled, scripts), begun(compiled, scripts)
    dice = random.Random(seed)

    for step in range(40):
        if untouched.is_completed():
            break
        people, timers = untouched.for_people(), untouched.waiting_timers()
        choices = [("task", task.task_spec.name) for task in people] * 2
        choices += [("timer", timer.element) for task, timer in timers if timer.due_at(task) is not None]
        if not choices:
            break
        kind, name = dice.choice(sorted(choices))
        outcome = dice.choice(["again", "again", "done"])
        at(max([clock.now(), *(due for due in [_due(untouched, name)] if due and due.year < 9999)]))
        for workflow in (untouched, ours):
            _do(workflow, kind, name, {"outcome": outcome, "step": step})
        prune(ours)
        ours = state.load(state.dump(ours, compiled), state.FORMAT, compiled, scripts=scripts)
        assert picture(ours) == picture(untouched)
        assert len(ours.tasks) < 80


def _due(workflow: DeskWorkflow, element: str) -> datetime | None:
    return next((timer.due_at(task) for task, timer in workflow.waiting_timers() if timer.element == element), None)


def _do(workflow: DeskWorkflow, kind: str, name: str, answer: dict[str, Any]) -> None:
    if kind == "timer":
        task = next(task for task, timer in workflow.waiting_timers() if timer.element == name)
        workflow.fire(task.id.hex, name)
    else:
        task = next(task for task in workflow.for_people() if task.task_spec.name == name)
        task.data[name] = answer
        run_task(task)
    workflow.run_to_waits(nothing, nothing)


def test_a_state_of_a_later_desk_is_refused(session: Session, thing: Thing) -> None:
    (definition,) = put_in(session, "one_task")
    compiled = definitions.compiled(definition)
    blob = state.dump(begun(compiled, scripts_of(session)), compiled)

    with pytest.raises(ValueError, match="format 99"):
        state.load(blob, 99, compiled)


def test_a_waiting_state_is_small(session: Session, thing: Thing) -> None:
    (definition,) = put_in(session, "boundary_timers")
    compiled = definitions.compiled(definition)
    workflow = begun(compiled, scripts_of(session))
    prune(workflow)

    assert len(state.dump(workflow, compiled)) < 2_500
    assert [task.state for task in workflow.for_people()] == [TaskState.READY]
