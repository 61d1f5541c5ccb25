"""Buttons that are pressed twice, and pages that are loaded anew: what was sent counts once."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.db import db
from app.people.models import Role
from app.portal import twice
from app.tickets.models import Message, MessageKind, Ticket
from tests.pages import Pages, open_desk, ticket_of

CHANGE = {"_type": "change", "_subject": "Another shelf scanner", "_text": "One more in hall A.", "reason": "growth"}


def asked_by(desk: Pages, person_id: int) -> list[str]:
    """The numbers of what somebody asked, oldest first."""

    def numbers(session: Session) -> list[str]:
        found = session.query(Ticket.number).filter_by(requester_id=person_id).order_by(Ticket.id)
        return [number for (number,) in found]

    return desk.write(numbers)


def said_on(desk: Pages, number: str) -> list[str]:
    """What customers said on a request."""

    def texts(session: Session) -> list[str]:
        found = session.query(Message.text).filter_by(ticket_id=ticket_of(session, number).id)
        return [text for (text,) in found.filter_by(kind=MessageKind.CUSTOMER).order_by(Message.id)]

    return desk.write(texts)


def test_a_request_sent_twice_is_one_and_both_presses_lead_to_it(desk: Pages) -> None:
    person_id, _ = desk.contact()
    browser = desk.client(person_id)

    first = browser.post("/portal/new", data=CHANGE)
    second = browser.post("/portal/new", data={**CHANGE, "_subject": "  Another shelf   scanner"})

    assert len(asked_by(desk, person_id)) == 1
    assert first.headers["Location"] == second.headers["Location"]
    assert "One more in hall A." not in browser.get("/portal/new").text


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_of_two_presses_at_once_one_opens_the_request(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    address = {"database_url": request.getfixturevalue("postgres_url")} if database == "postgresql" else {}
    desk = open_desk(tmp_path, **address)
    person_id, _ = desk.contact()
    browsers = [desk.client(person_id), desk.client(person_id)]

    def press(index: int) -> TestResponse:
        return browsers[index].post("/portal/new", data=CHANGE)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(press, range(2)))

    assert len(asked_by(desk, person_id)) == 1
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    with desk.app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    "other",
    [
        {"_text": "One more in hall B."},
        {"_subject": "Another printer"},
        {"_hindrance": "slowed"},
        {"_where": "Hall B"},
        {"wanted_on": "2026-12-03"},
        {"files": (io.BytesIO(b"plan"), "plan.pdf")},
    ],
)
def test_a_form_that_says_something_else_is_another_request(desk: Pages, other: dict[str, Any]) -> None:
    person_id, _ = desk.contact()
    browser = desk.client(person_id)

    browser.post("/portal/new", data=CHANGE)
    browser.post("/portal/new", data={**CHANGE, **other})

    assert len(asked_by(desk, person_id)) == 2


def test_the_same_words_later_are_another_request(desk: Pages) -> None:
    person_id, _ = desk.contact()
    browser = desk.client(person_id)
    browser.post("/portal/new", data=CHANGE)

    def age(session: Session) -> None:
        for message in session.query(Message).filter_by(author_id=person_id):
            message.sent_at -= twice.AT_ONCE + timedelta(seconds=1)

    desk.write(age)
    browser.post("/portal/new", data=CHANGE)

    assert len(asked_by(desk, person_id)) == 2


def test_files_of_a_message_that_is_sent_twice_are_there_once_and_another_file_is_another_message(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    browser = desk.client(person_id)

    for name in ("one.log", "one.log", "two.log"):
        form = {"text": "See the file.", "files": (io.BytesIO(b"log"), name)}
        browser.post(f"/portal/requests/{number}/reply", data=form)

    page = browser.get(f"/portal/requests/{number}").text
    assert said_on(desk, number)[1:] == ["See the file.", "See the file."]
    assert [page.count(f">{name}</a>") for name in ("one.log", "two.log")] == [1, 1]


def test_a_colleague_who_asks_the_same_has_a_request_of_their_own(desk: Pages) -> None:
    first, customer_id = desk.contact()
    second, _ = desk.contact(customer_id)

    desk.client(first).post("/portal/new", data=CHANGE)
    desk.client(second).post("/portal/new", data=CHANGE)

    assert len(asked_by(desk, first)) == len(asked_by(desk, second)) == 1


def test_a_message_sent_twice_is_said_once(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    browser = desk.client(person_id)

    for words in ("It is back.", "It is back.", "It is gone.", "It is back."):
        assert browser.post(f"/portal/requests/{number}/reply", data={"text": words}).status_code == 302

    assert said_on(desk, number)[1:] == ["It is back.", "It is gone.", "It is back."]


def test_the_same_message_on_two_requests_stands_on_both(desk: Pages) -> None:
    person_id, _ = desk.contact()
    numbers = [desk.ticket(person_id), desk.ticket(person_id)]

    for number in numbers:
        desk.client(person_id).post(f"/portal/requests/{number}/reply", data={"text": "Any news?"})

    assert [said_on(desk, number)[-1] for number in numbers] == ["Any news?", "Any news?"]


def test_reopening_twice_opens_once_and_is_no_conflict(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    desk.solve(number, desk.staff(Role.AGENT))
    browser = desk.client(person_id)

    answers = [browser.post(f"/portal/requests/{number}/reopen", data={"text": "Still wet."}) for _press in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert said_on(desk, number)[-1:] == ["Still wet."]
    assert desk.write(lambda session: ticket_of(session, number).reopened_count) == 1


def test_a_message_that_opened_a_new_request_opens_one_only(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    desk.solve(number, desk.staff(Role.AGENT))
    browser = desk.client(person_id)
    browser.post(f"/portal/requests/{number}/confirm")

    def let_it_age(session: Session) -> None:
        ticket = ticket_of(session, number)
        ticket.closed_at = ticket.closed_at.replace(year=2025) if ticket.closed_at else None

    desk.write(let_it_age)
    answers = [browser.post(f"/portal/requests/{number}/reply", data={"text": "It is back."}) for _press in range(2)]

    assert len(asked_by(desk, person_id)) == 2
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
