"""Fixtures shared by all tests: an application on its own database, a session that is rolled back, a frozen clock."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, create_app
from app import db as database
from app.config import Settings
from app.events import RecordedEvent

# A busy machine makes examples slowly; that says nothing about the code. The same examples each time, so that a change
# is judged by what it changed; HYPOTHESIS_PROFILE=explore looks for new ones.
for _name, _same in (("desk", True), ("explore", False)):
    hypothesis_settings.register_profile(
        _name, deadline=None, derandomize=_same, suppress_health_check=[HealthCheck.too_slow]
    )
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "desk"))

pytest_plugins = ["tests.postgres", "tests.world"]

# A Wednesday, mid-morning in Bucharest: far from weekends, holidays and clock changes.
MORNING = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


def cheap_settings(data: Path, **values: object) -> Settings:
    """Settings for tests: own data folder, passwords hashed cheaply."""
    defaults: dict[str, object] = {
        "data": data,
        "secret_key": "tests-only",
        "argon2_time_cost": 1,
        "argon2_memory_kib": 64,
    }
    return Settings(**{**defaults, **values})  # type: ignore[arg-type]  # values are fields of Settings


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """One application with empty tables, shared by the tests of a process, which roll back what they write."""
    application = create_app(cheap_settings(tmp_path_factory.mktemp("desk")))
    with application.app_context():
        database.db.create_all()
    return application


@pytest.fixture
def at() -> Iterator[Callable[[datetime], None]]:
    """Set the desk's time: `at(datetime(...))`, as often as the test needs."""
    with ExitStack() as stack:
        holding: list[AbstractContextManager[None]] = []

        def move(moment: datetime) -> None:
            holding.append(clock.frozen(moment))
            stack.enter_context(holding[-1])

        yield move


@pytest.fixture
def session(app: Flask, at: Callable[[datetime], None]) -> Iterator[Session]:
    """A writing transaction that is rolled back; the desk's time stands at `MORNING` until `at` moves it."""
    at(MORNING)
    with app.app_context():
        try:
            with database.transaction() as opened:
                yield opened
                raise _RolledBack
        except _RolledBack:
            pass


class _RolledBack(Exception):
    pass


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """An HTTP client; what its requests write is committed, so use it with a database of the test's own."""
    return app.test_client()


@pytest.fixture
def recorded(session: Session) -> Callable[[str], list[RecordedEvent]]:
    """Events of one kind recorded so far: `recorded("TicketAssigned")`."""

    def of_kind(kind: str) -> list[RecordedEvent]:
        return list(session.scalars(select(RecordedEvent).where(RecordedEvent.kind == kind).order_by(RecordedEvent.id)))

    return of_kind
