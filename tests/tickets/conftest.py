"""Fixtures for tests of tickets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app import clock
from app import db as database
from tests.pages import Pages, open_desk
from tests.postgres import execute, url_of
from tests.world import deploy_diagram


@pytest.fixture
def listening(session: Session) -> None:
    """A lifecycle that writes a note for each message it hears."""
    deploy_diagram(session, Path(__file__).parent / "diagrams" / "listening.bpmn")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def either_desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A desk on each of the two databases in turn, for what they find and sort by means of their own."""
    folder = tmp_path_factory.mktemp("tickets")
    if request.param == "sqlite":
        yield from _closed_afterwards(open_desk(folder))
        return
    server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_template")
    name = f"desk_of_{request.module.__name__.rpartition('.')[2]}"
    execute(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield from _closed_afterwards(open_desk(folder, database_url=url_of(server, name)))
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """The desk of a module; one that wants both databases takes `either_desk` instead."""
    return open_desk(tmp_path_factory.mktemp("tickets"))


@pytest.fixture
def desk(shared_desk: Pages) -> Iterator[Pages]:
    """The desk of the module, with its clock standing still for requests too."""
    with clock.frozen(shared_desk.moment):
        yield shared_desk


def _closed_afterwards(desk: Pages) -> Iterator[Pages]:
    yield desk
    app: Flask = desk.app
    with app.app_context():
        database.db.engine.dispose()
