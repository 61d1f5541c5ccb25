"""What the instance screens read. The number of queries does not grow with the number of rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, contains_eager, defer

from app.engine.models import (
    InstanceState,
    MessageWait,
    ProcessDefinition,
    ProcessInstance,
    TaskState,
    Timer,
    UserTask,
)
from app.engine.subject import Subject
from app.errors import NotFound
from app.escalations.models import Escalation
from app.people.models import Person
from app.tickets.models import Ticket
from app.worklog.models import WorkEntry

PAGE_SIZE = 50
# Further away than any real deadline: how a paused clock's timer is written.
NEVER_YEAR = 9999


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; empty means everything."""

    process: str = ""
    state: str = ""
    number: str = ""

    def as_args(self) -> dict[str, str]:
        """The filters as arguments of an address, without the empty ones."""
        return {name: value for name, value in vars(self).items() if value}


@dataclass(frozen=True)
class Row:
    """One instance of the list, with the ticket it belongs to and the steps at which it waits."""

    instance: ProcessInstance
    ticket: Ticket | None
    waiting: list[UserTask]


@dataclass(frozen=True)
class Page:
    """A page of rows, newest first; `before` is the cursor of the next one, None at the end."""

    rows: list[Row]
    before: int | None


@dataclass(frozen=True)
class Waits:
    """Everything an instance waits for."""

    tasks: list[UserTask]
    messages: list[MessageWait]
    timers: list[Timer]

    @property
    def next_timers(self) -> list[Timer]:
        """The timers that have a due time at all, soonest first."""
        return [timer for timer in self.timers if timer.due_at.year < NEVER_YEAR]


def page(session: Session, filters: Filters, before: int | None = None, size: int = PAGE_SIZE) -> Page:
    """Instances that match, newest first, those older than the cursor only."""
    query = _without_state_blob(select(ProcessInstance)).order_by(ProcessInstance.id.desc())
    if filters.process:
        query = query.where(ProcessDefinition.key == filters.process)
    if filters.state:
        query = query.where(ProcessInstance.state == filters.state)
    if filters.number:
        query = _about_ticket(query, filters.number)
    if before is not None:
        query = query.where(ProcessInstance.id < before)
    found = list(session.scalars(query.limit(size + 1)))
    instances = found[:size]
    tickets = tickets_of(session, (instance.subject for instance in instances))
    waiting = _open_tasks(session, [instance.id for instance in instances])
    rows = [Row(each, tickets.get(each.subject), waiting.get(each.id, [])) for each in instances]
    return Page(rows, instances[-1].id if len(found) > size else None)


def get(session: Session, instance_id: int) -> ProcessInstance:
    """An instance with its definition, its state left unread.

    Raises:
        NotFound: there is none.
    """
    query = _without_state_blob(select(ProcessInstance)).where(ProcessInstance.id == instance_id)
    instance = session.scalar(query)
    if instance is None:
        raise NotFound("There is no such process instance.")
    return instance


def is_stalled(session: Session, instance_id: int) -> bool:
    """Whether an instance waits to be mended, as the database has it now."""
    state = session.scalar(select(ProcessInstance.state).where(ProcessInstance.id == instance_id))
    return state == InstanceState.STALLED.value


def stalled_count(session: Session) -> int:
    """How many instances wait for a person to mend them."""
    query = select(func.count()).where(ProcessInstance.state == InstanceState.STALLED.value)
    return session.scalar(query) or 0


def processes(session: Session) -> list[ProcessDefinition]:
    """The newest version of each process that was ever deployed, by name."""
    newest = select(func.max(ProcessDefinition.id)).group_by(ProcessDefinition.key)
    query = select(ProcessDefinition).where(ProcessDefinition.id.in_(newest))
    return list(session.scalars(query.order_by(ProcessDefinition.name)))


def newest_version(session: Session, key: str) -> int:
    """The newest version of a process."""
    return session.scalar(select(func.max(ProcessDefinition.version)).where(ProcessDefinition.key == key)) or 0


def waits(session: Session, instance: ProcessInstance) -> Waits:
    """What the instance waits for: people, messages and moments."""
    messages = select(MessageWait).where(MessageWait.instance_id == instance.id).order_by(MessageWait.name)
    timers = select(Timer).where(Timer.instance_id == instance.id).order_by(Timer.due_at)
    return Waits(
        _open_tasks(session, [instance.id]).get(instance.id, []),
        list(session.scalars(messages)),
        list(session.scalars(timers)),
    )


def names_of(session: Session, person_ids: Iterable[int | None]) -> dict[int, str]:
    """Names of people by id."""
    ids = {person_id for person_id in person_ids if person_id is not None}
    if not ids:
        return {}
    return dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all())


def tickets_of(session: Session, subjects: Iterable[Subject]) -> dict[Subject, Ticket]:
    """The ticket behind each subject: itself, that of a work entry, or that of an escalation."""
    by_kind: dict[str, set[int]] = {}
    for subject in subjects:
        by_kind.setdefault(subject.kind, set()).add(subject.id)
    ticket_ids = {Subject("ticket", each): each for each in by_kind.get("ticket", ())}
    for kind, model in (("work_entry", WorkEntry), ("escalation", Escalation)):
        wanted = by_kind.get(kind)
        if wanted:
            pairs = session.execute(select(model.id, model.ticket_id).where(model.id.in_(wanted)))
            ticket_ids.update({Subject(kind, own_id): ticket_id for own_id, ticket_id in pairs})
    found = session.scalars(select(Ticket).where(Ticket.id.in_(set(ticket_ids.values()))))
    tickets = {ticket.id: ticket for ticket in found}
    return {subject: tickets[ticket_id] for subject, ticket_id in ticket_ids.items() if ticket_id in tickets}


def ticket_of(session: Session, subject: Subject) -> Ticket | None:
    """The ticket behind one subject."""
    return tickets_of(session, [subject]).get(subject)


def elapsed_minutes(instance: ProcessInstance, now: datetime) -> int:
    """Minutes since the start, or until the end, by the wall clock."""
    return int(((instance.ended_at or now) - instance.started_at).total_seconds() // 60)


def _without_state_blob(query: Select[ProcessInstance]) -> Select[ProcessInstance]:
    # The state is the large column and only the engine can read it.
    return query.join(ProcessInstance.definition).options(
        defer(ProcessInstance.blob), contains_eager(ProcessInstance.definition)
    )


def _about_ticket(query: Select[ProcessInstance], number: str) -> Select[ProcessInstance]:
    ticket = select(Ticket.id).where(func.lower(Ticket.number) == number.strip().lower()).scalar_subquery()
    entries = select(WorkEntry.id).where(WorkEntry.ticket_id == ticket)
    escalations = select(Escalation.id).where(Escalation.ticket_id == ticket)
    kind, key = ProcessInstance.subject_kind, ProcessInstance.subject_id
    return query.where(
        ((kind == "ticket") & (key == ticket))
        | ((kind == "work_entry") & key.in_(entries))
        | ((kind == "escalation") & key.in_(escalations))
    )


def _open_tasks(session: Session, instance_ids: list[int]) -> dict[int, list[UserTask]]:
    query = select(UserTask).where(UserTask.instance_id.in_(instance_ids), UserTask.state == TaskState.OPEN.value)
    tasks: dict[int, list[UserTask]] = {}
    for task in session.scalars(query.order_by(UserTask.id)):
        tasks.setdefault(task.instance_id, []).append(task)
    return tasks
