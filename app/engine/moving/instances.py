"""One instance: whether it can be moved, and moving it.

Moving runs nothing: the instance waits on the new version where it waited on the old one. Deadlines keep their moment;
what the new version adds is armed from the moment of the move, as if the instance had just come there: counted from
when it did come there, a new deadline of a day would be over at once for everything that is a week old.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.db import Session
from app.engine import definitions, state
from app.engine.budgets import BudgetExceeded
from app.engine.due import CycleDefinition, DueTimerDefinition
from app.engine.environment import DeskScripts, ElementFailed, element_of
from app.engine.gateways import ScopedParallelGateway
from app.engine.locking import locked
from app.engine.models import InstanceState, ProcessDefinition, ProcessInstance
from app.engine.moving import rows
from app.engine.moving.mapping import LevelMap, Mapper, Overrides, timer_expressions
from app.engine.moving.relocate import relocate
from app.engine.moving.verdicts import CannotMove, Outcome, Verdict
from app.engine.pruning import prune
from app.engine.workflow import DeskWorkflow

LIVE = (InstanceState.RUNNING, InstanceState.STALLED)


@dataclass
class Moved:
    """An instance as it stands in memory on the new version."""

    workflow: DeskWorkflow
    # By task id: how its level was mapped, and what it stood for before.
    maps: dict[str, LevelMap]
    before: dict[str, TaskSpec]
    user_tasks: dict[str, rows.TaskRow]
    blob: bytes


def check(
    session: Session, instance: ProcessInstance, target: ProcessDefinition, mapper: Mapper, *, rearm: bool = False
) -> Verdict:
    """Say whether an instance can be moved, without writing anything."""
    if instance.state not in LIVE or instance.definition_id == target.id:
        return Verdict(instance.id, Outcome.LEFT, "", _why_left(instance, target))
    try:
        if instance.blob is not None:
            _moved(session, instance, target, mapper, rearm=rearm, by_id=None)
    except CannotMove as refusal:
        return Verdict(instance.id, refusal.outcome, refusal.element, refusal.reason)
    return Verdict(instance.id, Outcome.OK)


def move(
    session: Session,
    instance_id: int,
    source: ProcessDefinition,
    target: ProcessDefinition,
    *,
    overrides: Overrides,
    rearm: bool,
    by_id: int | None,
) -> Verdict:
    """Move one instance, in the caller's transaction; one that ended or runs on the target already is left alone.

    Raises:
        CannotMove: it stays on its old version; the caller rolls back.
    """
    instance = locked(session, instance_id)
    if instance is None:
        return Verdict(instance_id, Outcome.LEFT, "", "It is not there any more.")
    if instance.state not in LIVE or instance.definition_id != source.id:
        return Verdict(instance.id, Outcome.LEFT, "", _why_left(instance, target))
    mapper = Mapper(definitions.compiled(source), definitions.compiled(target), overrides)
    if instance.blob is not None:
        made = _moved(session, instance, target, mapper, rearm=rearm, by_id=by_id)
        instance.blob, instance.state_format = made.blob, state.FORMAT
        instance.definition = target
        rows.write(session, instance, made.workflow, made.maps, made.user_tasks, rearm=rearm, by_id=by_id)
    instance.definition = target
    rows.rename_pending(instance, mapper.renamed())
    rows.tell(session, instance, source, target, mapper.renamed(), by_id=by_id)
    session.flush()
    return Verdict(instance.id, Outcome.OK)


def _why_left(instance: ProcessInstance, target: ProcessDefinition) -> str:
    if instance.state not in LIVE:
        return "It has ended."
    if instance.definition_id == target.id:
        return f"It runs on version {target.version} already."
    return f"It runs on another version: {instance.definition.version}."


def _moved(
    session: Session,
    instance: ProcessInstance,
    target: ProcessDefinition,
    mapper: Mapper,
    *,
    rearm: bool,
    by_id: int | None,
) -> Moved:
    """The instance on the new version, in memory."""
    assert instance.blob is not None
    scripts = DeskScripts(session, instance.subject, instance.id, by_id)
    try:
        workflow = state.load(instance.blob, instance.state_format, mapper.old)
        before = {task.id: task.task_spec for level in workflow.levels() for task in level.tasks.values()}
        maps = relocate(workflow, mapper)
        # Written and read again: what is bound to specs and events (who hears what, who waits for whom) is made anew.
        workflow.spec, workflow.subprocess_specs = mapper.new.spec, mapper.new.subprocess_specs
        workflow = state.load(state.dump(workflow, mapper.new), state.FORMAT, mapper.new, scripts=scripts)
        _arm(workflow, maps, before, rearm=rearm)
        _refuse_full_joins(workflow)
        user_tasks = {
            task.id: rows.task_row(instance, task, before[task.id], scripts) for task in workflow.for_people()
        }
        prune(workflow)
        blob = state.dump(workflow, mapper.new)
        workflow.budget.check_size(blob)
    except ElementFailed as failure:
        raise CannotMove(Outcome.IMPOSSIBLE, failure.element, failure.reason) from failure
    except (BudgetExceeded, ValueError) as error:
        raise CannotMove(Outcome.IMPOSSIBLE, "", str(error)) from error
    tasks = [task for level in workflow.levels() for task in level.tasks.values()]
    if all(task.has_state(TaskState.FINISHED_MASK) for task in tasks):
        raise CannotMove(Outcome.IMPOSSIBLE, "", "Nothing of it would be left to do.")
    return Moved(workflow, maps, before, user_tasks, blob)


def _arm(workflow: DeskWorkflow, maps: dict[str, LevelMap], before: dict[str, TaskSpec], *, rearm: bool) -> None:
    for task, timer in workflow.waiting_timers():
        old = before.get(task.id)
        changed = old is not None and _expression_changed(timer, old, maps[task.id])
        if isinstance(timer, DueTimerDefinition):
            _arm_due(task, timer, again=rearm and changed)
        elif isinstance(timer, CycleDefinition):
            if rearm and changed:
                task.internal_data.pop("event_value", None)
            if task.internal_data.get("event_value") is None:
                timer.cycle_complete(task)


def _arm_due(task: Task, timer: DueTimerDefinition, *, again: bool) -> None:
    if again:
        due = {element: moment for element, moment in task.internal_data["due"].items() if element != timer.element}
        task.internal_data["due"] = due
    if timer.due_at(task) is None:
        # The first question arms it; a moment that is past fires on the clock, as any other.
        timer.has_fired(task)


def _expression_changed(timer: Any, old: TaskSpec, found: LevelMap) -> bool:
    known = {found.element(element): text for element, text in timer_expressions(old).items()}
    return timer.element in known and known[timer.element] != str(timer.expression)


def _refuse_full_joins(workflow: DeskWorkflow) -> None:
    for level in workflow.levels():
        for task in level.tasks.values():
            waits = task.state == TaskState.WAITING and isinstance(task.task_spec, ScopedParallelGateway)
            if waits and task.task_spec._check_threshold_unstructured(task):
                reason = "All its branches have arrived, so the instance would go on while it is moved."
                raise CannotMove(Outcome.IMPOSSIBLE, element_of(task), reason)
