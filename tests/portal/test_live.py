"""What open pages of customers hear: that something of theirs changed, and nothing else."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app import live
from app.contracts import queries as contracts
from app.contracts import service as contracts_service
from app.people.models import Person, Role
from app.tickets import service as tickets
from app.web.live import Listener, listener_for
from tests.pages import SOLVED, Pages, ticket_of


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> list[live.Change]:
    """Every change that open streams are told of."""
    heard: list[live.Change] = []
    tell = live.hub.tell

    def listen(change: live.Change) -> None:
        heard.append(change)
        tell(change)

    monkeypatch.setattr(live.hub, "tell", listen)
    return heard


def listener_of(desk: Pages, person_id: int) -> Listener:
    return desk.write(lambda session: listener_for(session, session.get_one(Person, person_id)))


def heard(listener: Listener, changes: list[live.Change]) -> list[dict[str, Any]]:
    said = [said for change in changes if (said := listener.hears(change)) is not None]
    return [{key: value for key, value in each.items() if key != "at"} for each in said]


def test_a_reply_is_heard_by_who_asked_and_by_their_company_without_any_id(
    desk: Pages, changes: list[live.Change]
) -> None:
    person_id, customer_id = desk.contact()
    colleague, _ = desk.contact(customer_id)
    stranger, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    number = desk.ticket(person_id)
    desk.complete(number, agent_id, {"outcome": "mine", "person": None})
    listeners = [listener_of(desk, each) for each in (person_id, colleague, stranger)]
    changes.clear()

    desk.complete(number, agent_id, {**SOLVED, "outcome": "answer"})

    said = {"about": [], "mine": True, "all": False}
    assert heard(listeners[0], changes) == [said] * len(changes)
    assert said in heard(listeners[1], changes)
    assert heard(listeners[2], changes) == []


def test_what_stays_inside_is_not_heard(desk: Pages, changes: list[live.Change]) -> None:
    """Not even that there was something: a note, or somebody typing an answer."""
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    number = desk.ticket(person_id)
    listener = listener_of(desk, person_id)
    changes.clear()

    def note(session: Session) -> None:
        agent, ticket = session.get_one(Person, agent_id), ticket_of(session, number)
        tickets.add_note(session, ticket, "They are slow payers", author=agent)
        live.touch(session, f"ticket:{ticket.id}", people=[agent_id])

    desk.write(note)

    assert len(changes) == 1
    assert heard(listener, changes) == []


def test_who_sees_only_their_own_hears_only_of_their_own(desk: Pages, changes: list[live.Change]) -> None:
    restricted, customer_id = desk.contact()
    colleague, _ = desk.contact(customer_id)

    def limit(session: Session) -> None:
        contact = contracts.contact_of(session, restricted)
        assert contact is not None
        contracts_service.let_see_company(session, contact, False)

    desk.write(limit)
    listener = listener_of(desk, restricted)
    changes.clear()

    desk.ticket(colleague, "Not theirs")
    assert heard(listener, changes) == []
    desk.ticket(restricted, "Theirs")
    assert heard(listener, changes)


def test_a_customer_has_a_stream_that_says_no_more_than_that(desk: Pages) -> None:
    person_id, _ = desk.contact()
    answer = desk.client(person_id).get("/live", buffered=False)
    assert answer.mimetype == "text/event-stream"
    chunks = iter(answer.response)
    assert "retry" in _text(next(chunks))

    desk.ticket(person_id, "Just sent")

    said = json.loads(_text(next(chunks)).partition("data: ")[2])
    assert said.pop("at")
    assert said == {"about": [], "mine": True, "all": False}
    answer.close()


def test_customers_leave_streams_for_staff(desk: Pages) -> None:
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    with ExitStack() as open_streams:
        for _number in range(104):
            open_streams.enter_context(live.hub.stream())

        assert desk.client(person_id).get("/live").status_code == 503
        agents = desk.client(agent_id).get("/live", buffered=False)
        assert agents.status_code == 200
        agents.close()


def _text(chunk: object) -> str:
    return chunk.decode() if isinstance(chunk, bytes) else str(chunk)
