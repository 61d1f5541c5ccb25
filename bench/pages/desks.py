"""Desks of the benchmark's own, on SQLite and PostgreSQL: one as small as the demo, one as large as wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from flask import Flask

from app import clock, create_app, db
from app.config import Settings
from bench.pages.population import multiply, tell_planner
from bench.pages.seeds import load_seeds
from tests.postgres import execute, private_server, programs, url_of

# A Wednesday morning: the desk is open, and some deadlines are close.
MOMENT: Final = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


@contextmanager
def postgres_server() -> Iterator[Path | None]:
    """A PostgreSQL for one run; None where it is not installed."""
    if programs() is None:
        yield None
        return
    with private_server() as server:
        yield server


@contextmanager
def filled_desk(folder: Path, tickets: int, server: Path | None = None) -> Iterator[Flask]:
    """A desk with so many tickets, the demo's at least; its clock stands still.

    Args:
        server: of PostgreSQL; SQLite when None.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(data=folder, secret_key="bench", database_url=_made(server, folder.name) if server else "")
    app = create_app(settings)
    with clock.frozen(MOMENT):
        with app.app_context():
            # As the migrations make them (a test compares), and sooner.
            db.db.create_all()
            load_seeds()
            multiply(tickets)
            tell_planner()
        try:
            # Outside of any context: each request makes its own, as on a desk.
            yield app
        finally:
            with app.app_context():
                db.db.engine.dispose()


def _made(server: Path, name: str) -> str:
    execute(server, f"CREATE DATABASE {name}")
    return url_of(server, name)
