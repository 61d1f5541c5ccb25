"""How due timers are claimed: in order, in batches, leased, after pauses, and without a look at those that wait."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.engine import service, timers
from app.engine.due import NEVER
from app.engine.jobs import begin
from app.engine.models import Parked, ProcessInstance, Timer

from .conftest import Desk, Thing

Later = Callable[..., datetime]
NOW = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


def many(desk: Desk, count: int, process: str = "event_gateway") -> list[int]:
    """Instances of a process, each a second later than the one before; the ids of their timers in due order."""
    desk.deploy(process)
    for number in range(count):
        with clock.frozen(clock.now() + timedelta(seconds=number)):
            service.start(desk.session, process, desk.subject)
    return list(desk.session.scalars(select(Timer.id).order_by(Timer.due_at)))


def hints(session: Session) -> list[tuple[int, ...]]:
    """The timers that this transaction will hint workers at, hint by hint."""
    return [args for name, args in session.info.get("hints", []) if name == "engine.wake"]


def test_a_claim_takes_the_earliest_and_no_more_than_its_limit(desk: Desk, later: Later) -> None:
    expected = many(desk, 5)
    moment = later(days=2)

    assert timers.offer_due(desk.session, moment, limit=3) == expected[:3]
    assert timers.offer_due(desk.session, moment, limit=3) == expected[3:]
    assert timers.offer_due(desk.session, moment, limit=3) == []


def test_one_hint_carries_many_timers_in_due_order(desk: Desk, later: Later, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "TIMERS_A_HINT", 3)
    expected = many(desk, 7)

    timers.offer_due(desk.session, later(days=2))

    assert hints(desk.session) == [tuple(expected[:3]), tuple(expected[3:6]), (expected[6],)]


def test_a_timer_that_was_begun_before_gets_a_hint_of_its_own(desk: Desk, later: Later) -> None:
    first, second, third = many(desk, 3)
    moment = later(days=2)
    desk.session.get_one(Timer, second).attempts = 1
    desk.session.flush()

    timers.offer_due(desk.session, moment)

    assert hints(desk.session) == [(first, third), (second,)]


def test_pauses_double_and_differ_within_bounds() -> None:
    longest = [timers.pause_after(attempts, lambda: 0.0) for attempts in range(1, 30)]
    shortest = [timers.pause_after(attempts, lambda: 1.0) for attempts in range(1, 30)]
    assert timers.pause_after(0) == timedelta(0)
    assert longest[:3] == [timers.FIRST_PAUSE, 2 * timers.FIRST_PAUSE, 4 * timers.FIRST_PAUSE]
    assert longest[-1] == timers.LONGEST_PAUSE
    assert shortest == [each / 2 for each in longest]

    drawn = {timers.pause_after(3) for _ in range(50)}

    assert len(drawn) > 1
    assert all(shortest[2] <= each <= longest[2] for each in drawn)


def test_each_lost_attempt_keeps_the_timer_away_for_longer(desk: Desk, later: Later) -> None:
    (timer_id,) = many(desk, 1)
    later(days=2)
    timer = desk.session.get_one(Timer, timer_id)
    pauses = []
    for attempt in range(1, timers.MAX_ATTEMPTS + 1):
        before = clock.real_now()
        assert begin(desk.session, timer_id)
        assert timer.attempts == attempt
        assert timer.lease_until is not None
        pauses.append(timer.lease_until - before - timers.LEASE)

    for attempt, pause in enumerate(pauses):
        longest = timers.pause_after(attempt, lambda: 0.0)
        # A machine that is busy stands still for a moment in between.
        assert longest / 2 <= pause <= longest + timedelta(seconds=5)


@pytest.mark.parametrize(("counted", "attempts"), [(True, 1), (False, 0)])
def test_a_timer_that_could_not_be_fired_is_put_back(desk: Desk, later: Later, counted: bool, attempts: int) -> None:
    (timer_id,) = many(desk, 1)
    moment = later(days=2)
    assert begin(desk.session, timer_id)

    before = clock.real_now()
    timers.put_back(desk.session, timer_id, counted=counted, jitter=lambda: 0.0)

    timer = desk.session.get_one(Timer, timer_id)
    assert timer.attempts == attempts
    assert timer.lease_until is not None
    assert before + timers.FIRST_PAUSE <= timer.lease_until <= clock.real_now() + timers.FIRST_PAUSE
    assert timers.offer_due(desk.session, moment) == []


def test_timers_of_a_suspended_instance_rest_and_fire_once_in_order_afterwards(
    desk: Desk, thing: Thing, later: Later
) -> None:
    instance = desk.start("boundary_timers")
    desk.complete("first_step")
    timers.park(desk.session, instance.id)
    moment = later(hours=3)

    assert timers.offer_due(desk.session, moment) == []
    (first, *_) = desk.session.scalars(select(Timer.id).order_by(Timer.due_at))
    assert not begin(desk.session, first)
    service.wake(desk.session, first)
    assert thing.notes == []

    timers.unpark(desk.session, instance.id)
    for timer_id in timers.offer_due(desk.session, moment):
        service.wake(desk.session, timer_id)

    assert thing.notes == ["second is slow", "slow"]
    assert timers.offer_due(desk.session, moment) == []


def test_a_parked_timer_whose_deadline_moves_stays_parked(desk: Desk, thing: Thing, later: Later) -> None:
    thing.due = clock.now() + timedelta(hours=3)
    instance = desk.start("deadlines")
    timers.park(desk.session, instance.id)
    thing.due = clock.now() + timedelta(hours=9)

    service.refresh(desk.session, desk.subject)
    desk.session.expire_all()

    rows = desk.session.scalars(select(Timer).where(Timer.instance_id == instance.id)).all()
    assert {row.parked for row in rows} == {Parked.SUSPENDED}


def test_resuming_leaves_a_timer_parked_whose_own_step_failed(desk: Desk, later: Later) -> None:
    instance = desk.start("boundary_timers")
    desk.complete("first_step")
    timer = desk.session.scalars(select(Timer).order_by(Timer.due_at)).first()
    assert timer is not None
    timers.park_one(desk.session, instance.id, timer.task_id, timer.element)

    timers.park(desk.session, instance.id)
    timers.unpark(desk.session, instance.id)

    parked = desk.session.scalars(select(Timer.id).where(Timer.parked == Parked.STALLED)).all()
    assert parked == [timer.id]
    assert desk.session.scalars(select(Timer.id).where(Timer.parked == Parked.SUSPENDED)).all() == []


def test_counts_say_how_late_the_due_timers_are(desk: Desk, later: Later) -> None:
    desk.start("event_gateway")
    instance_id = desk.session.scalars(select(ProcessInstance.id)).one()
    desk.session.execute(delete(Timer))
    late = [0, 59, 60, 299, 300, 3599, 3600, 86_399, 86_400, 10**7]
    rows: list[dict[str, Any]] = [{"due_at": clock.now() - timedelta(seconds=seconds)} for seconds in late]
    rows += [{"due_at": clock.now() + timedelta(seconds=1)}, {"due_at": NEVER}]
    rows += [{"due_at": clock.now(), "parked": reason} for reason in Parked]
    for number, row in enumerate(rows):
        desk.session.add(Timer(instance_id=instance_id, task_id=str(number), element="x", **row))
    desk.session.flush()

    counted = timers.count(desk.session, clock.now())

    assert counted.overdue == {"under_1_min": 2, "under_5_min": 2, "under_1_h": 2, "under_1_d": 2, "more": 2}
    assert (counted.pending, counted.due, counted.stalled, counted.suspended) == (2, 10, 1, 1)
    assert counted.oldest_due_seconds == 10**7
