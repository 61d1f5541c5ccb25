"""The compact state: small, independent of key order, and equal to what the library would do untouched."""

import json
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState
from sqlalchemy.orm import Session

from app import clock
from app.engine import definitions, state
from app.engine.budgets import Budget
from app.engine.compiled import Compiled, compile_files
from app.engine.due import NEVER
from app.engine.environment import DeskScripts
from app.engine.pruning import prune
from app.engine.subject import Subject
from app.engine.workflow import DeskWorkflow, run_task

from .conftest import DIAGRAMS, Thing, put_in, source

STATES = DIAGRAMS.parent / "states"

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
        "people": sorted(
            (task.task_spec.name, json.dumps(task.data, sort_keys=True)) for task in workflow.for_people()
        ),
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


@pytest.mark.parametrize("key", ["reply_loop", "boundary_timers", "two_timers", "deadlines", "calls_fragment"])
@pytest.mark.parametrize("seed", range(6))
def test_a_random_walk_ends_where_the_untouched_library_ends(
    session: Session, thing: Thing, at: At, key: str, seed: int
) -> None:
    """Our loop, codec and pruning after every step, against the library's own loop that keeps everything in memory."""
    put_in(session, key, "fragment")
    compiled = definitions.compiled(definitions.current(session, key) or pytest.fail(key))
    scripts = scripts_of(session)
    theirs = BpmnWorkflow(compiled.spec, compiled.subprocess_specs, script_engine=scripts)
    # What our expressions count what they cost on.
    theirs.budget = Budget()
    theirs.do_engine_steps()
    ours = begun(compiled, scripts)
    dice = random.Random(seed)

    for step in range(40):
        if ours.is_completed():
            break
        choices = [task.task_spec.name for task in ours.for_people()] * 2
        due = [(due_at, task, timer.element) for task, timer in ours.waiting_timers() if (due_at := timer.due_at(task))]
        coming = sorted(each for each in due if each[0] < NEVER)[:1]
        choice = dice.choice(sorted(choices) + [element for _, _, element in coming])
        answer = {"outcome": dice.choice(["again", "again", "done"]), "step": step}
        if coming and choice == coming[0][2]:
            at(max(clock.now(), coming[0][0]))
            theirs.refresh_timers()
            ours.fire(coming[0][1].id, choice)
        else:
            ready = theirs.get_tasks(state=TaskState.READY, manual=True)
            for task in (find(ready, choice), find(ours.for_people(), choice)):
                task.data[choice] = answer
                task.run()
        theirs.do_engine_steps()
        ours.run_to_waits(nothing, nothing)
        prune(ours)
        ours = state.load(state.dump(ours, compiled), state.FORMAT, compiled, scripts=scripts)
        assert picture(ours) == picture_of_theirs(theirs)
        assert len(ours.tasks) < 80


def find(tasks: list[Any], name: str) -> Any:
    return next(task for task in tasks if task.task_spec.name == name)


def picture_of_theirs(workflow: BpmnWorkflow) -> dict[str, Any]:
    ready = workflow.get_tasks(state=TaskState.READY, manual=True)
    return {
        "people": sorted((task.task_spec.name, json.dumps(task.data, sort_keys=True)) for task in ready),
        "waits": sorted(task.task_spec.name for task in workflow.event_manager.tasks.values()),
        "over": workflow.is_completed(),
    }


def test_a_loop_with_two_branches_does_the_same_pruned_and_whole(session: Session, thing: Thing) -> None:
    """The library's own join is wrong in loops, so ours is compared with itself, pruned and not."""
    (definition,) = put_in(session, "parallel_loop")
    compiled, scripts = definitions.compiled(definition), scripts_of(session)
    whole, pruned = begun(compiled, scripts), begun(compiled, scripts)
    dice = random.Random(3)

    for step in range(60):
        name = dice.choice(sorted(task.task_spec.name for task in whole.for_people()))
        for workflow in (whole, pruned):
            task = find(workflow.for_people(), name)
            task.data[name] = {"outcome": "again", "step": step}
            run_task(task)
            workflow.run_to_waits(nothing, nothing)
        prune(pruned)
        pruned = state.load(state.dump(pruned, compiled), state.FORMAT, compiled, scripts=scripts)
        assert picture(pruned) == picture(whole)
    assert len(pruned.tasks) < 30 < len(whole.tasks)


@pytest.mark.parametrize("number", [1, state.FORMAT])
def test_a_state_written_in_each_known_format_goes_on_to_its_end(
    session: Session, thing: Thing, at: At, number: int
) -> None:
    """Instances live for years: what an older desk wrote must load here and finish."""
    kept = json.loads((STATES / f"format_{number}.json").read_text())
    compiled = compile_files("boundary_timers", [source("boundary_timers.bpmn"), source("answer.form")], kept["names"])

    workflow = state.load(json.dumps(kept["state"]).encode(), number, compiled, scripts=scripts_of(session))

    (waiting,) = workflow.for_people()
    assert (waiting.task_spec.name, waiting.data["first_step"]["outcome"]) == ("second_step", "ok")
    assert {timer.element for _, timer in workflow.waiting_timers()} == {"remind", "give_up"}
    run_task(waiting)
    workflow.run_to_waits(nothing, nothing)
    assert workflow.is_completed()


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

    assert len(state.dump(workflow, compiled)) < 900
    assert [task.state for task in workflow.for_people()] == [TaskState.READY]
