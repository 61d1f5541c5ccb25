"""Assigning, moving between states, and that doing a thing twice does it once."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.contracts.models import Contact, Contract, Customer
from app.errors import Conflict, InvalidInput
from app.people.models import Person, Team
from app.tickets import lines, queries, search, service
from app.tickets.models import Category, MessageKind, State, Ticket
from tests.world import Build, Recorded


def test_assigning_a_ticket_tells_the_team_once(
    session: Session, ticket: Build[Ticket], team: Build[Team], recorded: Recorded
) -> None:
    """A retried process step must not notify the team twice."""
    laptop, network = ticket("No Wi-Fi"), team("network")

    service.assign_to_team(session, laptop, network, by=None)
    service.assign_to_team(session, laptop, network, by=None)

    assert laptop.team is network
    assert len(recorded("TicketAssigned")) == 1


def test_another_team_releases_an_agent_who_does_not_work_in_it(
    session: Session, ticket: Build[Ticket], team: Build[Team], person: Build[Person]
) -> None:
    ana, both = person("Ana"), person("Both")
    network, hardware = team("network", members=[ana, both]), team("hardware", members=[both])
    first, second = ticket(team=network, assignee=ana), ticket(team=network, assignee=both)

    service.assign_to_team(session, first, hardware, by=ana)
    service.assign_to_team(session, second, hardware, by=ana)

    assert first.assignee is None
    assert second.assignee is both


def test_only_staff_are_given_tickets(session: Session, ticket: Build[Ticket], person: Build[Person]) -> None:
    with pytest.raises(InvalidInput):
        service.assign_to_person(session, ticket(), person(roles=["customer"]), by=None)


def test_taking_over_makes_responsible_and_begins(
    session: Session, ticket: Build[Ticket], person: Build[Person], recorded: Recorded
) -> None:
    opened, ana = ticket(), person()

    service.take_over(session, opened, ana, by=ana)
    service.take_over(session, opened, ana, by=ana)

    assert (opened.assignee, opened.state_key) == (ana, "in_progress")
    assert len(recorded("TicketAssigned")) == 1
    changed = [event.payload for event in recorded("TicketStateChanged")]
    assert [(each["from_category"], each["to_category"]) for each in changed] == [("new", "open")]


WAIT = State.WAITING_CUSTOMER


@pytest.mark.parametrize(
    ("act", "event", "state"),
    [
        (service.resolve, "TicketStateChanged", "resolved"),
        (service.close, "TicketStateChanged", "closed"),
        (
            lambda session, opened, by: service.cancel(session, opened, "not needed", by=by),
            "TicketCancelled",
            "cancelled",
        ),
        (
            lambda session, opened, by: service.change_state(session, opened, "waiting_customer", by=by),
            "TicketStateChanged",
            "waiting_customer",
        ),
        (
            lambda session, opened, by: service.change_priority(session, opened, "urgent", by=by),
            "TicketPriorityChanged",
            "new",
        ),
        (lambda session, opened, by: service.change_type(session, opened, "change", by=by), "TicketTypeChanged", "new"),
    ],
)
def test_doing_a_thing_twice_does_it_once(
    session: Session, ticket: Build[Ticket], recorded: Recorded, act: Callable[..., None], event: str, state: str
) -> None:
    opened = ticket()

    act(session, opened, by=None)
    said = len(queries.conversation(session, opened, for_customer=False))
    act(session, opened, by=None)

    assert opened.state_key == state
    assert len(recorded(event)) == 1
    assert len(queries.conversation(session, opened, for_customer=False)) == said


def test_a_resolved_ticket_remembers_when(session: Session, ticket: Build[Ticket]) -> None:
    opened = ticket()

    service.resolve(session, opened, by=None)
    assert (opened.resolved_at, opened.closed_at) == (clock.now(), None)
    service.close(session, opened, by=None)

    assert opened.resolved_at == opened.closed_at == clock.now()
    assert opened.category is Category.CLOSED


def test_a_resolved_ticket_is_not_assigned(
    session: Session, ticket: Build[Ticket], team: Build[Team], person: Build[Person]
) -> None:
    opened = ticket()
    service.resolve(session, opened, by=None)

    with pytest.raises(Conflict, match="reopen"):
        service.assign_to_team(session, opened, team(), by=None)
    with pytest.raises(Conflict, match="reopen"):
        service.assign_to_person(session, opened, person(), by=None)


def test_a_closed_ticket_stays_closed_until_it_is_reopened(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    opened = ticket(team=None, assignee=person())
    service.close(session, opened, by=None)

    with pytest.raises(Conflict):
        service.change_state(session, opened, "in_progress", by=None)
    with pytest.raises(Conflict):
        service.cancel(session, opened, "too late", by=None)
    with pytest.raises(Conflict):
        service.reply(session, opened, "One more thing", author=None)
    service.reopen(session, opened, by=None)

    assert (opened.state_key, opened.closed_at, opened.resolved_at) == ("in_progress", None, None)
    assert opened.reopened_count == 1


def test_a_state_must_be_on_the_list(session: Session, ticket: Build[Ticket]) -> None:
    with pytest.raises(InvalidInput):
        service.change_state(session, ticket(), "dreaming", by=None)


def test_confirming_needs_a_solution(
    session: Session, ticket: Build[Ticket], contact: Build[Contact], recorded: Recorded
) -> None:
    ion = contact().person
    opened = ticket(requester=ion)

    with pytest.raises(Conflict):
        service.confirm(session, opened, by=ion)
    service.resolve(session, opened, by=None)
    service.confirm(session, opened, by=ion)

    assert len(recorded("TicketConfirmed")) == 1


def test_another_customer_brings_the_contract_and_the_search_words_of_theirs(
    session: Session, ticket: Build[Ticket], customer: Build[Customer], contract: Build[Contract]
) -> None:
    acme = customer("Țevi și Robinete SRL")
    agreed = contract(acme)
    opened = ticket()

    service.change_customer(session, opened, acme, by=None)

    assert opened.contract is agreed
    assert search.normalized("ȚEVI ȘI robinete") in opened.search_text


def test_a_reply_is_the_first_only_once_and_never_empty(
    session: Session, ticket: Build[Ticket], person: Build[Person], recorded: Recorded, at: Callable[[datetime], None]
) -> None:
    ana, opened = person(), ticket()
    first = service.reply(session, opened, "Looking into it.", author=ana)
    moment = first.sent_at
    at(moment.replace(hour=moment.hour + 1))

    service.reply(session, opened, "Found it.", author=ana)

    assert opened.first_replied_at == moment
    assert len(recorded("TicketReplied")) == 2
    with pytest.raises(InvalidInput):
        service.reply(session, opened, " \n ", author=ana)


def test_a_system_line_is_read_in_the_readers_language(session: Session, ticket: Build[Ticket]) -> None:
    opened = ticket()

    service.change_state(session, opened, "in_progress", by=None)

    line = queries.conversation(session, opened, for_customer=False)[-1]
    assert line.kind == MessageKind.SYSTEM
    assert line.text == "State: In progress."
    assert "În lucru" in lines.text_in("ro", line)


def test_a_note_satisfies_nobody_who_waits(session: Session, ticket: Build[Ticket], person: Build[Person]) -> None:
    """The response deadline runs from the oldest customer message without a reply; notes are no reply."""
    ana, opened = person(), ticket()
    first = queries.oldest_unanswered(session, opened.id)
    service.add_note(session, opened, "I know this printer.", author=ana)
    service.add_customer_message(session, opened, author=opened.requester, text="Hello?", channel="email")

    assert first is not None
    assert queries.oldest_unanswered(session, opened.id) is first
    service.reply(session, opened, "On my way.", author=ana)
    assert queries.oldest_unanswered(session, opened.id) is None
