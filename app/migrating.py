"""Bringing the database to the code's schema: forward only, one process at a time, after copying a SQLite file."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.engine import make_url

from app.config import Settings
from app.connecting import standalone_engine
from app.db import db
from app.errors import Conflict

FOLDER = Path(__file__).resolve().parent / "migrations"
# Any fixed number: what all desks on one PostgreSQL database agree to queue at.
ADVISORY_LOCK = 7_786_768


def bring_up_to_date(settings: Settings) -> str:
    """Migrate to the newest schema and return its revision; does nothing when it is there already.

    All tables must be imported (`create_app` has run).

    Raises:
        Conflict: the database was made by a newer version of the desk.
    """
    engine = standalone_engine(settings.database_url)
    try:
        with _alone(engine, settings):
            if not any((FOLDER / "versions").glob("[0-9]*.py")):
                db.metadata.create_all(engine)
                return "unversioned"
            return _migrate(engine, settings)
    finally:
        engine.dispose()


def state(settings: Settings) -> tuple[str | None, str | None]:
    """The database's revision and the code's newest one."""
    engine = standalone_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            return _current(connection), newest()
    finally:
        engine.dispose()


def newest() -> str | None:
    """The newest revision this code knows."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(FOLDER)).get_current_head()


def copy_sqlite(settings: Settings, target: Path) -> Path:
    """Copy a SQLite database as one moment, while the desk may be running.

    Raises:
        Conflict: the database is not a SQLite file, or the target exists.
    """
    if not settings.on_sqlite:
        raise Conflict("Only a SQLite database can be copied like this; use pg_dump for PostgreSQL.")
    if target.exists():
        raise Conflict(f"{target} exists already; name another file.")
    with closing(sqlite3.connect(_sqlite_file(settings))) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return target


def _migrate(engine: Engine, settings: Settings) -> str:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(FOLDER))
    goal = script.get_current_head() or ""
    with engine.connect() as connection:
        current = _current(connection)
        has_tables = bool(set(inspect(connection).get_table_names()) - {"alembic_version"})
    if current == goal:
        return goal
    if current is not None and current not in {each.revision for each in script.walk_revisions()}:
        raise Conflict(
            f"The database is at revision {current}, which this version of Suport does not know. "
            "It was made by a newer version: start that one, or restore the copy made before the upgrade."
        )
    if settings.on_sqlite and has_tables:
        file = _sqlite_file(settings)
        target = file.with_name(f"{file.name}.before-{goal}")
        target.unlink(missing_ok=True)
        copy_sqlite(settings, target)
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return goal


def _current(connection: Connection) -> str | None:
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _alone(engine: Engine, settings: Settings) -> Iterator[None]:
    """Two processes that start together: the second waits, then finds the work done."""
    if settings.on_sqlite:
        file = _sqlite_file(settings)
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.with_name(f"{file.name}.migrating").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})


def _sqlite_file(settings: Settings) -> Path:
    return Path(make_url(settings.database_url).database or "")


def write_revision(settings: Settings, message: str) -> str:
    """Write the next migration from the difference between the database and the models; the path of the file."""
    from alembic import command
    from alembic.config import Config

    engine = standalone_engine(settings.database_url)
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            script = command.revision(config, message, autogenerate=True, rev_id=_next_number())
    finally:
        engine.dispose()
    return str(getattr(script, "path", ""))


def _next_number() -> str:
    """Revisions are numbered: 0001, 0002 …"""
    taken = [int(each.name[:4]) for each in (FOLDER / "versions").glob("[0-9][0-9][0-9][0-9]_*.py")]
    return f"{max(taken, default=0) + 1:04d}"
