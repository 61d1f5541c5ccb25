"""A desk's database of the benchmark's own, on SQLite or PostgreSQL, with the reference diagram deployed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app import create_app, db
from app.config import Settings
from app.engine import definitions, service
from app.engine.models import ProcessInstance, TaskState, UserTask
from app.engine.subject import Subject
from bench.engine import reference
from bench.engine.reference import Interaction
from tests.postgres import execute, private_server, programs, url_of

T = TypeVar("T")


class Desk:
    """The engine's services on one database, each call in a transaction of its own as everywhere in the desk."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    @property
    def engine(self) -> Engine:
        """The pool of connections that the desk itself uses."""
        with self.app.app_context():
            return db.db.engine

    def write(self, body: Callable[[Session], T]) -> T:
        """Run `body(session)` in a writing transaction."""
        return db.run_in_transaction(body)

    def start(self, subject_id: int) -> int:
        """Start a request; its instance's id."""
        return self.write(
            lambda session: (
                service.start(session, reference.KEY, Subject("bench", subject_id), variables=reference.request()).id
            )
        )

    def apply(self, instance_id: int, subject_id: int, *interactions: Interaction) -> None:
        """Let something happen to a request, found as a page or a mail would find it; all in one transaction."""

        def apply_all(session: Session) -> None:
            for each in interactions:
                _apply(session, instance_id, subject_id, each)

        self.write(apply_all)

    def complete(self, task_id: int, what: Interaction) -> None:
        """Complete an open user task."""
        self.write(lambda session: _complete(session, task_id, what))

    def state_bytes(self, instance_id: int) -> int:
        """How long the kept state of an instance is."""
        return self.write(lambda session: len(session.get_one(ProcessInstance, instance_id).blob or b""))


def _apply(session: Session, instance_id: int, subject_id: int, what: Interaction) -> None:
    if what.element is None:
        service.send_message(session, reference.MESSAGE, Subject("bench", subject_id), dict(what.answer))
        return
    query = select(UserTask.id).where(
        UserTask.instance_id == instance_id, UserTask.element == what.element, UserTask.state == TaskState.OPEN
    )
    _complete(session, session.scalars(query).one(), what)


def _complete(session: Session, task_id: int, what: Interaction) -> None:
    service.complete_task(session, task_id, dict(what.answer), by_id=reference.PERSON)


@contextmanager
def sqlite_desk(folder: Path) -> Iterator[Desk]:
    """A desk on a SQLite file, in WAL mode as always."""
    data = folder / "sqlite"
    with _opened(Settings(data=data, secret_key="bench")) as desk:
        yield desk


@contextmanager
def postgres_desk(folder: Path) -> Iterator[Desk | None]:
    """A desk on a PostgreSQL of the benchmark's own; None where PostgreSQL is not installed."""
    if programs() is None:
        yield None
        return
    with private_server() as server:
        execute(server, "CREATE DATABASE bench")
        url = url_of(server, "bench")
        settings = Settings(data=folder / "postgres", secret_key="bench", database_url=url)
        with _opened(settings) as desk:
            yield desk


@contextmanager
def _opened(settings: Settings) -> Iterator[Desk]:
    settings.data.mkdir(parents=True, exist_ok=True)
    app = create_app(settings, web=False)
    desk = Desk(app)
    with app.app_context():
        # As the migrations make them (a test compares), and sooner.
        db.db.create_all()
        desk.write(lambda session: definitions.deploy(session, reference.files()))
        try:
            yield desk
        finally:
            db.db.engine.dispose()
