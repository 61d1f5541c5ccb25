"""The command that checks stored clocks against their history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.db import db, transaction
from app.engine import definitions
from app.sla import queries, service
from app.sla.models import ClockKind, SlaClock
from tests.conftest import cheap_settings
from tests.sla.conftest import DIAGRAMS
from tests.world import add_ticket


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Flask]:
    application = create_app(cheap_settings(tmp_path), web=False)
    with application.app_context():
        db.create_all()
    yield application
    with application.app_context():
        db.engine.dispose()


def spoiled_clock(desk: Flask) -> int:
    with desk.app_context(), transaction() as session:
        service.ensure_calendar(session)
        definitions.deploy(session, [definitions.source_file(path) for path in sorted(DIAGRAMS.iterdir())])
        clock = queries.latest_clocks(session, add_ticket(session).id)[ClockKind.RESPONSE]
        clock.counted_seconds = 4242
        return clock.id


def counted(desk: Flask, clock_id: int) -> int:
    with desk.app_context(), transaction(writing=False) as session:
        return session.get_one(SlaClock, clock_id).counted_seconds


def test_a_dry_run_tells_what_differs_and_changes_nothing(desk: Flask) -> None:
    spoiled = spoiled_clock(desk)

    result = desk.test_cli_runner().invoke(args=["clocks", "repair", "--dry-run"])

    assert result.exit_code == 0, result.output
    assert f"clock {spoiled}: counted_seconds is 4242, its history says 0" in result.output
    assert "2 clocks looked at, 1 differ." in result.output
    assert counted(desk, spoiled) == 4242


def test_repairing_makes_the_clock_what_its_history_says(desk: Flask) -> None:
    spoiled = spoiled_clock(desk)

    result = desk.test_cli_runner().invoke(args=["clocks", "repair"])

    assert result.exit_code == 0, result.output
    assert counted(desk, spoiled) == 0
    assert "0 repaired" in desk.test_cli_runner().invoke(args=["clocks", "repair"]).output
