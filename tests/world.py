"""A small world for tests: people, teams, customers and tickets, made by the services the desk itself uses.

The builder functions take a session and fill in whatever a test does not care about; the fixtures of the same names
(`person`, `team`, `customer`, `contact`, `contract`, `ticket`) have the test's session already:
`ticket(subject="No Wi-Fi", team=team("network"))`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import pytest
from sqlalchemy.orm import Session

from app.contracts import queries as contract_queries
from app.contracts import service as contracts
from app.contracts.models import Contact, Contract, Customer
from app.events import RecordedEvent
from app.people import passwords
from app.people import queries as people_queries
from app.people import service as people
from app.people.models import Person, Role, Team
from app.sla import service as sla
from app.tickets import service as tickets
from app.tickets.models import Ticket

T = TypeVar("T")

# What the fixtures below are: `person: Build[Person]`; and the fixture `recorded` of conftest.
Build: TypeAlias = Callable[..., T]
Recorded: TypeAlias = Callable[[str], list[RecordedEvent]]

PLAIN = Path(__file__).parent / "plain"
TARGETS = PLAIN.parent.parent / "processes" / "service-level.dmn"

_serial = count(1)


def add_lists(session: Session) -> None:
    """States, types, skills, the calendar and the unknown customer, as a desk that starts makes them."""
    for feature in (people, contracts, tickets, sla):
        feature.ensure_lists(session)


def add_plain_processes(session: Session) -> None:
    """Processes that only wait, for keys that have none yet: tests of services need no lifecycle."""
    for path in sorted(PLAIN.glob("*.bpmn")):
        deploy_diagram(session, path, only_if_missing=path.stem)


def deploy_diagram(session: Session, path: Path, *, only_if_missing: str | None = None) -> None:
    """Deploy a diagram of a test with the shipped table of targets, which clocks ask whatever the diagram is."""
    # Imported here: compiling diagrams is slow to load, and most tests of people and contracts need none.
    from app.engine import definitions

    if only_if_missing is not None and definitions.current(session, only_if_missing) is not None:
        return
    files = [definitions.source_file(path)]
    if b"service_level" in files[0].content:
        files.append(definitions.source_file(TARGETS))
    definitions.deploy(session, files)


def add_person(
    session: Session,
    name: str = "",
    *,
    roles: Iterable[Role | str] = (Role.AGENT,),
    teams: Iterable[Team] = (),
    email: str = "",
    password: str = "",
    language: str = "en",
) -> Person:
    """Somebody, an agent unless said otherwise."""
    number = next(_serial)
    someone = people.add_person(
        session,
        name=name or f"Person {number}",
        email=email or f"person{number}@desk.example",
        roles=roles,
        language=language,
        password_hash=passwords.hash_password(password) if password else None,
    )
    for each in teams:
        people.add_member(session, each, someone)
    return someone


def add_team(session: Session, key: str = "", *, members: Iterable[Person] = (), lead: Person | None = None) -> Team:
    """The team with a key, made when there is none yet."""
    key = key or f"team{next(_serial)}"
    found = people_queries.team_by_key(session, key) or people.add_team(
        session, key=key, name=key.capitalize(), email=f"{key}@desk.example", lead=lead
    )
    for person in members:
        people.add_member(session, found, person)
    return found


def add_customer(session: Session, name: str = "", **details: Any) -> Customer:
    """An organisation with nothing special about it; `details` as for `contracts.service.add_customer`."""
    add_lists(session)
    return contracts.add_customer(session, name=name or f"Customer {next(_serial)}", **details)


def add_contact(
    session: Session, customer: Customer | None = None, name: str = "", *, email: str = "", **details: Any
) -> Contact:
    """Somebody who speaks for a customer; `details` as for `add_person`."""
    number = next(_serial)
    someone = add_person(
        session,
        name or f"Contact {number}",
        roles=[Role.CUSTOMER],
        email=email or f"contact{number}@customer.example",
        **details,
    )
    return contracts.add_contact(session, customer or add_customer(session), someone)


def add_contract(session: Session, customer: Customer | None = None, **details: Any) -> Contract:
    """A contract that covers the customer from 2026 on; `details` as for `contracts.service.add_contract`."""
    details.setdefault("number", f"C-{next(_serial)}")
    details.setdefault("name", "Support")
    details.setdefault("valid_from", date(2026, 1, 1))
    return contracts.add_contract(session, customer or add_customer(session), **details)


def add_ticket(
    session: Session,
    subject: str = "The printer prints stripes",
    *,
    text: str = "It began this morning.",
    requester: Person | None = None,
    team: Team | None = None,
    assignee: Person | None = None,
    channel: str = "email",
    **details: Any,
) -> Ticket:
    """An open ticket on a process that only waits, unless a lifecycle is deployed; `details` as for `open_ticket`."""
    add_lists(session)
    add_plain_processes(session)
    if requester is None:
        customer = details.get("customer") or add_customer(session)
        requester = add_contact(session, customer).person
    opened = tickets.open_ticket(session, subject=subject, text=text, requester=requester, channel=channel, **details)
    if team is not None:
        tickets.assign_to_team(session, opened, team, by=None)
    if assignee is not None:
        tickets.assign_to_person(session, opened, assignee, by=None)
    return opened


def unknown_customer(session: Session) -> Customer:
    """The customer that strangers belong to."""
    add_lists(session)
    return contract_queries.unknown_customer(session)


@pytest.fixture
def person(session: Session) -> Build[Person]:
    return partial(add_person, session)


@pytest.fixture
def team(session: Session) -> Build[Team]:
    return partial(add_team, session)


@pytest.fixture
def customer(session: Session) -> Build[Customer]:
    return partial(add_customer, session)


@pytest.fixture
def contact(session: Session) -> Build[Contact]:
    return partial(add_contact, session)


@pytest.fixture
def contract(session: Session) -> Build[Contract]:
    return partial(add_contract, session)


@pytest.fixture
def ticket(session: Session) -> Build[Ticket]:
    return partial(add_ticket, session)
