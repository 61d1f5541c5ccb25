"""Timers: one runs, the others stand; they count by the desk's clock and end in a work entry or are discarded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.errors import Conflict, InvalidInput, NotAllowed, NotFound
from app.people.models import Person
from app.tickets import service as tickets
from app.tickets.models import Ticket
from app.worklog import queries, timers
from app.worklog.models import WorkKind, WorkTimer
from tests.conftest import MORNING
from tests.world import Build

At = Callable[[datetime], None]


def test_a_timer_counts_while_it_runs_and_stands_while_it_is_paused(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: At
) -> None:
    timer = timers.start(session, ticket(), person()).timer
    at(MORNING + timedelta(minutes=10))
    timers.pause(session, timer)

    at(MORNING + timedelta(hours=3))
    assert timers.seconds_of(timer) == 600
    timers.start(session, timer.ticket, session.get_one(Person, timer.person_id))
    at(MORNING + timedelta(hours=3, seconds=30))

    assert timers.seconds_of(timer) == 630


def test_starting_on_another_ticket_pauses_the_first_and_keeps_its_time(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: At
) -> None:
    someone, first, second = person(), ticket(), ticket()
    timers.start(session, first, someone)
    at(MORNING + timedelta(minutes=12))

    started = timers.start(session, second, someone)

    assert started.paused is not None
    assert (started.paused.ticket_id, started.paused.is_running) == (first.id, False)
    assert timers.seconds_of(started.paused) == 720
    assert [each.ticket_id for each in timers.all_of(session, someone)] == [second.id, first.id]


def test_starting_what_runs_changes_nothing(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: At
) -> None:
    """A second press, or the same page in another tab, must not begin anew."""
    someone, opened = person(), ticket()
    timers.start(session, opened, someone)
    at(MORNING + timedelta(minutes=5))

    started = timers.start(session, opened, someone)

    assert started.paused is None
    assert timers.seconds_of(started.timer) == 300


def test_the_database_lets_one_timer_of_a_person_run(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    someone = person()
    timers.start(session, ticket(), someone)
    other = timers.restore(session, ticket(), someone, 60)

    with pytest.raises(IntegrityError):
        session.execute(update(WorkTimer).where(WorkTimer.id == other.id).values(running_since=MORNING))


def test_two_people_each_have_their_own(session: Session, ticket: Build[Ticket], person: Build[Person]) -> None:
    opened, ana, ion = ticket(), person(), person()

    timers.start(session, opened, ana)
    timers.start(session, opened, ion)

    assert [timers.running_of(session, each) is not None for each in (ana, ion)] == [True, True]


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 1), (1, 1), (60, 1), (61, 2), (1104, 19), (60 * 60 * 30, 1440)])
def test_a_started_minute_counts_and_a_day_has_no_more_than_its_own(
    session: Session, ticket: Build[Ticket], person: Build[Person], seconds: int, minutes: int
) -> None:
    timer = timers.restore(session, ticket(), person(), seconds)

    assert timers.worked_minutes(timer) == minutes


def test_logging_makes_an_entry_of_the_day_it_was_started_and_ends_the_timer(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: At
) -> None:
    someone = person()
    timer = timers.start(session, ticket(), someone).timer
    opened = timer.ticket
    at(MORNING + timedelta(hours=20))

    entry = timers.log(
        session, timer, person=someone, minutes=25, kind=WorkKind.PHONE, billable=False, note="Talked it through"
    )

    assert (entry.minutes, entry.kind, entry.billable, entry.worked_on) == (25, "phone", False, date(2026, 11, 18))
    assert timers.of(session, opened, someone) is None


def test_a_forgotten_timer_is_logged_on_the_last_day_that_may_be(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: At
) -> None:
    someone = person()
    timer = timers.start(session, ticket(), someone).timer
    at(MORNING + timedelta(days=90))

    entry = timers.log(session, timer, person=someone, minutes=5, kind=WorkKind.REMOTE, billable=True, note="")

    assert entry.worked_on == date(2027, 1, 17)


def test_work_that_cannot_be_logged_leaves_the_timer(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    someone = person()
    timer = timers.start(session, ticket(), someone).timer

    with pytest.raises(InvalidInput):
        timers.log(session, timer, person=someone, minutes=0, kind=WorkKind.REMOTE, billable=True, note="")

    assert timers.running_of(session, someone) is timer


def test_discarded_time_can_be_brought_back_and_joins_what_was_counted_since(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: At
) -> None:
    someone, opened = person(), ticket()
    timer = timers.start(session, opened, someone).timer
    at(MORNING + timedelta(minutes=9))
    timers.discard(session, timer)
    timers.start(session, opened, someone)
    at(MORNING + timedelta(minutes=10))

    back = timers.restore(session, opened, someone, 540)

    assert timers.seconds_of(back) == 600
    assert queries.count(session, opened) == 0


def test_no_time_is_taken_for_a_closed_ticket_or_by_a_customer(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    closed, opened = ticket(), ticket()
    tickets.close(session, closed, by=None)

    with pytest.raises(Conflict):
        timers.start(session, closed, person())
    with pytest.raises(NotAllowed):
        timers.start(session, opened, opened.requester)
    with pytest.raises(NotFound):
        timers.get(session, opened, person())


def test_moments_are_the_desks(session: Session, ticket: Build[Ticket], person: Build[Person], at: At) -> None:
    at(datetime(2026, 12, 1, 9, 0, tzinfo=UTC))

    timer = timers.start(session, ticket(), person()).timer

    assert timer.started_at == datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
