"""How the workers' jobs fire due timers: many in a transaction, each once, and none for what its neighbour does."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from app import clock, create_app, health, jobs
from app import db as database
from app.db import run_in_transaction
from app.engine import jobs as jobs_of_engine
from app.engine import service, timers
from app.engine.jobs import wake
from app.engine.locking import locked_if_free
from app.engine.models import InstanceState, Parked, ProcessInstance, Timer
from app.engine.subject import Subject
from app.errors import Conflict
from tests.conftest import cheap_settings

from .conftest import THINGS, Thing, put_in
from .test_timer_claims import hints

Later = Callable[..., datetime]
NOW = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def own_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """A desk on a database of the test's own, whose transactions really commit, with a process per thing."""
    if request.param == "postgresql":
        settings = cheap_settings(tmp_path, database_url=request.getfixturevalue("empty_postgres_url"))
    else:
        settings = cheap_settings(tmp_path)
    application = create_app(settings, web=False)
    THINGS.update({number: Thing() for number in range(1, 6)})
    with application.app_context(), clock.frozen(NOW):
        database.db.create_all()
        run_in_transaction(lambda session: put_in(session, "event_gateway"))
        yield application
        database.db.engine.dispose()
    THINGS.clear()


def begun_on_five_things() -> list[int]:
    def body(session: Session) -> list[int]:
        for number in range(1, 6):
            service.start(session, "event_gateway", Subject("thing", number))
        return list(session.scalars(select(Timer.id).order_by(Timer.due_at, Timer.id)))

    return run_in_transaction(body)


def waiting() -> dict[int, int]:
    """The attempts of each timer that still waits."""

    def body(session: Session) -> dict[int, int]:
        return dict(session.execute(select(Timer.id, Timer.attempts).where(Timer.element != "by_work")).all())

    return run_in_transaction(body, writing=False)


def test_one_job_fires_many_timers_each_once(own_desk: Flask) -> None:
    ids = begun_on_five_things()

    with clock.frozen(NOW + timedelta(days=2)):
        wake(*ids)
        wake(*ids)

    assert waiting() == {}
    assert [THINGS[number].notes for number in range(1, 6)] == [["silence"]] * 5


class _Killed(BaseException):
    """The worker is gone: nothing catches this."""


@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_timer_that_kills_its_worker_keeps_its_neighbours_for_one_attempt(
    own_desk: Flask, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    ids = begun_on_five_things()
    fire = service.wake

    def die(session: Session, timer_id: int) -> None:
        if timer_id == ids[place]:
            raise _Killed
        fire(session, timer_id)

    monkeypatch.setattr(service, "wake", die)
    monkeypatch.setattr(jobs_of_engine, "HOLD_SECONDS", 30.0)
    with clock.frozen(NOW + timedelta(days=2)):
        with pytest.raises(_Killed):
            wake(*ids)
        assert waiting() == dict.fromkeys(ids, 1)
        run_in_transaction(lambda session: session.execute(update(Timer).values(lease_until=None)))
        found = run_in_transaction(lambda session: (timers.offer_due(session, clock.now()), hints(session)))
        for each in found[0]:
            with suppress(_Killed):
                wake(each)

    # From now on each travels alone.
    assert found[1] == [(each,) for each in ids]
    assert waiting() == {ids[place]: 2}


def test_a_timer_that_cannot_be_fired_does_not_keep_its_neighbours(
    own_desk: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = begun_on_five_things()
    fire = service.wake

    def fail(session: Session, timer_id: int) -> None:
        if timer_id == ids[1]:
            raise RuntimeError("the disk is full")
        if timer_id == ids[2]:
            raise Conflict("Others were faster.")
        fire(session, timer_id)

    monkeypatch.setattr(service, "wake", fail)
    with clock.frozen(NOW + timedelta(days=2)):
        wake(*ids)

    # Losing races is not the timer's doing.
    assert waiting() == {ids[1]: 1, ids[2]: 0}


def test_a_job_without_time_gives_back_what_it_has_not_tried(own_desk: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = begun_on_five_things()
    monkeypatch.setattr("app.engine.jobs.LONGEST_SECONDS", -1.0)
    monkeypatch.setattr("app.engine.jobs.HOLD_SECONDS", -1.0)

    with clock.frozen(NOW + timedelta(days=2)):
        run_in_transaction(lambda session: timers.offer_due(session, clock.now()))
        wake(*ids)
        assert waiting() == dict.fromkeys(ids[1:], 0)
        taken = run_in_transaction(lambda session: timers.offer_due(session, clock.now()))

    assert taken == ids[1:]


def test_a_transaction_goes_on_for_a_while_only(own_desk: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for the database's one writer's place, or for one of the instances, must not wait for long."""
    ids = begun_on_five_things()
    monkeypatch.setattr("app.engine.jobs.HOLD_SECONDS", -1.0)
    ended: list[int] = []
    fire = service.wake

    def note(session: Session, timer_id: int) -> None:
        ended.append(5 - len(session.scalars(select(Timer.id)).all()))
        fire(session, timer_id)

    monkeypatch.setattr(service, "wake", note)
    with clock.frozen(NOW + timedelta(days=2)):
        wake(*ids)

    assert ended == [0, 1, 2, 3, 4]
    assert waiting() == {}


def test_a_transaction_fires_many_timers_when_they_are_quick(own_desk: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = begun_on_five_things()
    opened: list[int] = []
    begin_transaction = database.transaction

    @contextmanager
    def counted() -> Iterator[Session]:
        opened.append(1)
        with begin_transaction() as session:
            yield session

    monkeypatch.setattr(jobs_of_engine, "transaction", counted)
    monkeypatch.setattr(jobs_of_engine, "HOLD_SECONDS", 30.0)
    with clock.frozen(NOW + timedelta(days=2)):
        wake(*ids)

    assert opened == [1]
    assert waiting() == {}
    assert [THINGS[number].notes for number in range(1, 6)] == [["silence"]] * 5


# On SQLite the one writer holds everything.
@pytest.mark.postgres
@pytest.mark.parametrize("own_desk", ["postgresql"], indirect=True)
def test_a_held_instance_is_fired_after_the_others_and_by_itself(
    own_desk: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting for one instance while holding others is how two workers come to wait for each other."""
    ids = begun_on_five_things()
    # However slow the machine: all in one transaction.
    monkeypatch.setattr(jobs_of_engine, "HOLD_SECONDS", 60.0)
    together = locked_if_free
    monkeypatch.setattr(jobs_of_engine, "locked_if_free", lambda session, wanted: together(session, sorted(wanted)[1:]))
    fired: list[int] = []
    fire = service.wake

    def note(session: Session, timer_id: int) -> None:
        fired.append(timer_id)
        fire(session, timer_id)

    monkeypatch.setattr(service, "wake", note)
    with clock.frozen(NOW + timedelta(days=2)):
        wake(*ids)

    assert fired == [*ids[1:], ids[0]]
    assert waiting() == {}


def test_a_timer_of_a_failing_step_stalls_its_instance_only(own_desk: Flask) -> None:
    run_in_transaction(lambda session: put_in(session, "failing_timer"))

    def body(session: Session) -> list[int]:
        for number in range(1, 6):
            THINGS[number].broken = number == 3
            service.start(session, "failing_timer", Subject("thing", number))
        return list(session.scalars(select(Timer.id).order_by(Timer.due_at, Timer.id)))

    ids = run_in_transaction(body)
    with clock.frozen(NOW + timedelta(days=30)):
        wake(*ids)

    def states(session: Session) -> list[str]:
        return list(session.scalars(select(ProcessInstance.state).order_by(ProcessInstance.id)))

    found = run_in_transaction(states, writing=False)
    assert [state == InstanceState.STALLED for state in found] == [False, False, True, False, False]
    assert set(waiting()) == {ids[2]}


def test_waiting_and_parked_timers_are_not_looked_at_by_a_claim(own_desk: Flask) -> None:
    begun_on_five_things()

    def fill(session: Session) -> None:
        instance_id = session.scalars(select(ProcessInstance.id).limit(1)).one()
        rows: list[dict[str, Any]] = []
        for number in range(20_000):
            parked = Parked.STALLED.value if number % 2 else None
            due_at = NOW - timedelta(days=1) if parked else NOW + timedelta(days=3, seconds=number)
            rows.append({"instance_id": instance_id, "task_id": f"t{number}", "element": "x",
                         "due_at": due_at, "parked": parked, "attempts": 0})  # fmt: skip
        session.execute(insert(Timer), rows)

    run_in_transaction(fill)
    moment = NOW + timedelta(days=2)
    dialect = database.db.engine.dialect.name
    if dialect == "postgresql":
        with database.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE timer"))

    def explain(session: Session) -> str:
        query = timers.claimable(moment, clock.real_now(), 500).compile(
            database.db.engine, compile_kwargs={"literal_binds": True}
        )
        if dialect == "sqlite":
            return "\n".join(str(row[-1]) for row in session.execute(text(f"EXPLAIN QUERY PLAN {query}")))
        (plan,) = session.scalars(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}")).all()
        return json.dumps(plan)

    plan = run_in_transaction(explain)

    assert "ix_timer_claim" in plan
    if dialect == "sqlite":
        assert plan.startswith("SEARCH timer")
        assert "due_at<?" in plan
        # It comes out in order, and nothing is sorted.
        assert "TEMP B-TREE" not in plan
    else:
        assert "Seq Scan" not in plan
        assert '"Rows Removed by Filter"' not in plan or '"Rows Removed by Filter": 0' in plan
    assert len(run_in_transaction(lambda session: timers.offer_due(session, moment, limit=500))) == 5


def test_health_and_the_command_line_show_the_same_counts(own_desk: Flask) -> None:
    begun_on_five_things()
    run_in_transaction(lambda session: timers.park(session, session.scalars(select(ProcessInstance.id)).all()[0]))

    with clock.frozen(NOW + timedelta(hours=26)):
        found = run_in_transaction(health.look, writing=False)
        assert found.timers is not None
        shown = own_desk.test_cli_runner().invoke(args=["timers"])
        as_json = own_desk.test_cli_runner().invoke(args=["timers", "--json"])

    assert json.loads(as_json.output) == found.timers.as_json()
    assert found.timers.overdue == {"under_1_min": 0, "under_5_min": 0, "under_1_h": 0, "under_1_d": 4, "more": 0}
    assert found.oldest_due_timer_seconds == 7200.0
    assert "suspended" in shown.output
    assert "2 h" in shown.output
    assert jobs.queue() is None
