"""A living desk for each database, shared by the journeys of a test process; each journey has its own customer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.journeys import company
from tests.journeys.living_desk import LivingDesk, living_desk
from tests.postgres import execute, url_of

_serial = count(1)


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivingDesk]:
    """The desk that the journeys pass through, once on each database."""
    url = ""
    if request.param == "postgres":
        server: Path = request.getfixturevalue("postgres_server")
        execute(server, "CREATE DATABASE journeys")
        url = url_of(server, "journeys")
    with living_desk(tmp_path_factory.mktemp("living") / "data", url) as living:
        yield living


@pytest.fixture
def customer(desk: LivingDesk) -> str:
    """The address of a contact nobody has heard of before, who can sign in to the portal."""
    email = f"ioana{next(_serial)}@medis.example"
    desk.write(lambda session: company.add_contact(session, email))
    return email
