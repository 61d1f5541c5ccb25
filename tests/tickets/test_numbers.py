"""Numbers are given once, whoever opens tickets at the same moment, on both databases."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, create_app
from app.db import db, run_in_transaction
from app.people.queries import get_person
from app.tickets import queries, service
from app.tickets.models import Ticket
from tests.conftest import cheap_settings
from tests.world import add_contact, add_lists, add_ticket, unknown_customer

T = TypeVar("T")

WRITERS, EACH = 6, 5


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """A desk with a database of its own, where transactions really commit."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    application = create_app(cheap_settings(tmp_path, database_url=url), web=False)
    with application.app_context():
        db.create_all()
        yield application
        db.engine.dispose()


def at_once(work: Callable[[T], None], parts: Iterable[T]) -> None:
    """Do each part in a thread of its own; the first failure is raised here."""
    chosen = list(parts)
    with ThreadPoolExecutor(len(chosen)) as pool:
        list(pool.map(work, chosen))


def test_tickets_opened_at_the_same_moment_have_different_numbers(desk: Flask) -> None:
    def prepare(session: Session) -> int:
        return add_ticket(session, requester=add_contact(session).person).requester_id

    requester_id = run_in_transaction(prepare)
    together = threading.Barrier(WRITERS)

    def open_some(_writer: int) -> None:
        with desk.app_context():
            together.wait()
            for _ in range(EACH):
                run_in_transaction(lambda session: add_ticket(session, requester=get_person(session, requester_id)))

    at_once(open_some, range(WRITERS))

    numbers = run_in_transaction(lambda session: list(session.scalars(select(Ticket.number))), writing=False)
    assert len(set(numbers)) == len(numbers) == WRITERS * EACH + 1
    assert all(number.startswith("S-1") for number in numbers)


def test_two_who_change_one_ticket_at_once_both_succeed(desk: Flask) -> None:
    """The slower one runs again on what the faster one left."""
    ticket_id = run_in_transaction(lambda session: add_ticket(session).id)
    together = threading.Barrier(2)
    waits = threading.local()

    def change(session: Session, text: str) -> None:
        ticket = queries.get(session, ticket_id)
        if not getattr(waits, "over", False):
            waits.over = True
            # On SQLite the second writer waits at BEGIN, so nobody may wait for it in here.
            if db.engine.dialect.name != "sqlite":
                together.wait()
        service.add_note(session, ticket, text, author=None)

    def write(text: str) -> None:
        with desk.app_context():
            run_in_transaction(lambda session: change(session, text))

    at_once(write, ["first", "second"])

    def notes(session: Session) -> set[str]:
        said = queries.conversation(session, queries.get(session, ticket_id), for_customer=False)
        return {each.text for each in said if each.kind == "note"}

    assert run_in_transaction(notes, writing=False) == {"first", "second"}


def test_the_numbers_of_deleted_tickets_are_not_given_again(desk: Flask) -> None:
    """SQLite would, unless its table says otherwise."""

    def open_and_delete(session: Session) -> tuple[int, int]:
        add_lists(session)
        requester = add_contact(session).person
        ids = []
        for _ in range(2):
            moment = clock.now()
            ticket = Ticket(
                number="S-1",
                subject="Short-lived",
                type_key="incident",
                state_key="new",
                channel="direct",
                customer=unknown_customer(session),
                requester=requester,
                language="en",
                opened_at=moment,
                updated_at=moment,
            )
            session.add(ticket)
            session.flush()
            ids.append(ticket.id)
            session.delete(ticket)
            session.flush()
        return ids[0], ids[1]

    before, after = run_in_transaction(open_and_delete)

    assert after > before
