"""What others may ask about instances, tasks and definitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import selectinload

from app import clock
from app.db import Session
from app.engine import definitions, state
from app.engine.models import (
    DefinitionFile,
    HistoryEntry,
    InstanceState,
    ProcessDefinition,
    ProcessInstance,
    TaskState,
    Timer,
    UserTask,
)
from app.engine.subject import Subject
from app.errors import NotFound
from app.texts import gettext as _

_LIVE = (InstanceState.RUNNING, InstanceState.STALLED)
# The `element_type` of what people did to an instance; such an entry is no passage through an element.
INTERVENTION = "intervention"
# What people call a step, by the ends of `element_type`.
STEP_KINDS = ("task", "catchevent", "boundaryevent", "callactivity")


def open_tasks(session: Session, subject: Subject) -> list[UserTask]:
    """The open user tasks of a subject, oldest first."""
    query = (
        select(UserTask)
        .where(
            UserTask.subject_kind == subject.kind,
            UserTask.subject_id == subject.id,
            UserTask.state == TaskState.OPEN,
        )
        .order_by(UserTask.id)
    )
    return list(session.scalars(query))


def open_tasks_of(session: Session, person_id: int) -> list[UserTask]:
    """The open user tasks that somebody has, oldest first."""
    query = select(UserTask).where(UserTask.assignee_id == person_id, UserTask.state == TaskState.OPEN)
    return list(session.scalars(query.order_by(UserTask.id)))


def task_by_uuid(session: Session, uuid: str) -> UserTask:
    """A user task by its public id, open or not.

    Raises:
        NotFound: there is none.
    """
    query = select(UserTask).where(UserTask.uuid == uuid)
    task = session.scalars(query).one_or_none()
    if task is None:
        raise NotFound(_("There is no such task."))
    return task


def open_task_at(session: Session, instance: ProcessInstance, element: str) -> UserTask:
    """The open user task of an instance at an element.

    Raises:
        NotFound: nothing is open there, or more than one task.
    """
    query = select(UserTask).where(
        UserTask.instance_id == instance.id, UserTask.element == element, UserTask.state == TaskState.OPEN
    )
    found = session.scalars(query).all()
    if len(found) != 1:
        raise NotFound(_("There is no single open task at “%(element)s”.", element=element))
    return found[0]


def instance_by_id(session: Session, instance_id: int) -> ProcessInstance:
    """An instance.

    Raises:
        NotFound: there is none.
    """
    instance = session.get(ProcessInstance, instance_id)
    if instance is None:
        raise NotFound(_("There is no instance %(number)s.", number=instance_id))
    return instance


def instances_of(session: Session, subject: Subject) -> list[ProcessInstance]:
    """The instances of a subject, oldest first."""
    query = (
        select(ProcessInstance)
        .where(ProcessInstance.subject_kind == subject.kind, ProcessInstance.subject_id == subject.id)
        .options(selectinload(ProcessInstance.definition))
        .order_by(ProcessInstance.id)
    )
    return list(session.scalars(query))


def instances(
    session: Session, *, state: InstanceState | None = None, key: str | None = None, limit: int = 100
) -> list[ProcessInstance]:
    """Instances of all subjects, newest first."""
    query = select(ProcessInstance).options(selectinload(ProcessInstance.definition))
    if state is not None:
        query = query.where(ProcessInstance.state == state.value)
    if key is not None:
        query = query.join(ProcessInstance.definition).where(ProcessDefinition.key == key)
    return list(session.scalars(query.order_by(ProcessInstance.id.desc()).limit(limit)))


def instance_history(session: Session, instance: ProcessInstance) -> list[HistoryEntry]:
    """Every passage of an instance, in the order it came to the elements."""
    query = select(HistoryEntry).where(HistoryEntry.instance_id == instance.id)
    return list(session.scalars(query.order_by(HistoryEntry.entered_at, HistoryEntry.id)))


def definitions_naming(session: Session, word: str) -> list[ProcessDefinition]:
    """The versions in use that say a word in quotes: of the newest of each process, and of any with live instances."""
    newest = [each.id for each in definitions.current_all(session)]
    live = select(ProcessInstance.definition_id).where(ProcessInstance.state.in_(_LIVE))
    quoted = [DefinitionFile.content.contains(each, autoescape=True) for each in (f'"{word}"', f"&quot;{word}&quot;")]
    found = (
        select(ProcessDefinition)
        .where(or_(ProcessDefinition.id.in_(newest), ProcessDefinition.id.in_(live)))
        .where(ProcessDefinition.id.in_(select(DefinitionFile.definition_id).where(or_(*quoted))))
    )
    return list(session.scalars(found.order_by(ProcessDefinition.key, ProcessDefinition.version)))


def history_page(
    session: Session, instance: ProcessInstance, *, only_steps: bool, before: int | None = None, size: int = 50
) -> tuple[list[HistoryEntry], int | None]:
    """A piece of the history, newest first, and the cursor of what is older.

    Args:
        only_steps: work that was done, things that happened and what people did to the instance; not gateways and ends.
    """
    query = select(HistoryEntry).where(HistoryEntry.instance_id == instance.id)
    if only_steps:
        kind = func.lower(HistoryEntry.element_type)
        query = query.where(or_(kind == INTERVENTION, *(kind.endswith(each) for each in STEP_KINDS)))
    if before is not None:
        query = query.where(HistoryEntry.id < before)
    rows = list(session.scalars(query.order_by(HistoryEntry.id.desc()).limit(size + 1)))
    return rows[:size], rows[size - 1].id if len(rows) > size else None


def definition_files(session: Session, definition_id: int) -> list[DefinitionFile]:
    """The files of a version, by name."""
    query = select(DefinitionFile).where(DefinitionFile.definition_id == definition_id)
    return list(session.scalars(query.order_by(DefinitionFile.name)))


def current_definition(session: Session, key: str) -> ProcessDefinition | None:
    """The newest version of a process."""
    return definitions.current(session, key)


def timers_of(session: Session, instance: ProcessInstance) -> list[Timer]:
    """The waiting timers of an instance, earliest first."""
    return list(session.scalars(select(Timer).where(Timer.instance_id == instance.id).order_by(Timer.due_at)))


def due_timers(session: Session, *, before: datetime | None = None, limit: int = 100) -> list[Timer]:
    """Waiting timers of all instances, earliest first."""
    query = select(Timer).order_by(Timer.due_at, Timer.id).limit(limit)
    return list(session.scalars(query.where(Timer.due_at <= before) if before is not None else query))


@dataclass
class Mark:
    """What an overlay shows on one element of a diagram.

    `state` is "active", "stalled", "done" or "cancelled"; `minutes` is how long the instance was there in all.
    """

    count: int
    state: str
    entered_at: datetime
    minutes: int

    def as_json(self) -> dict[str, Any]:
        """The form that the browser reads."""
        return {
            "count": self.count,
            "state": self.state,
            "entered_at": self.entered_at.isoformat(),
            "minutes": self.minutes,
        }


def marks(session: Session, instance: ProcessInstance) -> dict[str, dict[str, Any]]:
    """For each element the instance came to: {"count", "state", "entered_at", "minutes"}."""
    found: dict[str, Mark] = {}
    for entry in instance_history(session, instance):
        if not entry.task_id:
            # What people did to the instance is no passage.
            continue
        spent = ((entry.left_at or instance.ended_at or clock.now()) - entry.entered_at).total_seconds()
        mark = found.setdefault(entry.element, Mark(0, "done", entry.entered_at, 0))
        mark.count += 1
        mark.minutes += max(0, round(spent / 60))
        mark.entered_at = entry.entered_at
        if entry.left_at is None:
            mark.state = "active"
        elif mark.state != "active":
            mark.state = "cancelled" if entry.outcome == "cancelled" else "done"
    if instance.state == InstanceState.STALLED and instance.stalled_element:
        at = instance.stalled_at or clock.now()
        mark = found.setdefault(instance.stalled_element, Mark(0, "stalled", at, 0))
        mark.state = "stalled"
    return {element: mark.as_json() for element, mark in found.items()}


def variables(session: Session, instance: ProcessInstance) -> dict[str, Any]:
    """The process variables as they are now, those of all branches together; facts are not among them."""
    if instance.blob is None:
        return {}
    workflow = state.load(instance.blob, instance.state_format, definitions.compiled(instance.definition))
    merged: dict[str, Any] = dict(workflow.data)
    merged.pop("data_objects", None)
    places: Sequence[Any] = [*workflow.for_people(), *workflow.waiting()]
    for task in places:
        merged.update(task.data)
    return merged
