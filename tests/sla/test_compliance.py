"""Kept and missed deadlines: when one is decided, for whom it counts, and that numbers and rows are the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from app.contracts.models import Customer
from app.people.models import Person, Team
from app.sla import compliance, service
from app.sla.compliance import Tally, Whose
from app.sla.models import ClockKind, SlaClock
from app.tickets import service as tickets
from app.tickets.models import Ticket
from tests.world import Build

BUCHAREST = ZoneInfo("Europe/Bucharest")
WEDNESDAY = date(2026, 11, 18)
EVERYBODY = Whose()
At = Callable[[datetime], None]

pytestmark = pytest.mark.usefixtures("deadlines")


def on(clock: str, day: str = "2026-11-18") -> datetime:
    """A Bucharest time on the day of the tests, a Wednesday; replies are due two working hours after 10:00."""
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=BUCHAREST).astimezone(UTC)


def clock_of(session: Session, ticket: Ticket) -> SlaClock:
    return session.query(SlaClock).filter_by(ticket_id=ticket.id, kind=ClockKind.RESPONSE).one()


def weeks(session: Session, number: int = 1, whose: Whose = EVERYBODY) -> list[compliance.Week]:
    return compliance.by_week(session, WEDNESDAY, number, BUCHAREST, whose)


def test_a_reply_in_time_is_kept_when_it_is_sent(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: At
) -> None:
    asked = ticket()
    at(on("11:30"))

    tickets.reply(session, asked, "Here it is.", author=person())

    clock = clock_of(session, asked)
    assert (clock.is_kept, clock.decided_at) == (True, on("11:30"))
    assert weeks(session)[0].response == Tally(kept=1, missed=0)


def test_a_late_reply_is_missed_when_it_was_due(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: At
) -> None:
    """Whoever answers on Monday does not make last week better."""
    asked = ticket()
    at(on("09:30", "2026-11-23"))

    tickets.reply(session, asked, "Sorry for the wait.", author=person())

    clock = clock_of(session, asked)
    assert (clock.is_kept, clock.decided_at) == (False, on("12:00"))
    assert weeks(session)[0].response == Tally(kept=0, missed=1)


def test_a_recorded_breach_is_missed_before_anybody_answers(session: Session, ticket: Build[Ticket], at: At) -> None:
    asked = ticket()
    at(on("12:05"))

    service.record_breach(session, asked, ClockKind.RESPONSE)

    assert weeks(session)[0].response == Tally(kept=0, missed=1)


def test_a_deadline_that_is_open_or_given_up_in_time_counts_nowhere(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: At
) -> None:
    ticket()
    given_up = ticket()
    at(on("10:30"))

    tickets.cancel(session, given_up, "not needed", by=person())

    assert weeks(session)[0] == compliance.Week(date(2026, 11, 16), Tally(), Tally())


def test_more_time_takes_a_miss_back(session: Session, ticket: Build[Ticket], at: At) -> None:
    asked = ticket()
    at(on("12:05"))
    service.record_breach(session, asked, ClockKind.RESPONSE)

    service.retarget(session, asked, response_minutes=600, resolution_minutes=960, reason="agreed by phone")

    clock = clock_of(session, asked)
    assert (clock.is_kept, clock.decided_at, clock.decided_team_id, clock.decided_customer_id) == (None,) * 4


def test_a_deadline_counts_for_the_team_and_the_customer_that_had_it_then(
    session: Session,
    ticket: Build[Ticket],
    team: Build[Team],
    person: Build[Person],
    customer: Build[Customer],
    at: At,
) -> None:
    first, second = team("first"), team("second")
    asked = ticket(team=first)
    asker = asked.customer
    at(on("11:00"))
    tickets.reply(session, asked, "Here it is.", author=person())

    tickets.assign_to_team(session, asked, second, by=None)
    tickets.change_customer(session, asked, customer(), by=person())

    assert weeks(session, whose=Whose([first.id]))[0].response.kept == 1
    assert weeks(session, whose=Whose([second.id]))[0].response.kept == 0
    assert weeks(session, whose=Whose([first.id], asker.id))[0].response.kept == 1
    assert weeks(session, whose=Whose(customer_id=asked.customer_id))[0].response.kept == 0
    assert weeks(session, whose=Whose([]))[0].response.kept == 0


def test_weeks_begin_on_monday_at_midnight_in_the_desks_zone(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: At
) -> None:
    """Half past midnight on Monday in Bucharest is Sunday in UTC."""
    at(on("00:30", "2026-11-16"))
    asked = ticket()
    tickets.reply(session, asked, "Awake.", author=person())

    before, this = weeks(session, 2)

    assert before.starts_on == date(2026, 11, 9)
    assert (before.response, this.response) == (Tally(), Tally(kept=1))


def test_rows_are_the_ones_that_were_counted(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: At
) -> None:
    agent = person()
    asked = [ticket() for _each in range(5)]
    for number, each in enumerate(asked):
        at(on("11:00") + timedelta(minutes=number) if number < 3 else on("13:00"))
        tickets.reply(session, each, "Here it is.", author=agent)
    start, end = compliance.week_bounds(WEDNESDAY, BUCHAREST)

    tally = weeks(session)[0].response
    first, older = compliance.page(session, ClockKind.RESPONSE, True, start, end, EVERYBODY, size=2)
    rest, none = compliance.page(session, ClockKind.RESPONSE, True, start, end, EVERYBODY, older, size=2)

    assert tally == Tally(kept=3, missed=2)
    assert compliance.count(session, ClockKind.RESPONSE, None, start, end, EVERYBODY) == tally.decided
    assert [clock.ticket_id for clock in [*first, *rest]] == [each.id for each in reversed(asked[:3])]
    assert none is None


def test_a_share_of_nothing_is_unknown() -> None:
    assert Tally().percent is None
    assert Tally(kept=3, missed=1).percent == 75
    assert Tally(1, 2) + Tally(3, 4) == Tally(4, 6)
