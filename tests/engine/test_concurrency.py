"""Two at the same moment, on both databases: one wins, and the other is told."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock, create_app
from app import db as database
from app.db import run_in_transaction
from app.engine import definitions, queries, service
from app.engine.models import HistoryEntry, InstanceState, ProcessInstance, Timer, UserTask
from app.engine.subject import Subject
from app.errors import Conflict
from tests.conftest import cheap_settings

from . import racing
from .conftest import THINGS, Thing, put_in
from .racing import LATER, RACES, at_once

ROUNDS = 20
# How often each race is run; `./run bench barriers` runs them 500 times.
BARRIER_ROUNDS = 10


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def own_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """A desk on a database of the test's own, whose transactions really commit."""
    if request.param == "postgresql":
        settings = cheap_settings(tmp_path, database_url=request.getfixturevalue("empty_postgres_url"))
    else:
        settings = cheap_settings(tmp_path)
    application = create_app(settings, web=False)
    THINGS.update({number: Thing() for number in range(1, ROUNDS + 1)})
    with application.app_context():
        database.db.create_all()
        yield application
        database.db.engine.dispose()
    THINGS.clear()


def started(key: str) -> list[int]:
    """One instance for each thing; their ids."""
    return racing.started(key, ROUNDS)


def passages(session: Session, instance_id: int, element: str) -> int:
    query = select(func.count()).where(HistoryEntry.instance_id == instance_id, HistoryEntry.element == element)
    return session.scalar(query) or 0


@pytest.mark.parametrize("race", RACES)
def test_of_two_at_the_same_moment_one_wins(own_desk: Flask, race: str) -> None:
    assert RACES[race](own_desk, BARRIER_ROUNDS) == []


def test_a_message_and_a_timer_at_once_take_one_branch(own_desk: Flask) -> None:
    for number, instance_id in enumerate(started("event_gateway"), start=1):

        def wake(instance_id: int = instance_id) -> None:
            def body(session: Session) -> None:
                timer = session.scalars(select(Timer).where(Timer.instance_id == instance_id)).one_or_none()
                if timer is not None:
                    service.wake(session, timer.id)

            with clock.frozen(clock.real_now() + LATER):
                run_in_transaction(body)

        def reply(number: int = number) -> None:
            run_in_transaction(
                lambda session: service.send_message(session, "reply", Subject("thing", number), {"text": "hello"})
            )

        assert at_once(own_desk, wake, reply) == [None, None]

        def check(session: Session, instance_id: int = instance_id) -> None:
            assert passages(session, instance_id, "note_silence") + passages(session, instance_id, "note_reply") == 1

        run_in_transaction(check, writing=False)


def test_of_two_deploys_of_one_process_one_wins_and_the_other_is_told(own_desk: Flask) -> None:
    """SQLite lets the second one wait, and then it finds nothing to change."""

    def deploy() -> int:
        return run_in_transaction(lambda session: len(put_in(session, "one_task")))

    results = at_once(own_desk, deploy, deploy, deploy)

    assert results.count(1) == 1
    assert all(isinstance(each, Conflict) or each in (0, 1) for each in results)
    run_in_transaction(
        lambda session: _expect([each.version for each in definitions.current_all(session)], [1]), writing=False
    )


def test_a_message_that_comes_while_its_receiver_is_about_to_wait_arrives(own_desk: Flask) -> None:
    """The step that will wait for the message is not committed yet when the message is sent."""
    first, *_ = started("waits_late")
    moving, sent = threading.Event(), threading.Event()

    def move_on() -> None:
        def body(session: Session) -> None:
            task = session.scalars(select(UserTask).where(UserTask.instance_id == first)).one()
            service.complete_task(session, task, {}, by_id=7)
            moving.set()
            # Long enough for a message that does not look for this step to be gone.
            sent.wait(timeout=0.5)

        run_in_transaction(body)

    def send() -> None:
        moving.wait(timeout=30)
        run_in_transaction(lambda session: service.send_message(session, "hello", Subject("thing", 1), {"text": "x"}))
        sent.set()

    assert at_once(own_desk, move_on, send) == [None, None]

    run_in_transaction(
        lambda session: _expect(session.get_one(ProcessInstance, first).state, InstanceState.COMPLETED), writing=False
    )


def test_a_boundary_records_a_failed_step_after_it_rolled_back(own_desk: Flask) -> None:
    first, *_ = started("failing_step")
    THINGS[1].broken = True

    def complete(session: Session) -> None:
        task = session.scalars(select(UserTask).where(UserTask.instance_id == first)).one()
        service.complete_task(session, task, {"outcome": "do it"}, by_id=7)

    with pytest.raises(service.StepFailed):
        run_in_transaction(complete)

    def check(session: Session) -> None:
        instance = session.get_one(ProcessInstance, first)
        assert (instance.state, instance.stalled_element) == (InstanceState.STALLED, "carry_out")
        assert [task.element for task in queries.open_tasks(session, instance.subject)] == ["decide"]

    run_in_transaction(check, writing=False)

    THINGS[1].broken = False
    run_in_transaction(lambda session: service.retry(session, session.get_one(ProcessInstance, first), by_id=1))
    run_in_transaction(
        lambda session: _expect(session.get_one(ProcessInstance, first).state, InstanceState.RUNNING), writing=False
    )


def _expect(found: object, wanted: object) -> None:
    assert found == wanted
