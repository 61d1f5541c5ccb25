"""A person's week: what was worked, what is left by estimate, and what the week holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from sqlalchemy.orm import Session

from app.errors import InvalidInput
from app.people import service as people
from app.people.models import Person
from app.sla import service as sla
from app.tickets import service as tickets
from app.tickets.models import Ticket
from app.worklog import planned, service, workload
from app.worklog.workload import Load
from tests.world import Build, add_contract

MONDAY = date(2026, 11, 16)
# Three days of it are left: St. Andrew's and the national day are holidays in Romania.
SHORT_WEEK = date(2026, 11, 30)
HOUR = 60


@pytest.fixture(autouse=True)
def _calendar(session: Session) -> None:
    """Monday to Friday, nine hours a day."""
    sla.ensure_calendar(session)


def load_of(session: Session, person: Person, monday: date = MONDAY) -> Load:
    return workload.loads(session, [person], monday)[0]


def test_worked_is_work_and_travel_of_the_week_unless_it_was_rejected(
    session: Session, person: Build[Person], ticket: Build[Ticket]
) -> None:
    ana, boss, asked = person(), person(), ticket()
    service.log_work(session, asked, author=ana, minutes=50, travel_minutes=30)
    service.log_work(session, asked, author=ana, minutes=25, worked_on=date(2026, 11, 13))
    refused = service.log_work(session, asked, author=ana, minutes=45)
    service.reject(session, refused, by=boss, reason="twice")

    assert load_of(session, ana).worked_minutes == 80
    assert load_of(session, ana, date(2026, 11, 9)).worked_minutes == 25


def test_the_entries_add_up_to_what_was_worked(session: Session, person: Build[Person], ticket: Build[Ticket]) -> None:
    ana, asked = person(), ticket()
    for minutes in (10, 20, 30):
        service.log_work(session, asked, author=ana, minutes=minutes)

    first = workload.entries(session, ana, MONDAY, date(2026, 11, 22), size=2)
    rest = workload.entries(session, ana, MONDAY, date(2026, 11, 22), first[-1].id, size=2)

    assert [entry.minutes for entry in [*first, *rest]] == [30, 20, 10]


def test_what_is_left_is_the_estimate_less_the_work_and_never_below_nothing(
    session: Session, person: Build[Person], ticket: Build[Ticket]
) -> None:
    """An incident is estimated at an hour; one that took longer does not make another one shorter."""
    ana = person()
    begun, long, _fresh = (ticket(assignee=ana) for _each in range(3))
    service.log_work(session, begun, author=ana, minutes=20)
    service.log_work(session, long, author=ana, minutes=200)

    load = load_of(session, ana)

    assert (load.open_requests, load.left_minutes) == (3, 40 + 0 + 60)
    assert planned.left_of_tickets(session, [begun.id, long.id]) == {begun.id: 40, long.id: 0}


def test_resolved_requests_are_on_nobodys_hands(session: Session, person: Build[Person], ticket: Build[Ticket]) -> None:
    ana = person()
    tickets.resolve(session, ticket(assignee=ana), by=ana)

    assert load_of(session, ana).open_requests == 0


def test_a_week_holds_what_the_desk_is_open_or_what_somebody_agreed_to_work(
    session: Session, person: Build[Person]
) -> None:
    whole, half = person(), person()
    people.set_weekly_minutes(session, half, 20 * HOUR)

    assert load_of(session, whole).capacity_minutes == 45 * HOUR
    assert load_of(session, half).capacity_minutes == 20 * HOUR


def test_holidays_make_a_week_shorter_for_everybody(
    session: Session, person: Build[Person], at: Callable[[datetime], None]
) -> None:
    whole, half = person(), person()
    people.set_weekly_minutes(session, half, 20 * HOUR)

    assert load_of(session, whole, SHORT_WEEK).capacity_minutes == 27 * HOUR
    assert load_of(session, half, SHORT_WEEK).capacity_minutes == 12 * HOUR


def test_those_with_the_most_on_their_hands_come_first(
    session: Session, person: Build[Person], ticket: Build[Ticket]
) -> None:
    idle, busy, full = person("A"), person("B"), person("C")
    people.set_weekly_minutes(session, full, 30)
    service.log_work(session, ticket(), author=busy, minutes=60)
    service.log_work(session, ticket(), author=full, minutes=60)

    found = workload.loads(session, [idle, busy, full], MONDAY)

    assert [load.person for load in found] == [full, busy, idle]
    assert [load.is_over for load in found] == [True, False, False]


@pytest.mark.parametrize("minutes", [-1, 7 * 24 * 60 + 1])
def test_a_week_has_its_length(session: Session, person: Build[Person], minutes: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        people.set_weekly_minutes(session, person(), minutes)

    assert "weekly_minutes" in refused.value.errors


def test_what_a_contract_has_still_to_bear(session: Session, person: Build[Person], ticket: Build[Ticket]) -> None:
    ana = person()
    asked = ticket()
    other = ticket()
    asked.contract = add_contract(session, asked.customer, included_minutes=600, rounding_minutes=15)
    session.flush()
    service.log_work(session, asked, author=ana, minutes=40)
    service.log_work(session, other, author=ana, minutes=40)

    found = planned.of_contracts(session, [asked.contract.id])

    # The work validation of these tests approves nothing by itself; 40 minutes are billed as 45, and 20 of 60 are left.
    assert found[asked.contract.id].waiting_minutes == 45
    assert (found[asked.contract.id].open_requests, found[asked.contract.id].left_minutes) == (1, 20)
    assert found[asked.contract.id].minutes == 65


def test_what_is_still_to_come_has_its_rows(session: Session, person: Build[Person], ticket: Build[Ticket]) -> None:
    ana = person()
    begun, untouched, elsewhere = ticket(), ticket(), ticket()
    agreed = add_contract(session, begun.customer, included_minutes=600, rounding_minutes=15)
    begun.contract = untouched.contract = agreed
    session.flush()
    entries = [service.log_work(session, begun, author=ana, minutes=minutes) for minutes in (10, 30)]
    service.log_work(session, elsewhere, author=ana, minutes=40)

    still = planned.of_contracts(session, [agreed.id])[agreed.id]
    waiting = planned.waiting_entries(session, agreed.id)
    to_do = planned.open_requests(session, agreed.id)

    assert [entry.id for entry in waiting] == [entry.id for entry in reversed(entries)]
    assert (still.waiting_entries, still.waiting_minutes) == (2, sum(entry.billed_minutes for entry in waiting))
    assert to_do == {untouched.id: 60, begun.id: 20}
    assert (still.open_requests, still.left_minutes) == (2, 80)
    assert [entry.id for entry in planned.waiting_entries(session, agreed.id, entries[1].id)] == [entries[0].id]
    assert list(planned.open_requests(session, agreed.id, untouched.id)) == [begun.id]
