"""A ticket and its process: what starts it, what it hears, what it may do."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.config import Settings
from app.contracts.models import Contact, Contract, Customer
from app.engine import operations
from app.engine import queries as engine
from app.engine.facts import FactScope
from app.engine.models import InstanceState, ProcessInstance
from app.engine.operations import Call
from app.errors import Conflict, InvalidInput, NotFound
from app.people.models import Person, Team
from app.tickets import queries, reopening, service
from app.tickets.models import MessageKind, RequestType, Ticket
from tests.world import Build


def instances(session: Session, ticket: Ticket) -> Sequence[ProcessInstance]:
    return engine.instances_of(session, ticket.process_subject)


def heard(session: Session, ticket: Ticket) -> list[str]:
    said = queries.conversation(session, ticket, for_customer=False)
    return [each.text.removeprefix("heard ") for each in said if each.kind == MessageKind.NOTE]


def call(session: Session, ticket: Ticket, name: str, **parameters: object) -> dict[str, Any] | None:
    circumstances = Call(session, ticket.process_subject, 1, "step", clock.now(), None)
    return operations.get(name).call(circumstances, parameters)


def test_a_new_ticket_runs_the_process_of_its_type(session: Session, ticket: Build[Ticket]) -> None:
    opened = ticket()

    assert [each.state for each in instances(session, opened)] == [InstanceState.RUNNING]


def test_a_type_whose_process_is_not_deployed_is_refused_at_the_type(session: Session, ticket: Build[Ticket]) -> None:
    """Not as a page that does not exist: whoever fills in the form can choose another type."""
    ticket()
    session.get_one(RequestType, "question").process_key = "not_there"

    with pytest.raises(InvalidInput, match="not_there is not deployed") as refused:
        ticket(type_key="question")

    assert list(refused.value.errors) == ["type"]


def test_the_process_hears_what_the_customer_does(
    session: Session, ticket: Build[Ticket], listening: None, contact: Build[Contact]
) -> None:
    ion = contact().person
    opened = ticket(requester=ion)

    service.add_customer_message(session, opened, author=ion, text="And now it smokes.", channel="email")
    service.resolve(session, opened, by=None)
    service.reopen(session, opened, by=ion)
    service.resolve(session, opened, by=None)
    service.confirm(session, opened, by=ion)
    service.reopen(session, opened, by=ion)
    service.cancel(session, opened, "bought a new one", by=ion)

    assert heard(session, opened) == [
        "customer_reply",
        "ticket_reopened",
        "ticket_confirmed",
        "ticket_reopened",
        "ticket_cancelled",
    ]


def test_the_process_is_not_told_what_it_did_itself(session: Session, ticket: Build[Ticket], listening: None) -> None:
    opened = ticket()
    service.resolve(session, opened, by=None)

    call(session, opened, "ticket.reopen")
    call(session, opened, "ticket.cancel", reason="no answer")

    assert heard(session, opened) == []


def test_a_reply_soon_after_closing_reopens_with_a_new_process(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None], contact: Build[Contact]
) -> None:
    ion = contact().person
    opened = ticket(requester=ion)
    service.close(session, opened, by=None)
    # Closed on a Wednesday: the fifth working day is the next Wednesday, a week later.
    at(clock.now() + timedelta(days=7))

    message = service.add_customer_message(session, opened, author=ion, text="Again!", channel="email")

    assert message.ticket_id == opened.id
    assert opened.category == "new"
    assert len(instances(session, opened)) == 2


def test_a_late_reply_opens_a_new_ticket_that_follows_the_closed_one(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None], contact: Build[Contact]
) -> None:
    ion = contact().person
    opened = ticket("Printer", requester=ion)
    service.close(session, opened, by=None)
    at(clock.now() + timedelta(days=8))

    message = service.add_customer_message(
        session, opened, author=ion, text="Again!", channel="email", mail_message_id="<x@y>"
    )

    assert opened.is_closed
    following = queries.get(session, message.ticket_id)
    assert following.number != opened.number
    assert following.previous_ticket is opened
    assert (message.text, message.mail_message_id, following.subject) == ("Again!", "<x@y>", "Printer")
    assert list(queries.following(session, opened)) == [following]


def test_a_calendar_may_say_which_days_count(
    session: Session,
    ticket: Build[Ticket],
    at: Callable[[datetime], None],
    contact: Build[Contact],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reopening, "_days_after", reopening._days_after)
    asked: list[int] = []

    @reopening.counts_days
    def twice_as_long(session: Session, ticket: Ticket, start: datetime, days: int) -> datetime:
        asked.append(days)
        return start + timedelta(days=2 * days)

    opened = ticket()
    service.close(session, opened, by=None)
    at(clock.now() + timedelta(days=9))

    assert reopening.may_reopen(session, opened)
    assert asked == [Settings.reopen_working_days]


def test_facts_tell_a_diagram_what_it_decides_by(
    session: Session,
    ticket: Build[Ticket],
    contact: Build[Contact],
    contract: Build[Contract],
    team: Build[Team],
    person: Build[Person],
) -> None:
    ion, ana = contact(language="ro"), person()
    agreed = contract(ion.customer, level="gold", included_minutes=600)
    opened = ticket(requester=ion.person, team=team("network"), assignee=ana)

    facts = FactScope(session, opened.process_subject)

    assert facts["ticket"]["team"] == "network"
    assert facts["ticket"]["assignee"] == ana.id
    assert facts["ticket"]["is_first_contact"]
    assert facts["customer"]["known"]
    assert (facts["contract"]["number"], facts["contract"]["level"]) == (agreed.number, "gold")
    assert (facts["contract"]["hours_left"], facts["contract"]["minutes_left"]) == (10, 600)


def test_without_a_contract_the_customers_level_counts(
    session: Session, ticket: Build[Ticket], customer: Build[Customer]
) -> None:
    opened = ticket(customer=customer(level="silver"))

    facts = FactScope(session, opened.process_subject)

    assert facts["contract"]["number"] is None
    assert facts["contract"]["level"] == "silver"


def test_a_reopened_ticket_is_no_first_contact(session: Session, ticket: Build[Ticket]) -> None:
    opened = ticket()
    service.close(session, opened, by=None)
    service.reopen(session, opened, by=opened.requester)

    assert FactScope(session, opened.process_subject)["ticket"]["is_first_contact"] is False


def test_operations_do_what_they_say(
    session: Session, ticket: Build[Ticket], team: Build[Team], person: Build[Person]
) -> None:
    opened, ana = ticket(), person()
    team("network")

    assert call(session, opened, "ticket.assign_to_team", team="network") == {"team": "network"}
    call(session, opened, "ticket.take_over", person=ana.id)
    call(session, opened, "ticket.reply", text="On it.", author=ana.id)
    call(session, opened, "ticket.reply", text="  ", author=ana.id)
    call(session, opened, "ticket.note", text=None, author=ana.id)
    call(session, opened, "ticket.change_state", state="waiting_customer")
    call(session, opened, "ticket.resolve")
    call(session, opened, "ticket.close")

    kinds = [each.kind for each in queries.conversation(session, opened, for_customer=False)]
    assert opened.state_key == "closed"
    assert opened.assignee is ana
    assert kinds.count("reply") == 1
    assert kinds.count("note") == 0


@pytest.mark.parametrize(
    ("name", "parameters", "refusal"),
    [
        ("ticket.assign_to_team", {"team": "no such team"}, NotFound),
        ("ticket.assign_to_team", {}, InvalidInput),
        ("ticket.change_state", {"state": "no such state"}, InvalidInput),
        ("ticket.take_over", {"person": 999_999}, NotFound),
        ("ticket.reply", {"text": "x", "autor": 1}, InvalidInput),
    ],
)
def test_an_operation_refuses_what_makes_no_sense(
    session: Session, ticket: Build[Ticket], name: str, parameters: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        call(session, ticket(), name, **parameters)


def test_replying_to_a_closed_ticket_stalls_rather_than_writes_to_nobody(
    session: Session, ticket: Build[Ticket]
) -> None:
    opened = ticket()
    service.close(session, opened, by=None)

    with pytest.raises(Conflict):
        call(session, opened, "ticket.reply", text="Too late.")
