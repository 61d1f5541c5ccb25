"""Connections to either database: how they are made, what each one is told first, and how their errors read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

SQLITE_BUSY_TIMEOUT_MS = 10_000
# The same patience on PostgreSQL, and an end for a transaction whose process hangs: else one stuck row stops every
# thread that comes to it, for ever.
POSTGRESQL_LOCK_TIMEOUT_MS = 10_000
POSTGRESQL_IDLE_TIMEOUT_MS = 120_000

# So many statements a connection keeps ready. Its driver's own 100 are less than the pages of a desk ask in turns: each
# would be forgotten before it is known again, and planned anew every time.
POSTGRESQL_STATEMENTS = 500

_POSTGRESQL_PATIENCE = (
    f"-c lock_timeout={POSTGRESQL_LOCK_TIMEOUT_MS} -c idle_in_transaction_session_timeout={POSTGRESQL_IDLE_TIMEOUT_MS}"
)
# Compiling a statement to machine code takes longer than any of ours runs.
_POSTGRESQL_PLANS = "-c jit=off"


def engine_options(database_url: str) -> dict[str, Any]:
    """SQLAlchemy engine options for one database address."""
    # What a statement was run with (letters, password hashes) must not reach logs with its error.
    options = {"pool_size": 40, "max_overflow": 10, "hide_parameters": True}
    if database_url.startswith("sqlite"):
        # One connection per thread of a web process, each waiting its turn for the single writer.
        return {**options, "connect_args": {"timeout": SQLITE_BUSY_TIMEOUT_MS / 1000}}
    # `transaction` sees by its first statement whether a connection still stands: asking each time costs a trip.
    return {**options, "connect_args": {"options": f"{_POSTGRESQL_PATIENCE} {_POSTGRESQL_PLANS}"}}


def standalone_engine(database_url: str) -> Engine:
    """An engine outside any application: migrations and tests, which wait as long as it takes."""
    options = engine_options(database_url)
    if not database_url.startswith("sqlite"):
        options.pop("connect_args")
    return create_engine(database_url, **options)


@event.listens_for(Engine, "connect")
def _prepare(connection: Any, _record: object) -> None:
    """The driver must not open transactions behind our back; `_begin` says how each one starts."""
    if "sqlite" not in type(connection).__module__:
        connection.autocommit = True
        connection.prepared_max = POSTGRESQL_STATEMENTS
        return
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        f"busy_timeout={SQLITE_BUSY_TIMEOUT_MS}",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def told_as_usual(connection: Connection) -> Iterator[None]:
    """Run something on the driver's own connection; its errors become the ones that SQLAlchemy raises."""
    dialect = connection.dialect
    driver_error: Any = dialect.loaded_dbapi.Error
    try:
        yield
    except driver_error as error:
        is_lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
        if is_lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            None, None, error, driver_error, hide_parameters=True, connection_invalidated=is_lost, dialect=dialect
        ) from error
