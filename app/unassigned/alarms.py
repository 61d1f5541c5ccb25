"""Whom the diagram tells, and when, if nobody takes a request over: read from its timers and from its history."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.engine.models import (
    HistoryEntry,
    InstanceState,
    ProcessDefinition,
    ProcessInstance,
    TaskState,
    Timer,
    UserTask,
)
from app.web.diagrams import words_of_versions

_LIVE = (InstanceState.RUNNING, InstanceState.STALLED)


@dataclass(frozen=True)
class Told:
    """Colleagues are told of a request, or were: whom, in the words of `notifications.recipients`, and when."""

    whom: tuple[str, ...]
    at: datetime
    is_over: bool


def of_tickets(session: Session, ticket_ids: Collection[int]) -> dict[int, Told]:
    """The next telling of each ticket, else the last one; those that tell nobody are left out."""
    instances = {
        instance_id: (ticket_id, version)
        for instance_id, ticket_id, version in session.execute(
            select(ProcessInstance.id, ProcessInstance.subject_id, ProcessDefinition)
            .join(ProcessDefinition, ProcessDefinition.id == ProcessInstance.definition_id)
            .where(
                ProcessInstance.subject_kind == "ticket",
                ProcessInstance.subject_id.in_(ticket_ids),
                ProcessInstance.state.in_(_LIVE),
            )
        )
    }
    versions = {version.id: version for _ticket, version in instances.values()}
    words = words_of_versions(session, versions.values())
    alarms = {
        instance_id: words[version.id].alarms if version.id in words else {}
        for instance_id, (_ticket, version) in instances.items()
    }
    opened = _open_steps(session, instances)
    found: dict[int, Told] = {}

    def keep(instance_id: int, element: str, at: datetime, is_over: bool) -> None:
        alarm, ticket_id = alarms[instance_id].get(element), instances[instance_id][0]
        begun = opened.get((instance_id, alarm.step)) if alarm else None
        # A telling of an earlier round says nothing about this one.
        if alarm is None or begun is None or at < begun:
            return
        known = found.get(ticket_id)
        if known is None or (known.is_over and not is_over) or (known.is_over == is_over and at < known.at):
            found[ticket_id] = Told(alarm.tells, at, is_over)

    names = {element for each in alarms.values() for element in each}
    for instance_id, element, at in _fired(session, instances, names):
        keep(instance_id, element, at, is_over=True)
    for instance_id, element, at in _waiting(session, instances, names):
        keep(instance_id, element, at, is_over=False)
    return found


def _open_steps(session: Session, instances: Collection[int]) -> dict[tuple[int, str], datetime]:
    """Since when a step of an instance waits for a person."""
    found = select(UserTask.instance_id, UserTask.element, UserTask.opened_at)
    rows = session.execute(found.where(UserTask.instance_id.in_(instances), UserTask.state == TaskState.OPEN))
    return {(instance_id, element): at for instance_id, element, at in rows}


def _waiting(
    session: Session, instances: Collection[int], elements: Collection[str]
) -> list[tuple[int, str, datetime]]:
    found = select(Timer.instance_id, Timer.element, Timer.due_at)
    rows = found.where(Timer.instance_id.in_(instances), Timer.element.in_(elements), Timer.parked.is_(None))
    return [(instance_id, element, at) for instance_id, element, at in session.execute(rows)]


def _fired(session: Session, instances: Collection[int], elements: Collection[str]) -> list[tuple[int, str, datetime]]:
    found = select(HistoryEntry.instance_id, HistoryEntry.element, HistoryEntry.entered_at)
    rows = found.where(HistoryEntry.instance_id.in_(instances), HistoryEntry.element.in_(elements))
    return [(instance_id, element, at) for instance_id, element, at in session.execute(rows)]
