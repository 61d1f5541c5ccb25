"""Callers are found while one types, and become contacts of the right company."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.contracts import callers, findable, service
from app.contracts.callers import NewCaller
from app.contracts.models import Contact, Customer
from app.errors import InvalidInput
from app.people.addresses import has_mail
from app.people.models import Person, Role
from tests.world import Build, add_lists, unknown_customer


@pytest.fixture(autouse=True)
def lists(session: Session) -> None:
    """The unknown customer among them: whoever names no company belongs there."""
    add_lists(session)


@pytest.fixture
def ursu(session: Session, contact: Build[Contact], customer: Build[Customer]) -> Contact:
    found = contact(customer("Panifcom Iași"), "Gabriela Țurcanu-Ursu", email="g.ursu@panifcom.example")
    found.phone = "+40 (264) 123-456"
    session.flush()
    return found


@pytest.mark.parametrize(
    "written",
    [
        "gabriela",
        "GABR",
        "turcanu",
        "ursu gab",
        "panif",
        "iasi ursu",
        "g.ursu@panifcom.example",
        "g.ursu@pan",
        "0264123456",
        "0264 123 456",
        "+40264123456",
        "0040 264.123.456",
        "264123456",
        "2641",
        "ursu 0264123456",
    ],
)
def test_a_caller_is_found_by_name_address_company_or_number(session: Session, ursu: Contact, written: str) -> None:
    assert callers.find(session, written) == [ursu]


@pytest.mark.parametrize(
    "written", ["", "   ", "abriela", "ursu popescu", "0265 123 456", "123456", "%", "_", "a%b", "\x00"]
)
def test_other_words_find_nobody(session: Session, ursu: Contact, written: str) -> None:
    assert callers.find(session, written) == []


def test_who_left_is_not_found(session: Session, ursu: Contact) -> None:
    ursu.person.is_active = False

    assert callers.find(session, "ursu") == []


def test_callers_come_by_name_and_in_a_bounded_number(
    session: Session, contact: Build[Contact], customer: Build[Customer]
) -> None:
    company = customer("Bounded")
    for number in range(12, 0, -1):
        contact(company, f"Person {number:02}")

    assert [each.person.name for each in callers.find(session, "bounded", 3)] == ["Person 01", "Person 02", "Person 03"]
    assert len(callers.find(session, "bounded")) == callers.SHOWN


def test_whoever_is_renamed_moved_or_called_elsewhere_is_found_by_the_new_words(
    session: Session, ursu: Contact, customer: Build[Customer]
) -> None:
    """Whoever makes the change: what is found follows by itself."""
    ursu.person.name = "Gabriela Moldovan"
    session.flush()
    service.move_contact(session, ursu, customer("Medis Cluj"))
    ursu.phone = "0722 000 111"
    session.flush()
    ursu.customer.name = "Medis Turda"
    session.flush()

    for words in ("moldovan", "medis turda", "0722000111"):
        assert callers.find(session, words) == [ursu], words
    for words in ("turcanu", "panifcom iasi", "cluj", "0264123456"):
        assert callers.find(session, words) == [], words


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("0264 123 456", "264123456"),
        ("+40 264 123 456", "264123456"),
        ("0040264123456", "264123456"),
        ("+373 22 123 456", "37322123456"),
        ("4012", "4012"),
        ("112", ""),
        ("E-4711", ""),
        ("", ""),
    ],
)
def test_numbers_are_compared_however_they_are_written(written: str, key: str) -> None:
    assert findable.number_key(written) == key


def test_an_address_or_number_in_full_can_only_be_its_owner(ursu: Contact) -> None:
    assert callers.is_exactly(ursu, " G.Ursu@Panifcom.example ")
    assert callers.is_exactly(ursu, "0264123456")
    assert not callers.is_exactly(ursu, "026412345")
    assert not callers.is_exactly(ursu, "ursu")


def test_somebody_new_with_an_address_belongs_to_the_company_of_its_domain(
    session: Session, customer: Build[Customer]
) -> None:
    company = customer("Alba Logistic", domains=("alba.example",), language="ro")

    made = callers.make_known(session, NewCaller("Ion Nou", email="ion@alba.example", phone="0722 1"))

    assert (made.customer, made.phone, made.person.language) == (company, "0722 1", "ro")
    assert made.person.has_role(Role.CUSTOMER)
    assert callers.find(session, "ion nou") == [made]


def test_somebody_new_with_a_number_alone_has_no_address(session: Session, customer: Build[Customer]) -> None:
    company = customer("Alba Logistic")

    made = callers.make_known(session, NewCaller("Ion Nou", phone="0722 333 444", company="alba  logistic"))

    assert (made.customer, made.person.name) == (company, "Ion Nou")
    assert not has_mail(made.person.email)
    assert callers.find(session, "0722333444") == [made]
    assert callers.find(session, "invalid") == []


def test_two_without_an_address_are_two_people(session: Session, customer: Build[Customer]) -> None:
    customer("Alba Logistic")
    one, other = (
        callers.make_known(session, NewCaller(name, phone="0264 000 000", company="Alba Logistic"))
        for name in ("One", "Other")
    )

    assert one.person_id != other.person_id
    assert {each.person.name for each in callers.find(session, "0264000000")} == {"One", "Other"}


def test_a_company_nobody_knew_becomes_a_customer_once(session: Session) -> None:
    one = callers.make_known(session, NewCaller("One", phone="1234567", company="Țiglă  Nouă SRL"))
    other = callers.make_known(session, NewCaller("Other", email="x@y.example", company="tigla noua srl"))

    assert one.customer.name == "Țiglă Nouă SRL"
    assert other.customer is one.customer


def test_without_a_company_they_wait_to_be_sorted(session: Session) -> None:
    made = callers.make_known(session, NewCaller("Somebody", phone="1234567"))

    assert made.customer is unknown_customer(session)


def test_a_known_address_is_who_they_are(session: Session, ursu: Contact) -> None:
    made = callers.make_known(session, NewCaller("Other Name", email="G.URSU@panifcom.example", company="Elsewhere"))

    assert made is ursu
    assert made.person.name == "Gabriela Țurcanu-Ursu"
    assert made.customer.name == "Panifcom Iași"


@pytest.mark.parametrize(
    ("caller", "field"),
    [
        (NewCaller("Ion"), "email"),
        (NewCaller("", phone="0722 333 444"), "name"),
        (NewCaller("Ion", email="not one"), "email"),
        (NewCaller("Ion", email="a@b@c"), "email"),
    ],
)
def test_what_is_missing_is_said_at_its_field(session: Session, caller: NewCaller, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        callers.make_known(session, caller)

    assert field in refused.value.errors


def test_a_colleague_calls_for_no_customer(session: Session, person: Build[Person]) -> None:
    with pytest.raises(InvalidInput) as refused:
        callers.make_known(session, NewCaller("Me", email=person().email))

    assert "email" in refused.value.errors
