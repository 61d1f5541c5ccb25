"""What the page of one instance reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from app import clock
from app.engine.failures import pending_steps
from app.engine.models import InstanceState, MessageWait, ProcessDefinition, ProcessInstance, Timer, UserTask
from app.engine.steps import StepKind
from app.errors import NotFound
from app.monitor.listing import open_tasks, without_state_blob
from app.people.models import Person
from app.sla import calendars
from app.sla import queries as sla
from app.sla.calendar import working_minutes_between
from app.tickets.models import Ticket

# Further away than any real deadline: how a paused clock's timer is written.
NEVER_YEAR = 9999
# How many instances wait for a person to mend them, which is never good.
STALLED = select(func.count().label("number"), literal(True).label("is_late")).where(
    ProcessInstance.state == InstanceState.STALLED.value
)


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


@dataclass(frozen=True)
class Kept:
    """A step that failed and runs again with a retry: what it brought, and whose answer it was."""

    kind: StepKind
    by_id: int | None


def get(session: Session, instance_id: int) -> ProcessInstance:
    """An instance with its definition, its state left unread.

    Raises:
        NotFound: there is none.
    """
    query = without_state_blob(select(ProcessInstance)).where(ProcessInstance.id == instance_id)
    instance = session.scalar(query)
    if instance is None:
        raise NotFound("There is no such process instance.")
    return instance


def by_ids(session: Session, ids: Iterable[int]) -> list[ProcessInstance]:
    """Instances with their definitions in the order of their ids; ids of none are left out."""
    query = without_state_blob(select(ProcessInstance)).where(ProcessInstance.id.in_(set(ids)))
    return list(session.scalars(query.order_by(ProcessInstance.id)))


def is_stalled(session: Session, instance_id: int) -> bool:
    """Whether an instance waits to be mended, as the database has it now."""
    state = session.scalar(select(ProcessInstance.state).where(ProcessInstance.id == instance_id))
    return state == InstanceState.STALLED.value


def newest_version(session: Session, key: str) -> int:
    """The newest version of a process."""
    return session.scalar(select(func.max(ProcessDefinition.version)).where(ProcessDefinition.key == key)) or 0


def waits(session: Session, instance: ProcessInstance) -> Waits:
    """What the instance waits for: people, messages and moments."""
    messages = select(MessageWait).where(MessageWait.instance_id == instance.id).order_by(MessageWait.name)
    timers = select(Timer).where(Timer.instance_id == instance.id).order_by(Timer.due_at)
    return Waits(
        open_tasks(session, [instance.id]).get(instance.id, []),
        list(session.scalars(messages)),
        list(session.scalars(timers)),
    )


def kept_of(instance: ProcessInstance) -> list[Kept]:
    """What the failed steps of a stalled instance keep for the retry."""
    return [Kept(StepKind(step.kind), step.by_id) for step in pending_steps(instance)]


def names_of(session: Session, person_ids: Iterable[int | None]) -> dict[int, str]:
    """Names of people by id."""
    ids = {person_id for person_id in person_ids if person_id is not None}
    if not ids:
        return {}
    return dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all())


def working_minutes(session: Session, instance: ProcessInstance, ticket: Ticket | None) -> int:
    """Working time from the start to the end or to now, on the calendar of the ticket's deadlines."""
    calendar = (
        sla.calendar_of(session, ticket.id) if ticket is not None else calendars.finder(session)(calendars.DEFAULT_KEY)
    )
    return working_minutes_between(calendar, instance.started_at, instance.ended_at or clock.now())


def elapsed_minutes(instance: ProcessInstance, now: datetime) -> int:
    """Minutes since the start, or until the end, by the wall clock."""
    return int(((instance.ended_at or now) - instance.started_at).total_seconds() // 60)
