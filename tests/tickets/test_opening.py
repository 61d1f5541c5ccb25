"""Opening tickets: number, customer, contract, first message."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.contracts.models import Contact, Contract
from app.errors import InvalidInput
from app.people.models import Person
from app.tickets import queries, service
from app.tickets.models import Category, MessageKind, Ticket
from tests.world import Build, Recorded


def test_an_opened_ticket_has_everything_it_needs(
    session: Session, contact: Build[Contact], contract: Build[Contract], recorded: Recorded, ticket: Build[Ticket]
) -> None:
    ion = contact(language="ro")
    agreed = contract(ion.customer)

    opened = ticket("Nu merge imprimanta", text="De azi dimineață.", requester=ion.person, type_key="question")

    assert opened.number == f"S-{10_000 + opened.id}"
    assert opened.customer is ion.customer
    assert opened.contract is agreed
    assert (opened.priority, opened.state_key, opened.category) == ("low", "new", Category.NEW)
    assert opened.language == "ro"
    first = queries.conversation(session, opened, for_customer=True)
    assert [(each.kind, each.text, each.author) for each in first] == [
        (MessageKind.CUSTOMER, "De azi dimineață.", ion.person)
    ]
    assert [event.payload["ticket_id"] for event in recorded("TicketOpened")] == [opened.id]
    assert recorded("CustomerWrote") == []


def test_numbers_ascend_and_are_found_however_they_are_written(session: Session, ticket: Build[Ticket]) -> None:
    first, second = ticket(), ticket()

    assert int(second.number[2:]) > int(first.number[2:])
    for written in (first.number, first.number.lower(), f"#{first.number[2:]}", f" {first.number[2:]} "):
        assert queries.by_number(session, written) is first


def test_a_contract_that_has_ended_covers_nothing(
    ticket: Build[Ticket], contact: Build[Contact], contract: Build[Contract]
) -> None:
    ion = contact()
    contract(ion.customer, valid_to=date(2026, 11, 17))

    assert ticket(requester=ion.person).contract is None


def test_somebody_nobody_knows_belongs_to_the_unknown_customer(ticket: Build[Ticket], person: Build[Person]) -> None:
    assert ticket(requester=person(roles=["customer"])).customer.is_unknown


def test_a_missing_subject_is_the_first_line_of_the_text(ticket: Build[Ticket]) -> None:
    assert ticket("  ", text="The scanner\r\nis on fire").subject == "The scanner"
    assert ticket("Two\r\nlines\x00", text="x").subject == "Two lines"
    assert len(ticket("x" * 5000).subject) == 300


def test_text_without_words_is_still_a_request_when_it_has_a_subject(session: Session, ticket: Build[Ticket]) -> None:
    """Mail with an empty body is common; the subject says it all."""
    opened = ticket("Call me", text="")

    assert queries.conversation(session, opened, for_customer=True)[0].text == "Call me"


def test_nul_characters_never_reach_the_database(session: Session, ticket: Build[Ticket]) -> None:
    """PostgreSQL refuses them, and mail contains them."""
    opened = ticket(text="before\x00after", html="<p>\x00</p>")

    message = queries.conversation(session, opened, for_customer=True)[0]
    assert (message.text, message.html) == ("beforeafter", "<p></p>")


@pytest.mark.parametrize("details", [{"type_key": "wish"}, {"priority": "yesterday"}])
def test_what_is_not_on_the_lists_is_refused(ticket: Build[Ticket], details: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        ticket(**details)


def test_participants_are_kept_once_and_the_requester_is_none(
    session: Session, ticket: Build[Ticket], person: Build[Person], contact: Build[Contact], recorded: Recorded
) -> None:
    ion, colleague = contact().person, person(roles=["customer"])
    opened = ticket(requester=ion, participants=[colleague, ion, colleague])

    service.add_participant(session, opened, colleague)

    assert list(queries.participants(session, opened)) == [colleague]
    assert len(recorded("ParticipantAdded")) == 1


def test_lists_are_made_once_and_in_both_languages(session: Session) -> None:
    service.ensure_lists(session)
    service.ensure_lists(session)

    states, types = queries.states(session), queries.request_types(session)
    assert [state.key for state in states][:2] == ["new", "assigned"]
    assert {kind.key for kind in types} == {"incident", "request", "question", "change"}
    labels = [each.labels for each in states] + [each.labels for each in types]
    assert all(set(each) == {"en", "ro"} for each in labels)


def test_a_type_somebody_removed_does_not_come_back(session: Session) -> None:
    service.ensure_lists(session)
    session.delete(next(kind for kind in queries.request_types(session) if kind.key == "change"))
    session.flush()

    service.ensure_lists(session)

    assert "change" not in {kind.key for kind in queries.request_types(session)}
