"""Several workers and several deliveries at the same moment, on the database that really runs them side by side."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TypeVar

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import run_in_transaction
from app.mail import jobs, service
from app.mail.models import ReceivedMail
from app.people.models import Person
from app.tickets.models import Ticket
from tests.mail.conftest import CORPUS, Desk

pytestmark = pytest.mark.postgres

T = TypeVar("T")
WORKERS = 4


def side_by_side(desk: Desk, work: Callable[[int], T]) -> list[T]:
    """Run the same work in several threads that start together."""
    barrier = Barrier(WORKERS)

    def one(number: int) -> T:
        with desk.app.app_context():
            barrier.wait()
            return work(number)

    with ThreadPoolExecutor(WORKERS) as threads:
        return list(threads.map(one, range(WORKERS)))


def count(session: Session, table: type[Ticket | Person | ReceivedMail]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_same_mails_delivered_at_once_are_stored_once(postgres_desk: Desk) -> None:
    mails = [path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))]

    def store_each(_number: int) -> list[int]:
        return [run_in_transaction(partial(stored_id, raw)) for raw in mails]

    assert len({tuple(ids) for ids in side_by_side(postgres_desk, store_each)}) == 1


def stored_id(raw: bytes, session: Session) -> int:
    return service.store_raw(session, raw, "suport@desk.example").id


def test_workers_with_the_same_hint_make_one_ticket(postgres_desk: Desk) -> None:
    raw = (CORPUS / "ordinary.eml").read_bytes()
    received_id = postgres_desk.write(lambda session: service.store_raw(session, raw, "suport@desk.example").id)

    side_by_side(postgres_desk, lambda _: jobs.process(received_id))

    assert postgres_desk.received(received_id).state == "done"
    assert postgres_desk.write(lambda session: count(session, Ticket)) == 1


def test_one_mail_to_several_of_our_mailboxes_read_at_once_is_one_request(postgres_desk: Desk) -> None:
    raw = (CORPUS / "ordinary.eml").read_bytes()

    def store(session: Session) -> list[int]:
        return [service.store_raw(session, raw, f"team{number}@desk.example").id for number in range(WORKERS)]

    ids = postgres_desk.write(store)

    side_by_side(postgres_desk, lambda number: jobs.process(ids[number]))

    assert sorted(postgres_desk.received(one).state for one in ids) == ["done", *["ignored"] * (WORKERS - 1)]
    assert postgres_desk.write(lambda session: count(session, Ticket)) == 1


def test_first_mails_of_one_stranger_read_at_once_make_one_person(postgres_desk: Desk) -> None:
    def store(session: Session) -> list[int]:
        mails = [
            f"From: <nou@strain.example>\r\nSubject: Nr. {number}\r\n\r\nx\r\n".encode() for number in range(WORKERS)
        ]
        return [service.store_raw(session, raw, "suport@desk.example").id for raw in mails]

    ids = postgres_desk.write(store)

    side_by_side(postgres_desk, lambda number: jobs.process(ids[number]))

    states = [postgres_desk.received(one).state for one in ids]
    assert set(states) <= {"done", "new"}, "whoever lost the race is offered again"
    assert postgres_desk.write(lambda session: count(session, Person)) == 1


def test_workers_with_the_same_hint_send_one_mail(postgres_desk: Desk) -> None:
    outgoing_id = postgres_desk.write(
        lambda session: service.queue_mail(session, to_address="a@b.example", subject="x", text="x", language="en").id
    )

    side_by_side(postgres_desk, lambda _: jobs.send(outgoing_id))

    assert len(postgres_desk.server.taken) == 1


def test_every_mail_of_the_corpus_is_taken_or_visibly_not(postgres_desk: Desk) -> None:
    """PostgreSQL refuses what SQLite lets through: NUL characters, lone surrogates, texts that are too long."""
    for path in sorted(CORPUS.glob("*.eml")):
        received = postgres_desk.received(postgres_desk.receive(path.stem, sender=None))

        assert received.state != "new", (path.stem, received.reason)
        assert received.state == "done" or received.reason
