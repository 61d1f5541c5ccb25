"""The transaction boundary: what commits, what rolls back, what is refused, what is tried again."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import InternalError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app import clock
from app.connecting import standalone_engine
from app.db import CONFLICT_RETRIES, DeskClock, UTCDateTime, move_clock, run_in_transaction, transaction
from app.errors import Conflict


def _offset_stored() -> int | None:
    with transaction(writing=False) as session:
        return session.scalar(select(DeskClock.offset_seconds))


def test_a_boundary_commits_when_its_body_returns(desk: Flask) -> None:
    with transaction() as session:
        session.add(DeskClock(id=1, offset_seconds=60))

    assert _offset_stored() == 60


def test_a_boundary_leaves_nothing_when_its_body_raises(desk: Flask) -> None:
    def body(session: Session) -> None:
        session.add(DeskClock(id=1, offset_seconds=60))
        session.flush()
        raise KeyError

    with pytest.raises(KeyError):
        run_in_transaction(body)

    assert _offset_stored() is None


def test_boundaries_do_not_nest(desk: Flask) -> None:
    """An inner boundary would commit half of the outer one's work."""
    with transaction(), pytest.raises(RuntimeError, match="open already"), transaction():
        pass


def test_a_reading_boundary_refuses_to_write_through_the_session(desk: Flask) -> None:
    def body(session: Session) -> None:
        session.add(DeskClock(id=1, offset_seconds=60))
        session.flush()

    with pytest.raises(RuntimeError, match="reading transaction"):
        run_in_transaction(body, writing=False)

    assert _offset_stored() is None


@pytest.mark.postgres
@pytest.mark.parametrize("desk", ["postgresql"], indirect=True)
def test_postgresql_itself_refuses_writes_of_a_reading_boundary(desk: Flask) -> None:
    """SQL that goes past the session is stopped by the database, where the database can."""

    def body(session: Session) -> None:
        session.execute(text("INSERT INTO desk_clock (id, offset_seconds) VALUES (1, 60)"))

    with pytest.raises(InternalError, match="read-only transaction"):
        run_in_transaction(body, writing=False)


@pytest.mark.postgres
@pytest.mark.parametrize("desk", ["postgresql"], indirect=True)
def test_a_row_that_somebody_never_lets_go_is_not_waited_for_without_end(desk: Flask) -> None:
    """A process that hangs in its transaction must not stop every thread that comes to the same row."""
    with transaction() as session:
        session.add(DeskClock(id=1, offset_seconds=60))
    stuck = standalone_engine(str(desk.config["SQLALCHEMY_DATABASE_URI"]))
    with stuck.begin() as holding:
        holding.execute(text("UPDATE desk_clock SET offset_seconds = 0"))

        with pytest.raises(OperationalError, match="lock timeout"):
            run_in_transaction(lambda session: move_clock(session, timedelta(hours=1)))

    stuck.dispose()
    clock.use_offset(timedelta(0))


@pytest.mark.postgres
@pytest.mark.parametrize("desk", ["postgresql"], indirect=True)
def test_the_first_boundary_after_the_database_came_back_goes_well(desk: Flask) -> None:
    """Connections that rest in the pool are gone when the database was restarted; nobody is told of it."""
    move_on = timedelta(seconds=60)
    run_in_transaction(lambda session: move_clock(session, move_on))
    other = standalone_engine(str(desk.config["SQLALCHEMY_DATABASE_URI"]))
    with other.connect() as restarting:
        ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        restarting.execute(text(f"{ours} AND pid <> pg_backend_pid()"))
    other.dispose()

    run_in_transaction(lambda session: move_clock(session, move_on))

    assert _offset_stored() == 120
    clock.use_offset(timedelta(0))


def test_a_lost_race_runs_the_body_again_and_then_says_so(desk: Flask) -> None:
    tries = []

    def body(session: Session) -> None:
        tries.append(session)
        raise StaleDataError

    with pytest.raises(Conflict):
        run_in_transaction(body)

    assert len(tries) == 1 + CONFLICT_RETRIES


def test_what_a_failure_must_leave_behind_is_written_after_the_rollback(desk: Flask) -> None:
    """That is how a failed process step marks its instance as stalled."""

    class StepFailedError(Exception):
        @staticmethod
        def aftermath(session: Session) -> None:
            session.add(DeskClock(id=1, offset_seconds=5))

    def body(session: Session) -> None:
        session.add(DeskClock(id=1, offset_seconds=60))
        session.flush()
        raise StepFailedError

    with pytest.raises(StepFailedError):
        run_in_transaction(body)

    assert _offset_stored() == 5


def test_every_boundary_sees_the_time_that_another_process_moved(desk: Flask) -> None:
    with transaction() as session:
        move_clock(session, timedelta(hours=4))
    clock.use_offset(timedelta(0))

    with transaction(writing=False):
        ahead = clock.now() - clock.real_now()

    assert ahead > timedelta(hours=3, minutes=59)
    clock.use_offset(timedelta(0))


def test_time_moves_forward_only(desk: Flask) -> None:
    with pytest.raises(Conflict, match="forward only"), transaction() as session:
        move_clock(session, timedelta(hours=-1))


def test_moments_without_a_zone_are_refused(desk: Flask) -> None:
    """Nobody could say when such a moment is."""
    with transaction(writing=False) as session, pytest.raises(ValueError, match="naive"):
        UTCDateTime().process_bind_param(datetime(2026, 11, 18, 8, 0), session.get_bind().dialect)  # noqa: DTZ001
