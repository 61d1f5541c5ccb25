"""A request taken down by staff: who asks is found or made known, what they need is opened or added."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.contracts.models import Contact
from app.people.models import Role
from app.tickets.models import Message, MessageKind, TakenDownDraft, Ticket
from tests import world
from tests.pages import Pages, counted_queries, ticket_of


@pytest.fixture
def agent_id(desk: Pages) -> int:
    return desk.staff(Role.AGENT, team="support")


@pytest.fixture
def agent(desk: Pages, agent_id: int) -> FlaskClient:
    return desk.client(agent_id)


@pytest.fixture
def caller(desk: Pages) -> int:
    """The person id of somebody who calls."""
    return desk.contact()[0]


def words(**changes: Any) -> dict[str, Any]:
    """What is sent, but for who asks."""
    return {"subject": "Nu merge telefonul", "text": "De dimineață.", "type": "incident", "channel": "phone"} | changes


def read(desk: Pages, body: Callable[[Session], Any]) -> Any:
    return desk.write(body)


def opened(desk: Pages, answer: Any) -> Ticket:
    """The ticket that an answer leads to, with what a test asks of it."""

    def look(session: Session) -> Ticket:
        ticket = ticket_of(session, answer.headers["Location"].rpartition("/")[2])
        assert ticket.requester.name
        assert ticket.customer.name
        session.expunge_all()
        return ticket

    assert answer.status_code == 302, answer.text
    return desk.write(look)


def test_a_call_of_somebody_known_opens_their_request(desk: Pages, agent: FlaskClient, caller: int) -> None:
    answer = agent.post("/tickets/new", data=words(requester=caller, type="request", channel="direct"))

    ticket = opened(desk, answer)
    assert (ticket.requester_id, ticket.type_key, ticket.channel) == (caller, "request", "direct")
    assert f"{ticket.number} is open." in agent.get(answer.headers["Location"]).text


def test_a_call_taken_down_becomes_a_ticket_of_a_new_contact(desk: Pages, agent: FlaskClient) -> None:
    sent = words(requester="new", name="Ion Nou", email="nou@client.example", phone="0722 100 200", company="Nou SRL")

    ticket = opened(desk, agent.post("/tickets/new", data=sent))

    contact = read(desk, lambda session: session.query(Contact).filter_by(person_id=ticket.requester_id).one().phone)
    assert (ticket.requester.name, ticket.customer.name, contact) == ("Ion Nou", "Nou SRL", "0722 100 200")


def test_somebody_without_an_address_is_called_and_never_mailed(desk: Pages, agent: FlaskClient) -> None:
    """Who only has a telephone must not stop the desk, and no placeholder is ever shown as their address."""
    sent = words(requester="new", name="Fără Poștă", phone="0722 555 666")

    answer = agent.post("/tickets/new", data=sent)

    page = agent.get(answer.headers["Location"]).text
    assert "Fără Poștă" in page
    assert "no-mail.invalid" not in page
    assert "no-mail.invalid" not in agent.get("/tickets/new/callers?caller=0722555666").text


def test_a_priority_and_a_note_for_colleagues_go_along(desk: Pages, agent: FlaskClient, caller: int) -> None:
    ticket = opened(
        desk, agent.post("/tickets/new", data=words(requester=caller, priority="urgent", note="They were angry."))
    )

    notes = read(desk, lambda session: _texts(session, ticket.id, MessageKind.NOTE))
    assert (ticket.priority, notes) == ("urgent", ["They were angry."])


def test_what_is_about_an_older_request_is_added_to_it(desk: Pages, agent: FlaskClient, caller: int) -> None:
    number = desk.ticket(caller, "Nu merge telefonul")

    answer = agent.post("/tickets/new", data=words(requester=caller, about=number, subject="", text="Still silent."))

    ticket = opened(desk, answer)
    said = read(desk, lambda session: _texts(session, ticket.id, MessageKind.CUSTOMER))
    assert ticket.number == number
    assert said[-1] == "Still silent."
    assert f"Added to {number}." in agent.get(answer.headers["Location"]).text


def test_nothing_is_added_to_a_strangers_request(desk: Pages, agent: FlaskClient, caller: int) -> None:
    """The number comes from the browser: who calls only ever adds to what their company may see."""
    number = desk.ticket(desk.contact()[0], "Somebody else's")

    answer = agent.post("/tickets/new", data=words(requester=caller, about=number))

    assert answer.status_code == 422
    assert f"{number} is no request of this caller" in answer.text
    assert read(desk, lambda session: len(_texts(session, ticket_of(session, number).id, MessageKind.CUSTOMER))) == 1


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"requester": "", "subject": "", "text": ""}, ["caller", "subject", "text"]),
        ({"requester": "new", "name": "Ion", "email": "not one"}, ["email"]),
        ({"requester": "new", "name": "Ion"}, ["email"]),
        ({"requester": "new", "phone": "0722 1"}, ["name"]),
        ({"requester": "999999"}, ["caller"]),
        ({"requester": "12x"}, ["caller"]),
        ({"requester": "new", "email": "x@y.example", "type": "nonsense"}, ["type"]),
        ({"requester": "new", "email": "x@y.example", "priority": "enormous"}, ["priority"]),
        ({"requester": "new", "email": "x@y.example", "subject": "x" * 301}, ["subject"]),
    ],
)
def test_errors_stand_at_their_fields_with_everything_that_was_typed(
    desk: Pages, agent: FlaskClient, sent: dict[str, Any], fields: list[str]
) -> None:
    answer = agent.post("/tickets/new", data=words(text="kept text", note="kept note") | {"caller": "kept"} | sent)

    assert answer.status_code == 422
    for field in fields:
        assert f'id="{field}-error"' in answer.text, field
    assert "kept note" in answer.text
    assert ("kept text" in answer.text) == ("text" not in fields)


def test_the_address_of_a_colleague_is_refused_at_the_form(desk: Pages, agent: FlaskClient) -> None:
    email = desk.write(lambda session: world.add_person(session).email)

    answer = agent.post("/tickets/new", data=words(requester="new", email=email, text="kept text"))

    assert answer.status_code == 422
    assert "email-error" in answer.text
    assert "kept text" in answer.text


def test_whoever_is_meant_is_shown_while_one_types(desk: Pages, agent: FlaskClient) -> None:
    desk.contact(name="Gabriela Țurcanu", email="g.turcanu@found.example")

    some, certain, none = (
        agent.get("/tickets/new/callers", query_string={"caller": typed}).text
        for typed in ("turcanu", "g.turcanu@found.example", "zzzz")
    )

    assert "Gabriela Țurcanu" in some
    assert "1 person found" in some
    assert "checked" not in some
    assert "checked" in certain
    assert "<h2>Gabriela Țurcanu</h2>" in certain
    assert "No one was found." in none
    assert 'value="zzzz"' in none


def test_what_is_known_of_a_caller_stands_beside(desk: Pages, agent: FlaskClient) -> None:
    caller, customer = desk.contact()
    colleague, _ = desk.contact(customer)
    own, same = desk.ticket(caller, "Old printer"), desk.ticket(colleague, "The network in hall B is gone")
    desk.write(
        lambda session: world.add_contract(session, _customer(session, caller), name="Gold", included_minutes=60)
    )

    page = agent.get(f"/tickets/new/caller?requester={caller}&subject=No+network+in+the+hall").text

    assert "Gold" in page
    assert "1\xa0h left" in page
    assert page.index(same) < page.index(own)
    assert page.count("perhaps the same") == 1


def test_what_is_typed_is_kept_until_it_is_sent(desk: Pages, agent: FlaskClient, caller: int) -> None:
    typed = words(requester=caller, caller="Contact", subject="A draft of mine", note="kept note")

    saved = agent.post("/tickets/new/draft", data=typed)
    elsewhere = agent.get("/tickets/new").text
    agent.post("/tickets/new", data=typed)
    afterwards = agent.get("/tickets/new").text

    assert "Draft saved" in saved.text
    assert "A draft of mine" in elsewhere
    assert "kept note" in elsewhere
    assert f'value="{caller}" checked' in elsewhere
    assert "A draft of mine" not in afterwards


def test_a_draft_is_its_writers_own_and_forgotten_when_they_say_so(desk: Pages, agent: FlaskClient) -> None:
    agent.post("/tickets/new/draft", data={"subject": "A draft of mine"})
    other = desk.client(desk.staff(Role.AGENT)).get("/tickets/new").text

    answer = agent.post("/tickets/new/draft/forget")

    assert "A draft of mine" not in other
    assert answer.headers["Location"] == "/tickets/new"
    assert "A draft of mine" not in agent.get("/tickets/new").text


def test_an_empty_form_leaves_no_draft_and_a_huge_one_is_refused(
    desk: Pages, agent: FlaskClient, agent_id: int
) -> None:
    agent.post("/tickets/new/draft", data={"subject": "x"})
    refused = agent.post("/tickets/new/draft", data={"text": "x" * 70_000})
    agent.post("/tickets/new/draft", data={"subject": "  ", "channel": "phone", "type": "incident"})

    assert refused.status_code == 422
    assert read(desk, lambda session: session.get(TakenDownDraft, agent_id)) is None


def test_without_scripts_a_button_looks_for_the_caller(desk: Pages, agent: FlaskClient) -> None:
    person, _ = desk.contact(name="Gabriela Moldovan")

    page = agent.post("/tickets/new", data={"do": "find", "caller": "moldovan", "text": "kept text"})

    assert page.status_code == 200
    assert f'value="{person}"' in page.text
    assert "kept text" in page.text


def test_a_program_that_answers_calls_opens_the_form_with_the_number(desk: Pages, agent: FlaskClient) -> None:
    """The address may be a link of a telephone: the caller is chosen when only one can be meant."""
    sent = words(requester="new", name="Cu Număr", phone="+40 722 888 999")
    ticket = opened(desk, agent.post("/tickets/new", data=sent))

    page = agent.get("/tickets/new?caller=0722888999&channel=direct&subject=Hello").text

    assert f'value="{ticket.requester_id}" checked' in page
    assert 'value="direct" checked' in page
    assert 'value="Hello"' in page


def test_hostile_words_are_only_words(desk: Pages, agent: FlaskClient) -> None:
    desk.contact(name="<script>alert(1)</script>")
    typed = {"caller": '"><script>alert(2)</script>', "requester": "<b>", "about": "<i>"}

    answers = [
        agent.get("/tickets/new", query_string=typed),
        agent.get("/tickets/new/callers", query_string={"caller": "script"}),
        agent.get("/tickets/new/caller", query_string=typed),
        agent.post("/tickets/new", data=typed),
    ]

    assert [each.status_code for each in answers] == [200, 200, 200, 422]
    assert not any("<script>alert" in each.text for each in answers)


def test_only_who_works_on_requests_takes_one_down(desk: Pages, caller: int) -> None:
    analyst, customer = desk.client(desk.staff(Role.ANALYST)), desk.client(caller)

    for address in ("/tickets/new", "/tickets/new/callers?caller=a", f"/tickets/new/caller?requester={caller}"):
        assert analyst.get(address).status_code == 403
        assert customer.get(address).status_code in (403, 404)
    for address in ("/tickets/new", "/tickets/new/draft", "/tickets/new/draft/forget"):
        assert analyst.post(address, data=words(requester=caller)).status_code == 403


def test_the_form_takes_as_few_queries_for_much_as_for_little(desk: Pages, agent: FlaskClient) -> None:
    caller, customer = desk.contact(name="Counted Caller")
    desk.ticket(caller, "First")
    address = f"/tickets/new?requester={caller}&caller=counted"
    few = _price(agent, address)

    for _ in range(6):
        desk.ticket(desk.contact(customer, name="Counted Caller")[0], "More")

    assert _price(agent, address) == few <= 20
    assert _price(agent, "/tickets/new/callers?caller=counted") <= 8


def _price(browser: FlaskClient, address: str) -> int:
    browser.get(address)
    with counted_queries() as statements:
        assert browser.get(address).status_code == 200
    return len(statements)


def _texts(session: Session, ticket_id: int, kind: MessageKind) -> list[str]:
    found = session.query(Message).filter_by(ticket_id=ticket_id, kind=kind).order_by(Message.id)
    return [each.text for each in found]


def _customer(session: Session, person_id: int) -> Any:
    return session.query(Contact).filter_by(person_id=person_id).one().customer
