"""A desk that answers requests, for tests of pages: its own database, the shipped processes, people who are signed in.

What requests write is committed, so each test module has a desk of its own and each test its own customer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from app import clock, create_app
from app import db as database
from app.contracts.models import Customer
from app.engine import definitions, queries
from app.engine import service as engine
from app.people import sign_ins
from app.people.models import Person, Role, SignInWay
from app.sla import service as sla
from app.statements import Question, Row
from app.tickets.models import Ticket
from app.web import identity
from tests import world
from tests.conftest import MORNING, cheap_settings

T = TypeVar("T")

# An answer to the form "work": solved, with what the customer reads.
SOLVED = {
    "outcome": "solved",
    "reply": "The access point has its network again.",
    "files": [],
    "minutes": 20,
    "worked_on": None,
    "kind": "remote",
    "billable": True,
    "travel_minutes": 0,
    "travel_km": 0,
    "note": "router log",
    "escalation_reason": "",
    "escalation_skill": "",
}


@dataclass
class Pages:
    """A desk with pages, and the moment at which its clock stands."""

    app: Flask
    moment: datetime = MORNING

    def write(self, body: Callable[[Session], T]) -> T:
        """Run `body(session)` as one transaction."""
        with self.app.app_context(), clock.frozen(self.moment):
            return database.run_in_transaction(body)

    def client(self, person_id: int) -> FlaskClient:
        """A browser in which somebody is signed in."""
        browser = self.app.test_client()
        with browser.session_transaction() as cookie:
            cookie[identity.TOKEN] = self.write(lambda session: signed_in(session, session.get_one(Person, person_id)))
        return browser

    def contact(self, customer_id: int | None = None, **details: Any) -> tuple[int, int]:
        """(person id, customer id) of a new contact, of a new customer when none is named."""

        def add(session: Session) -> tuple[int, int]:
            customer = session.get(Customer, customer_id) if customer_id else None
            contact = world.add_contact(session, customer, **details)
            return contact.person_id, contact.customer_id

        return self.write(add)

    def staff(self, *roles: Role, team: str = "") -> int:
        """The id of a new colleague."""

        def add(session: Session) -> int:
            teams = [world.add_team(session, team)] if team else []
            return world.add_person(session, roles=roles, teams=teams).id

        return self.write(add)

    def ticket(self, requester_id: int, subject: str = "No network in hall B", **details: Any) -> str:
        """The number of a new request."""

        def add(session: Session) -> str:
            requester = session.get_one(Person, requester_id)
            return world.add_ticket(session, subject, requester=requester, **details).number

        return self.write(add)

    def complete(self, number: str, by_id: int, answer: dict[str, Any]) -> None:
        """Complete the open user task of a request."""

        def act(session: Session) -> None:
            task = queries.open_tasks(session, ticket_of(session, number).process_subject)[0]
            engine.complete_task(session, task, answer, by_id=by_id)

        self.write(act)

    def solve(self, number: str, by_id: int) -> None:
        """Take a request over and solve it."""
        self.complete(number, by_id, {"outcome": "mine", "person": None})
        self.complete(number, by_id, SOLVED)


def signed_in(session: Session, person: Person) -> str:
    """What a browser's cookie holds in which somebody is signed in."""
    return sign_ins.begin(session, person, way=SignInWay.PASSWORD, keep=False)


def ticket_of(session: Session, number: str) -> Ticket:
    """The ticket with a number."""
    return session.query(Ticket).filter_by(number=number).one()


def open_desk(data: Path, **settings: object) -> Pages:
    """A desk with empty tables, its lists and the shipped processes."""
    app = create_app(cheap_settings(data, **settings))
    # Tokens have tests of their own; here forms are sent as a browser would send them.
    app.config["WTF_CSRF_ENABLED"] = False
    app.testing = True
    with app.app_context():
        database.db.create_all()
    desk = Pages(app)

    def prepare(session: Session) -> None:
        world.add_lists(session)
        sla.ensure_lists(session)
        definitions.deploy_shipped(session)

    desk.write(prepare)
    return desk


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """The statements that run meanwhile, those included that go past SQLAlchemy (`Question`)."""
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    def ask(self: Question, session: Session, given: Row) -> list[Any]:
        statements.append(self.text(session))
        return every(self, session, given)

    every = Question.all
    event.listen(Engine, "before_cursor_execute", count)
    try:
        with pytest.MonkeyPatch.context() as watched:
            watched.setattr(Question, "all", ask)
            yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", count)
