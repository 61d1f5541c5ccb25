"""Customers, contacts, contracts and their hours."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.contracts import queries, service
from app.contracts.days import desk_day
from app.contracts.hours import billed_minutes, period_around
from app.contracts.models import Contact, Contract, Customer, Period
from app.errors import Conflict, InvalidInput
from app.people.models import Person, Role
from tests.world import Build, Recorded


def test_a_stranger_from_a_known_domain_is_a_contact_of_that_customer(
    session: Session, customer: Build[Customer]
) -> None:
    acme = customer("Acme", domains=("acme.example",), language="ro")

    contact = service.contact_for_address(session, "Ion@IT.acme.example", "Ion Ionescu")

    assert contact.customer is acme
    assert contact.person.name == "Ion Ionescu"
    assert contact.person.language == "ro"
    assert contact.person.roles == {Role.CUSTOMER}
    assert service.contact_for_address(session, "ion@it.acme.example") is contact


def test_a_stranger_from_anywhere_else_waits_with_the_unknown_customer(
    session: Session, customer: Build[Customer]
) -> None:
    customer("Acme", domains=("acme.example",))

    contact = service.contact_for_address(session, "someone@notacme.example")

    assert contact.customer.is_unknown


def test_a_domain_names_one_customer(session: Session, customer: Build[Customer]) -> None:
    customer("Acme", domains=("acme.example",))

    with pytest.raises(Conflict):
        customer("Other", domains=("@ACME.example",))


def test_staff_do_not_become_contacts_by_writing(
    session: Session, customer: Build[Customer], person: Build[Person]
) -> None:
    customer()
    agent = person()

    with pytest.raises(Conflict):
        service.contact_for_address(session, agent.email)


def test_there_is_one_unknown_customer(session: Session) -> None:
    service.ensure_lists(session)
    service.ensure_lists(session)

    assert [each.is_unknown for each in queries.customers(session)] == [True]


def test_a_contact_moves_to_another_customer(
    session: Session, contact: Build[Contact], customer: Build[Customer], recorded: Recorded
) -> None:
    ion, acme = contact(), customer("Acme")

    service.move_contact(session, ion, acme)
    service.move_contact(session, ion, acme)

    found = queries.contact_of(session, ion.person)
    assert found is not None
    assert found.customer is acme
    assert len(recorded("ContactMoved")) == 1


def test_the_contract_of_a_day_is_the_one_that_began_last(
    session: Session, customer: Build[Customer], contract: Build[Contract]
) -> None:
    acme = customer()
    old = contract(acme, valid_from=date(2026, 1, 1), valid_to=date(2026, 6, 30))
    new = contract(acme, valid_from=date(2026, 6, 1))

    assert queries.contract_for(session, acme.id, date(2025, 12, 31)) is None
    assert queries.contract_for(session, acme.id, date(2026, 5, 31)) is old
    assert queries.contract_for(session, acme.id, date(2026, 6, 30)) is new
    assert queries.contract_for(session, customer().id, date(2026, 6, 30)) is None


def test_hours_are_counted_once_for_each_source(
    session: Session, contract: Build[Contract], recorded: Recorded
) -> None:
    """A retried step must not take the same work from the budget twice."""
    agreed = contract(included_minutes=600)

    service.count_hours(session, agreed, "work_entry:1", 90, date(2026, 11, 5))
    service.count_hours(session, agreed, "work_entry:1", 90, date(2026, 11, 5))

    assert queries.minutes_left(session, agreed, date(2026, 11, 18)) == 510
    assert [event.payload["minutes_left"] for event in recorded("HoursCounted")] == [510]


def test_each_month_begins_with_all_its_hours(session: Session, contract: Build[Contract]) -> None:
    agreed = contract(included_minutes=60)

    service.count_hours(session, agreed, "work_entry:1", 90, date(2026, 10, 31))

    assert queries.minutes_left(session, agreed, date(2026, 10, 1)) == -30
    assert queries.minutes_left(session, agreed, date(2026, 11, 1)) == 60


def test_the_hours_of_the_last_months_are_told_newest_first(session: Session, contract: Build[Contract]) -> None:
    agreed = contract(included_minutes=600, valid_from=date(2026, 9, 10))
    service.count_hours(session, agreed, "work_entry:1", 90, date(2026, 9, 30))
    service.count_hours(session, agreed, "work_entry:2", 60, date(2026, 11, 1))
    service.count_hours(session, agreed, "work_entry:3", 30, date(2026, 11, 30))

    told = queries.hours_by_period(session, agreed, date(2026, 11, 18))

    assert [(each.first, each.last, each.minutes) for each in told] == [
        (date(2026, 11, 1), date(2026, 11, 30), 90),
        (date(2026, 10, 1), date(2026, 10, 31), 0),
        (date(2026, 9, 10), date(2026, 9, 30), 90),
    ]
    assert queries.hours_by_period(session, agreed, date(2026, 9, 9)) == []


def test_a_contract_for_its_whole_term_has_one_period(session: Session, contract: Build[Contract]) -> None:
    agreed = contract(period=Period.TERM, valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31))
    service.count_hours(session, agreed, "work_entry:1", 45, date(2026, 3, 2))

    (told,) = queries.hours_by_period(session, agreed, date(2026, 11, 18))

    assert (told.first, told.last, told.minutes) == (date(2026, 1, 1), date(2026, 12, 31), 45)


def test_hours_without_a_limit_have_no_rest(session: Session, contract: Build[Contract]) -> None:
    assert queries.minutes_left(session, contract(), date(2026, 11, 1)) is None


@pytest.mark.parametrize(
    "details",
    [{"valid_to": date(2025, 1, 1)}, {"included_minutes": -1}, {"rounding_minutes": 0}],
)
def test_a_contract_must_make_sense(contract: Build[Contract], details: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        contract(**details)


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)), st.sampled_from(Period))
def test_every_day_of_a_period_has_the_same_period(day: date, period: Period) -> None:
    contract = Contract(period=period, valid_from=date(2000, 1, 1), valid_to=None)

    first, last = period_around(contract, day)

    assert first <= day <= last
    assert period_around(contract, first) == period_around(contract, last) == (first, last)


@given(st.integers(0, 100_000), st.integers(1, 480))
def test_billed_minutes_are_rounded_up_to_the_step_and_no_further(minutes: int, step: int) -> None:
    billed = billed_minutes(Contract(rounding_minutes=step), minutes)

    assert billed % step == 0
    assert 0 <= billed - minutes < step


def test_the_desk_has_its_own_midnight(session: Session) -> None:
    """22:30 in London is the next day in Bucharest: contracts that begin then already hold."""
    assert desk_day(datetime(2026, 12, 31, 22, 30, tzinfo=UTC)) == date(2027, 1, 1)
