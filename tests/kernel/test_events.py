"""Events: reactions share the transaction, deliveries survive it and are tried until they are done or dead."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import events
from app.clock import real_now
from app.db import run_in_transaction, transaction
from app.events import Delivery, DeliveryState, Undeliverable, deliver, delivers, reacts_to, record, relay


@dataclass(frozen=True)
class BellRang(events.Event):
    """An event of these tests."""

    times: int


_heard: list[int] = []
_fail_with: list[Exception] = []


@reacts_to(BellRang)
def _hear(session: Session, event: BellRang) -> None:
    _heard.append(event.times)


@delivers(BellRang, name="tests.ring")
def _ring(session: Session, event: BellRang, delivery: Delivery) -> None:
    if _fail_with:
        raise _fail_with.pop()
    _heard.append(event.times * 100)


@pytest.fixture(autouse=True)
def _quiet() -> None:
    _heard.clear()
    _fail_with.clear()


def _recorded(times: int) -> int:
    with transaction() as session:
        record(session, BellRang(times=times))
        session.flush()
        return session.scalars(select(Delivery.id)).one()


def _delivery(delivery_id: int) -> Delivery:
    with transaction(writing=False) as session:
        return session.get_one(Delivery, delivery_id)


def test_reactions_run_at_once_and_deliveries_wait_for_a_worker(desk: Flask) -> None:
    delivery_id = _recorded(3)

    assert _heard == [3]
    assert _delivery(delivery_id).state == DeliveryState.PENDING


def test_a_delivery_runs_once_however_often_it_is_offered(desk: Flask) -> None:
    delivery_id = _recorded(3)

    assert deliver(delivery_id) is True
    assert deliver(delivery_id) is False

    assert _heard == [3, 300]


def test_a_rollback_takes_event_and_delivery_with_it(desk: Flask) -> None:
    def body(session: Session) -> None:
        record(session, BellRang(times=1))
        raise KeyError

    with pytest.raises(KeyError):
        run_in_transaction(body)

    with transaction(writing=False) as session:
        assert session.scalars(select(Delivery)).all() == []


def test_a_failed_delivery_is_put_off_and_says_why(desk: Flask) -> None:
    delivery_id = _recorded(3)
    _fail_with.append(ConnectionError("no route"))

    deliver(delivery_id)

    waiting = _delivery(delivery_id)
    assert waiting.state == DeliveryState.PENDING
    assert waiting.next_attempt_at > real_now() + timedelta(seconds=10)
    assert "no route" in (waiting.last_error or "")
    assert deliver(delivery_id) is False


def test_a_hopeless_delivery_is_dead_at_once(desk: Flask) -> None:
    delivery_id = _recorded(3)
    _fail_with.append(Undeliverable("no such address"))

    deliver(delivery_id)

    assert _delivery(delivery_id).state == DeliveryState.DEAD
    assert _delivery(delivery_id).last_error == "no such address"


def test_a_delivery_dies_after_its_last_attempt(desk: Flask) -> None:
    delivery_id = _recorded(3)
    for _ in range(events.MAX_ATTEMPTS):
        _fail_with[:] = [ConnectionError("no route")]
        with transaction() as session:
            session.get_one(Delivery, delivery_id).next_attempt_at = real_now()
        deliver(delivery_id)

    assert _delivery(delivery_id).state == DeliveryState.DEAD


def test_a_delivery_that_kills_its_worker_each_time_ends_as_dead(desk: Flask) -> None:
    """It must not take workers with it for ever."""
    delivery_id = _recorded(3)
    with transaction() as session:
        # As often as may be, a worker claimed it and was gone.
        session.get_one(Delivery, delivery_id).attempts = events.MAX_ATTEMPTS

    assert deliver(delivery_id) is False

    assert _delivery(delivery_id).state == DeliveryState.DEAD
    assert _heard == [3]


def test_the_clock_finds_deliveries_whose_hint_was_lost(desk: Flask) -> None:
    delivery_id = _recorded(3)

    with transaction(writing=False) as session:
        assert relay(session) == [delivery_id]
    deliver(delivery_id)
    with transaction(writing=False) as session:
        assert relay(session) == []
