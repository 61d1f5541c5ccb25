"""The database: model base, column types, and the transaction boundary.

Only a *boundary* (a request, a job, a command, one received mail) opens a transaction, with `transaction()` or
`run_in_transaction()`. Services receive its session and never commit.
"""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, Dialect, Engine, MetaData, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, ORMExecuteState, mapped_column, registry
from sqlalchemy.orm import Session as Session
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.sql.dml import Insert
from sqlalchemy.types import TypeDecorator

from app import clock
from app.connecting import SQLITE_BUSY_TIMEOUT_MS, told_as_usual
from app.errors import Conflict

log = structlog.get_logger(__name__)

T = TypeVar("T")

# How often a boundary runs its body again after another writer was faster.
CONFLICT_RETRIES = 3
SQLITE_LOOK_AGAIN_SECONDS = (0.001, 0.003)

_writing: ContextVar[bool] = ContextVar("writing", default=False)
_in_boundary: ContextVar[bool] = ContextVar("in_boundary", default=False)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC moment; naive values are refused because nobody could say when they are."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}")
        value = value.astimezone(UTC)
        # SQLite keeps text without a zone; one form keeps its ordering right.
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Constraint names that migrations can rely on.
_METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Base(DeclarativeBase):
    """What every table has in common."""

    # Flask-SQLAlchemy derives a class from this one and SQLAlchemy then accepts column types only on a registry.
    registry = registry(metadata=_METADATA, type_annotation_map={datetime: UTCDateTime()})
    metadata = _METADATA


db = SQLAlchemy(model_class=Base, disable_autonaming=True, session_options={"expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


def one_of(column: str, values: type[StrEnum]) -> str:
    """The text of a CHECK constraint that lets a column hold only the values of an enumeration."""
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class DeskClock(Model):
    """One row: how far a demo or a test has moved the desk's time forward."""

    __tablename__ = "desk_clock"

    id: Mapped[int] = mapped_column(primary_key=True)
    offset_seconds: Mapped[int] = mapped_column(BigInteger, default=0)


def move_clock(session: Session, ahead: timedelta) -> timedelta:
    """Move the desk's time forward and return the new offset.

    Raises:
        Conflict: `ahead` is not positive; deadlines that fired cannot be taken back.
    """
    if ahead <= timedelta(0):
        raise Conflict("The desk's time moves forward only.")
    row = session.get(DeskClock, 1)
    if row is None:
        row = DeskClock(id=1, offset_seconds=0)
        session.add(row)
    row.offset_seconds += int(ahead.total_seconds())
    session.flush()
    clock.use_offset(timedelta(seconds=row.offset_seconds))
    return clock.offset()


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    """Writers queue at BEGIN instead of failing when a read turns into a write (SQLite); readers cannot write.

    A boundary also learns the time of the desk here, on PostgreSQL with the same trip.
    """
    driver: Any = connection.connection.dbapi_connection
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return
    with told_as_usual(connection):
        if connection.dialect.name == "sqlite":
            _begin_on_sqlite(connection, driver)
            return
        if not _in_boundary.get():
            driver.execute("BEGIN")
            return
        # Several statements at once cannot be prepared.
        begun = driver.execute(_POSTGRESQL_WRITES if _writing.get() else _POSTGRESQL_READS, prepare=False)
        while begun.nextset():
            pass
        connection.info["offset"] = begun.fetchone()


def _begin_on_sqlite(connection: Connection, driver: Any) -> None:
    if _writing.get():
        _begin_writing(connection)
    else:
        _wait_at_most(connection, SQLITE_BUSY_TIMEOUT_MS)
        driver.execute("BEGIN DEFERRED")
    if _in_boundary.get():
        connection.info["offset"] = driver.execute(_OFFSET).fetchone()


_OFFSET = "SELECT offset_seconds FROM desk_clock WHERE id = 1"
_POSTGRESQL_READS = f"BEGIN READ ONLY; {_OFFSET}"
_POSTGRESQL_WRITES = f"BEGIN; {_OFFSET}"


def _begin_writing(connection: Connection) -> None:
    """Wait for SQLite's one writer's place.

    SQLite itself would look again after up to 100 ms: whoever has one row to store then hardly ever finds the place
    free between the long transactions of workers.
    """
    driver: Any = connection.connection.dbapi_connection
    ends_at = time.monotonic() + SQLITE_BUSY_TIMEOUT_MS / 1000
    _wait_at_most(connection, 0)
    while time.monotonic() < ends_at:
        try:
            driver.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                break
        time.sleep(random.uniform(*SQLITE_LOOK_AGAIN_SECONDS))
    # Once more, so that the error is the one everybody knows.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _wait_at_most(connection: Connection, milliseconds: int) -> None:
    """How long SQLite itself waits; whoever has the writer's place never does, so it stays as the last one set it."""
    if connection.info.get("busy_timeout", SQLITE_BUSY_TIMEOUT_MS) != milliseconds:
        driver: Any = connection.connection.dbapi_connection
        driver.execute(f"PRAGMA busy_timeout={milliseconds}")
        connection.info["busy_timeout"] = milliseconds


@event.listens_for(Session, "before_flush")
def _refuse_writes_while_reading(session: Session, *_: object) -> None:
    if session.new or session.deleted or any(session.is_modified(each) for each in session.dirty):
        refuse_while_reading()


def is_reading() -> bool:
    """Whether a reading transaction is open: nothing is written in it."""
    return _in_boundary.get() and not _writing.get()


def refuse_while_reading() -> None:
    """Raise RuntimeError when something is written in a reading transaction."""
    if is_reading():
        raise RuntimeError("a reading transaction may not write; open it with writing=True")


@event.listens_for(Session, "loaded_as_persistent")
@event.listens_for(Session, "pending_to_persistent")
def keep_until_the_end(session: Session, row: object) -> None:
    """Keep the rows of a writing transaction until its end.

    The session itself forgets a row as soon as nobody uses it, and a process step that calls many services would read
    the same ticket, people and states again for each. Reading transactions may go through very many rows.
    """
    if _writing.get():
        session.info.setdefault("held", []).append(row)


def insert_one(session: Session, statement: Insert, row: Mapping[str, Any]) -> Any:
    """Insert one row past the session, which has nothing to write yet that it needs; its id."""
    refuse_while_reading()
    key = session.connection().execute(statement, row).inserted_primary_key
    assert key is not None
    count_write(session)
    return key[0]


def changes(session: Session) -> int:
    """A number that grows with whatever the session writes: what was read before it grew may be out of date."""
    count: int = session.info.get("changes", 0)
    return count


@event.listens_for(Session, "after_flush")
def count_write(session: Session, _flushed: object = None) -> None:
    """Note that the session's transaction wrote something: what was read before may be out of date."""
    session.info["changes"] = changes(session) + 1


@event.listens_for(Session, "do_orm_execute")
def _count_statement(execution: ORMExecuteState) -> None:
    if not execution.is_select:
        count_write(execution.session)


@contextmanager
def transaction(writing: bool = True) -> Iterator[Session]:
    """One boundary: commits when the body returns, rolls back when it raises.

    Needs an application context. Boundaries do not nest: an inner one means that a service wants to commit.
    """
    if _in_boundary.get():
        raise RuntimeError("a transaction is open already; services take the session they are given")
    boundary, mode = _in_boundary.set(True), _writing.set(writing)
    session = db.session()
    try:
        _begin_boundary(session)
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        db.session.remove()
        _writing.reset(mode)
        _in_boundary.reset(boundary)


def _begin_boundary(session: Session) -> None:
    """Begin, and take over the time that the database says, so that all processes of a demo agree."""
    try:
        connection = session.connection()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        # The database was restarted since; the pool has forgotten its connections, and nothing was done yet.
        session.rollback()
        connection = session.connection()
    offset = connection.info.pop("offset", None)
    clock.use_offset(timedelta(seconds=offset[0] if offset else 0))


def run_in_transaction(body: Callable[[Session], T], writing: bool = True) -> T:
    """Run `body(session)` as one boundary; again, up to three times, when another writer was faster.

    An exception may bring an `aftermath(session)` (a failed process step does): it runs in a second transaction
    after the rollback, so that the failure itself is on record, and the exception goes on.

    Raises:
        Conflict: other writers were faster each time.
    """

    def once() -> T:
        with transaction(writing) as session:
            return body(session)

    try:
        return retrying(once)
    except Exception as error:
        record_aftermath(error)
        raise


def retrying(run: Callable[[], T], *, before_again: Callable[[], None] | None = None) -> T:
    """Run a whole boundary; again, up to three times, when another writer was faster.

    Raises:
        Conflict: other writers were faster each time.
    """
    for attempt in range(1 + CONFLICT_RETRIES):
        try:
            return run()
        except (StaleDataError, OperationalError) as error:
            if not is_lost_race(error):
                raise
            log.info("conflict_retried", attempt=attempt, error=str(error))
            if before_again is not None:
                before_again()
    raise Conflict("Somebody else changed this at the same moment. Look at it again, then repeat what you did.")


def is_lost_race(error: Exception) -> bool:
    """Whether running the same body again can succeed: a version conflict, deadlock or serialization failure."""
    if isinstance(error, StaleDataError):
        return True
    code = getattr(getattr(error, "orig", None), "sqlstate", None)
    return code in {"40001", "40P01"}


def record_aftermath(error: Exception) -> None:
    """Write down, in a transaction of its own, what a failed step must leave behind."""
    aftermath = getattr(error, "aftermath", None)
    if aftermath is not None:
        run_in_transaction(aftermath)
