"""A desk with a mail server of its own: what boundaries write is committed, so each test has its own database."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from app import db as database
from app.db import run_in_transaction
from app.mail import jobs, queries, service
from app.mail.models import OutgoingMail, OutgoingState, ReceivedMail
from tests.conftest import cheap_settings
from tests.mail.smtp_server import ScriptedServer
from tests.world import add_lists, add_plain_processes

T = TypeVar("T")


class OutOfTimeError(Exception):
    """What ends a job whose time is over, as RQ's own exception does."""


CORPUS = Path(__file__).parent / "corpus"


@dataclass
class Desk:
    """A desk whose transactions commit."""

    app: Flask
    server: ScriptedServer

    def write(self, body: Callable[[Session], T]) -> T:
        """Run a body in a transaction of its own."""
        return run_in_transaction(body)

    def receive(self, raw: bytes | str, *, mailbox: str = "suport@desk.example", sender: str | None = "x@y") -> int:
        """Store and read a mail: bytes, or the name of one in the corpus."""
        content = (CORPUS / f"{raw}.eml").read_bytes() if isinstance(raw, str) else raw
        received_id = self.write(lambda session: service.store_raw(session, content, mailbox, sender).id)
        jobs.process(received_id)
        return received_id

    def received(self, received_id: int) -> ReceivedMail:
        return self.write(lambda session: queries.received(session, received_id))

    def outgoing(self, outgoing_id: int) -> OutgoingMail:
        return self.write(lambda session: queries.outgoing(session, outgoing_id))

    def send_all(self) -> None:
        """Send what waits, as workers do when they are told of it."""
        waiting = select(OutgoingMail.id).where(OutgoingMail.state == OutgoingState.QUEUED).order_by(OutgoingMail.id)
        for outgoing_id in self.write(lambda session: list(session.scalars(waiting))):
            jobs.send(outgoing_id)


def queue(desk: Desk, **details: object) -> int:
    """A notice to Ioana, of which details may differ."""
    values: dict[str, object] = {
        "to_address": "ioana@medis.example",
        "to_name": "Ioana Radu",
        "subject": "Termen de răspuns",
        "text": "Bună ziua,\n\nîncă o zi.",
        "html": "<p>Bună ziua,</p>",
        "language": "ro",
    }
    return desk.write(lambda session: service.queue_mail(session, **{**values, **details}).id)  # type: ignore[arg-type]  # a test's own details


@contextmanager
def interrupted(*, after_seconds: float = 0) -> Iterator[Callable[[], None]]:
    """Raise `OutOfTimeError` in whatever runs then, as RQ does when a job's time is over.

    Args:
        after_seconds: when; 0 for when what is given is called, from any thread.
    """

    def end(_number: int, _frame: object) -> None:
        raise OutOfTimeError

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, after_seconds)
    try:
        yield lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def smtp_server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def desk(bare_desk: Desk) -> Desk:
    """A desk whose tickets run a process that only waits."""
    bare_desk.write(add_plain_processes)
    return bare_desk


@pytest.fixture
def bare_desk(tmp_path: Path, smtp_server: ScriptedServer) -> Iterator[Desk]:
    """A desk without any process."""
    with opened(tmp_path, smtp_server) as desk:
        yield desk


@pytest.fixture
def postgres_desk(tmp_path: Path, smtp_server: ScriptedServer, postgres_url: str) -> Iterator[Desk]:
    """A desk on PostgreSQL whose tickets run a process that only waits."""
    with opened(tmp_path, smtp_server, database_url=postgres_url) as desk:
        desk.write(add_plain_processes)
        yield desk


@contextmanager
def opened(data: Path, server: ScriptedServer, **values: object) -> Iterator[Desk]:
    """A desk on a database of its own, with the lists a desk that starts makes."""
    settings = cheap_settings(
        data,
        smtp_host="127.0.0.1",
        smtp_port=server.port,
        smtp_security="none",
        smtp_timeout_seconds=0.5,
        mail_window_count=5,
        **values,
    )
    app = create_app(settings, web=False)
    with app.app_context():
        database.db.create_all()
        desk = Desk(app, server)
        desk.write(add_lists)
        yield desk
        database.db.engine.dispose()
