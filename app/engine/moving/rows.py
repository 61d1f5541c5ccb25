"""The tables of an instance that was moved: the rows stay, what they say of the diagram becomes the new version's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from sqlalchemy import select

from app import clock
from app.db import Session
from app.engine import projection, team_sets, timers
from app.engine.environment import DeskScripts, element_of
from app.engine.events import InstanceMoved
from app.engine.failures import keep_pending, pending_steps
from app.engine.history import History
from app.engine.models import (
    HistoryEntry,
    InstanceState,
    MessageWait,
    ProcessDefinition,
    ProcessInstance,
    TaskState,
    Timer,
    UserTask,
)
from app.engine.moving.mapping import LevelMap
from app.engine.parser import properties
from app.engine.steps import Step, StepKind
from app.engine.workflow import DeskWorkflow
from app.events import record
from app.statements import Batch

# What the history says an instance passed when it was moved.
MOVED = "move"


@dataclass(frozen=True)
class TaskRow:
    """What an open user task's row is to say. `changed` are the properties that the new version words otherwise."""

    fresh: UserTask
    changed: frozenset[str]


def task_row(instance: ProcessInstance, task: Task, before: TaskSpec, scripts: DeskScripts) -> TaskRow:
    """Calculate the row of an open user task from the new version; nothing is added to the session.

    Raises:
        ElementFailed: one of its expressions cannot be calculated.
    """
    old, new = properties(before), properties(task.task_spec)
    changed = frozenset(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return TaskRow(projection.new_user_task(instance, task, scripts), changed)


def write(
    session: Session,
    instance: ProcessInstance,
    workflow: DeskWorkflow,
    maps: dict[str, LevelMap],
    user_tasks: dict[str, TaskRow],
    *,
    rearm: bool,
    by_id: int | None,
) -> None:
    """Make the tables say what the instance waits for on the new version."""
    _renew_user_tasks(session, instance, user_tasks, rearm)
    for timer in session.scalars(select(Timer).where(Timer.instance_id == instance.id)):
        # Renamed rather than made anew: a parked one stays parked, a taken one taken.
        if timer.task_id in maps:
            timer.element = maps[timer.task_id].element(timer.element) or timer.element
    session.flush()
    scripts: DeskScripts = workflow.script_engine
    batch = Batch()
    projection.project(session, instance, workflow, scripts, batch, completed={}, by_id=by_id)
    batch.run(session)
    if instance.suspended_at is not None:
        timers.park(session, instance.id)
    tasks = {task.id: task for level in workflow.levels() for task in level.tasks.values()}
    for wait in session.scalars(select(MessageWait).where(MessageWait.instance_id == instance.id)):
        if wait.task_id in tasks:
            wait.element = element_of(tasks[wait.task_id])
    query = select(HistoryEntry).where(HistoryEntry.instance_id == instance.id, HistoryEntry.left_at.is_(None))
    for entry in session.scalars(query):
        # A passage under way ends in the new version, under the name it has there; those that ended stay as they were.
        if entry.task_id in tasks:
            spec = tasks[entry.task_id].task_spec
            entry.element = element_of(tasks[entry.task_id])
            entry.name = spec.bpmn_name[:200] if spec.bpmn_name else None
    session.flush()
    History(session, instance).settle(workflow, batch)
    batch.run(session)


def _renew_user_tasks(session: Session, instance: ProcessInstance, user_tasks: dict[str, TaskRow], rearm: bool) -> None:
    query = select(UserTask).where(UserTask.instance_id == instance.id, UserTask.state == TaskState.OPEN)
    for row in session.scalars(query):
        given = user_tasks.get(row.task_id)
        if given is None:
            continue
        fresh = given.fresh
        row.element, row.name, row.form, row.variable = fresh.element, fresh.name, fresh.form, fresh.variable
        row.customer_step, row.candidate_role = fresh.customer_step, fresh.candidate_role
        # Who has it keeps it, and a deadline keeps its moment; what else the new version words otherwise counts now.
        if "excluded_person" in given.changed:
            row.excluded_person_id = fresh.excluded_person_id
        if "candidate_teams" in given.changed:
            team_sets.offer_to(session, row, fresh.team_set)
        if "due" in given.changed and (rearm or row.due_at is None):
            row.due_at = fresh.due_at
        if "assignee" in given.changed and row.assignee_id is None:
            row.assignee_id = row.offered_to_id = fresh.assignee_id


def rename_pending(instance: ProcessInstance, renamed: dict[str, str]) -> None:
    """A stalled instance's failed steps name timers by element."""
    steps = pending_steps(instance)
    if not steps or instance.state != InstanceState.STALLED:
        return
    if instance.stalled_element is not None:
        instance.stalled_element = renamed.get(instance.stalled_element, instance.stalled_element)
    keep_pending(instance, [_renamed_step(step, renamed) for step in steps])


def _renamed_step(step: Step, renamed: dict[str, str]) -> Step:
    if step.kind != StepKind.TIMER:
        return step
    data: dict[str, Any] = {**step.data, "element": renamed.get(step.data["element"], step.data["element"])}
    return Step(step.kind, data, step.by_id)


def tell(
    session: Session,
    instance: ProcessInstance,
    source: ProcessDefinition,
    target: ProcessDefinition,
    renamed: dict[str, str],
    *,
    by_id: int | None,
) -> None:
    """Write the move into the history, and let features follow what changed its name."""
    now = clock.now()
    session.add(
        HistoryEntry(
            instance_id=instance.id,
            task_id="",
            element=target.key,
            element_type=MOVED,
            name=None,
            entered_at=now,
            left_at=now,
            actor_id=by_id,
            outcome=MOVED,
            note=f"{source.version} → {target.version}",
        )
    )
    record(
        session,
        InstanceMoved(
            instance_id=instance.id,
            process_key=target.key,
            from_version=source.version,
            to_version=target.version,
            elements=dict(renamed),
            by_id=by_id,
        ),
    )
