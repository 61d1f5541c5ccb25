"""Bringing a database to the code's schema."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import inspect

from app import create_app, migrating
from app.config import Settings
from app.db import db, standalone_engine
from app.errors import Conflict


def settings_for(folder: Path, database_url: str = "") -> Settings:
    return Settings(data=folder, secret_key="tests-only", database_url=database_url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = "" if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    settings = settings_for(tmp_path, url)
    create_app(settings, web=False)
    return settings


def test_an_empty_database_gets_every_table(empty: Settings) -> None:
    migrating.bring_up_to_date(empty)

    engine = standalone_engine(empty.database_url)
    assert set(db.metadata.tables) <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_processes_that_start_together_migrate_once(empty: Settings) -> None:
    """Two desks on one database, or a desk and a command, start at the same moment."""
    together = threading.Barrier(4)

    def migrate(_number: int) -> str:
        together.wait()
        return migrating.bring_up_to_date(empty)

    with ThreadPoolExecutor(4) as threads:
        revisions = set(threads.map(migrate, range(4)))

    assert len(revisions) == 1


def test_a_copy_of_a_running_sqlite_database_is_complete(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    create_app(settings, web=False)
    migrating.bring_up_to_date(settings)

    copy = migrating.copy_sqlite(settings, tmp_path / "copy.db")

    engine = standalone_engine(f"sqlite:///{copy}")
    assert set(db.metadata.tables) <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_a_copy_never_overwrites_a_file(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    taken = tmp_path / "copy.db"
    taken.write_text("precious")

    with pytest.raises(Conflict, match="exists already"):
        migrating.copy_sqlite(settings, taken)
    assert taken.read_text() == "precious"
