"""Timers: the time people are taking for tickets right now. One of somebody's timers runs, the others are paused.

They count by the desk's clock, are rows like everything else, and so survive whatever the browser does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.contracts.days import desk_day
from app.errors import Conflict, NotAllowed, NotFound
from app.live import touch
from app.people.models import Person
from app.texts import gettext as _
from app.tickets.models import Ticket
from app.worklog import rules, service
from app.worklog.models import WorkEntry, WorkKind, WorkTimer

# The rail names so many paused ones beside the one that runs.
MOST_SHOWN = 4


@dataclass(frozen=True)
class Started:
    """A timer that runs now, and the one on another ticket that was paused for it."""

    timer: WorkTimer
    paused: WorkTimer | None = None


def start(session: Session, ticket: Ticket, person: Person) -> Started:
    """Let somebody's timer run on a ticket, going on from what it has; another one of theirs is paused.

    Raises:
        NotAllowed: the person does not work at the desk.
        Conflict: the ticket is closed, or they started another one at this very moment.
    """
    if not (person.is_active and person.is_staff):
        raise NotAllowed(_("%(name)s does not work at the desk.", name=person.name))
    if ticket.is_closed:
        raise Conflict(_("%(number)s is closed; there is nothing to take time for.", number=ticket.number))
    running = running_of(session, person)
    if running is not None and running.ticket_id == ticket.id:
        return Started(running)
    if running is not None:
        _halt(running)
        # The database allows one that runs: the other one has to stand before this one starts.
        session.flush()
    timer = of(session, ticket, person)
    moment = clock.now()
    try:
        with session.begin_nested():
            if timer is None:
                timer = WorkTimer(person_id=person.id, ticket_id=ticket.id, ticket=ticket, started_at=moment)
                session.add(timer)
            timer.running_since = timer.changed_at = moment
    except IntegrityError:
        raise Conflict(_("Another timer of yours was started at this moment. Look again.")) from None
    touch(session, people=[person.id])
    return Started(timer, running)


def pause(session: Session, timer: WorkTimer) -> None:
    """Let a timer stand; one that stands already stays so."""
    if timer.is_running:
        _halt(timer)
        session.flush()
        touch(session, people=[timer.person_id])


def discard(session: Session, timer: WorkTimer) -> None:
    """Forget the time of a timer: it was logged, or is not wanted."""
    session.delete(timer)
    session.flush()
    touch(session, people=[timer.person_id])


def restore(session: Session, ticket: Ticket, person: Person, seconds: int) -> WorkTimer:
    """Give somebody back the time of a timer they discarded; it stands until they start it.

    A timer they started on the ticket meanwhile has that time added.
    """
    timer = of(session, ticket, person)
    moment = clock.now()
    if timer is None:
        timer = WorkTimer(person_id=person.id, ticket_id=ticket.id, ticket=ticket, started_at=moment, counted_seconds=0)
        session.add(timer)
    timer.counted_seconds += max(0, seconds)
    timer.changed_at = moment
    session.flush()
    touch(session, people=[person.id])
    return timer


def log(
    session: Session,
    timer: WorkTimer,
    *,
    person: Person,
    minutes: int,
    kind: WorkKind | str,
    billable: bool,
    note: str,
    travel_minutes: int = 0,
    travel_km: int = 0,
    worked_on: date | None = None,
) -> WorkEntry:
    """Make a work entry of a timer, which is gone then.

    Args:
        minutes: what the person says it took; usually `worked_minutes` of the timer.
        worked_on: the day it was started on when None, if that may still be logged.

    Raises:
        InvalidInput: with a message per field; the timer stays.
    """
    if worked_on is None:
        worked_on = max(desk_day(timer.started_at), rules.oldest_day())
    entry = service.log_work(
        session,
        timer.ticket,
        author=person,
        minutes=minutes,
        kind=kind,
        billable=billable,
        note=note,
        travel_minutes=travel_minutes,
        travel_km=travel_km,
        worked_on=worked_on,
    )
    discard(session, timer)
    return entry


def seconds_of(timer: WorkTimer, at: datetime | None = None) -> int:
    """How long it has counted, in whole seconds."""
    running = (at or clock.now()) - timer.running_since if timer.running_since is not None else None
    return timer.counted_seconds + (max(0, int(running.total_seconds())) if running is not None else 0)


def worked_minutes(timer: WorkTimer, at: datetime | None = None) -> int:
    """What it counted as a work entry says it: started minutes count whole, and a day has no more than its own."""
    return min(max(1, -(-seconds_of(timer, at) // 60)), rules.MINUTES_PER_DAY)


def of(session: Session, ticket: Ticket, person: Person) -> WorkTimer | None:
    """Somebody's timer on a ticket, running or paused."""
    return of_person(session, person.id, ticket.id)


def of_person(session: Session, person_id: int, ticket_id: int) -> WorkTimer | None:
    """Somebody's timer on a ticket, by their ids."""
    found = select(WorkTimer).where(WorkTimer.ticket_id == ticket_id, WorkTimer.person_id == person_id)
    return session.scalar(found.options(joinedload(WorkTimer.ticket)))


def get(session: Session, ticket: Ticket, person: Person) -> WorkTimer:
    """Somebody's timer on a ticket.

    Raises:
        NotFound: they have none there.
    """
    timer = of(session, ticket, person)
    if timer is None:
        raise NotFound(_("You have no timer on %(number)s.", number=ticket.number))
    return timer


def running_of(session: Session, person: Person) -> WorkTimer | None:
    """The timer of somebody's that runs."""
    found = select(WorkTimer).where(WorkTimer.person_id == person.id, WorkTimer.running_since.is_not(None))
    return session.scalar(found.options(joinedload(WorkTimer.ticket)))


# How many timers the reader has: mostly none, and then nobody needs to read them.
TIMERS = select(func.count().label("number")).where(WorkTimer.person_id == bindparam("reader_id", None, type_=Integer))


def all_of(session: Session, person: Person, *, most: int = MOST_SHOWN) -> Sequence[WorkTimer]:
    """Somebody's timers with the numbers of their tickets, the one that runs first, then those paused last."""
    named = joinedload(WorkTimer.ticket).load_only(Ticket.number, Ticket.subject)
    found = select(WorkTimer).where(WorkTimer.person_id == person.id).options(named)
    newest_first = found.order_by(WorkTimer.running_since.is_(None), WorkTimer.changed_at.desc(), WorkTimer.id.desc())
    return session.scalars(newest_first.limit(most)).all()


def _halt(timer: WorkTimer) -> None:
    moment = clock.now()
    timer.counted_seconds = seconds_of(timer, moment)
    timer.running_since, timer.changed_at = None, moment
