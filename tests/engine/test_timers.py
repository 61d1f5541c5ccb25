"""Timers: armed, re-armed, fired in order, taken by one worker."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select

from app import clock
from app.engine import service
from app.engine.due import NEVER
from app.engine.jobs import begin
from app.engine.models import InstanceState, Parked, TaskState, Timer, UserTask
from app.engine.timers import LEASE, MAX_ATTEMPTS, offer_due

from .conftest import Desk, Thing

Later = Callable[..., datetime]


def test_silence_fires_the_timer_of_an_event_gateway(desk: Desk, thing: Thing, later: Later) -> None:
    instance = desk.start("event_gateway")
    assert desk.timers() == {"silence": clock.now() + timedelta(hours=24)}
    later(hours=24)

    desk.fire_due()

    assert thing.notes == ["silence"]
    assert instance.state == InstanceState.COMPLETED


def test_a_message_wins_the_event_gateway_and_disarms_its_timer(desk: Desk, thing: Thing, later: Later) -> None:
    instance = desk.start("event_gateway")

    service.send_message(desk.session, "reply", desk.subject, {"text": "hello"})
    later(days=2)

    assert desk.fire_due() == []
    assert thing.notes == ["hello"]
    assert instance.state == InstanceState.COMPLETED


def test_of_two_timers_behind_one_event_gateway_the_earlier_wins(desk: Desk, later: Later) -> None:
    desk.start("two_timers")
    assert set(desk.timers()) == {"later", "sooner"}
    later(hours=5)

    desk.fire_due()

    assert desk.open() == ["after_sooner"]


def test_boundary_timers_interrupt_or_do_not(desk: Desk, thing: Thing, later: Later) -> None:
    desk.start("boundary_timers")
    desk.complete("first_step")
    assert set(desk.timers()) == {"remind", "give_up", "remind_second"}

    later(hours=1)
    desk.fire_due()
    assert (thing.notes, desk.open()) == (["second is slow"], ["second_step"])

    later(hours=1)
    desk.fire_due()
    assert (thing.notes, desk.open()) == (["second is slow", "slow"], ["second_step"])

    later(hours=6)
    desk.fire_due()
    assert desk.open() == ["explain"]
    gone = desk.session.scalars(select(UserTask).where(UserTask.element == "second_step")).one()
    assert (gone.state, gone.completed_at) == (TaskState.CANCELLED, clock.now())
    assert desk.timers() == {}


def test_after_an_outage_timers_fire_in_the_order_they_were_due(desk: Desk, thing: Thing, later: Later) -> None:
    desk.start("boundary_timers")
    desk.complete("first_step")
    later(hours=12)

    last = desk.session.scalars(select(Timer).order_by(Timer.due_at.desc())).first()
    assert last is not None
    service.wake(desk.session, last.id)

    assert thing.notes == ["second is slow", "slow"]
    assert desk.open() == ["explain"]


def test_a_timer_that_is_not_due_does_not_fire(desk: Desk) -> None:
    desk.start("event_gateway")
    timer = desk.session.scalars(select(Timer)).one()

    service.wake(desk.session, timer.id)
    service.wake(desk.session, timer.id + 1000)

    assert set(desk.timers()) == {"silence"}


def test_a_timer_woken_twice_fires_once(desk: Desk, thing: Thing, later: Later) -> None:
    desk.start("event_gateway")
    timer_id = desk.session.scalars(select(Timer.id)).one()
    later(hours=30)

    service.wake(desk.session, timer_id)
    service.wake(desk.session, timer_id)

    assert thing.notes == ["silence"]


def test_refresh_re_arms_deadlines_and_leaves_durations_alone(desk: Desk, thing: Thing, later: Later) -> None:
    """A priority change moves a deadline; it must not give "four hours unassigned" another four hours."""
    thing.due = clock.now() + timedelta(hours=3)
    desk.start("deadlines")
    armed = desk.timers()
    later(hours=1)
    thing.due = clock.now() + timedelta(hours=9)

    service.refresh(desk.session, desk.subject)

    assert desk.timers() == {**armed, "overdue": thing.due}
    assert desk.task("work").due_at == thing.due


def test_a_paused_deadline_is_armed_for_ever_and_comes_back(desk: Desk, thing: Thing, later: Later) -> None:
    thing.due = clock.now() + timedelta(hours=3)
    desk.start("deadlines")

    thing.due = NEVER
    service.refresh(desk.session, desk.subject)
    assert desk.timers()["overdue"] == NEVER
    assert desk.task("work").due_at is None

    later(hours=2)
    thing.due = clock.now() + timedelta(hours=1)
    service.refresh(desk.session, desk.subject)
    later(hours=1)
    desk.fire_due()
    assert "overdue" in thing.notes


def test_refresh_follows_the_facts_of_a_task_but_not_over_a_claim(desk: Desk, thing: Thing) -> None:
    thing.team = "network"
    desk.start("deadlines")
    task = desk.task("work")
    service.claim(desk.session, task, 5)

    thing.team = "field"
    service.refresh(desk.session, desk.subject)
    assert (task.assignee_id, task.team_keys) == (5, ["field"])

    thing.owner = 6
    service.refresh(desk.session, desk.subject)
    assert task.assignee_id == 6


def test_a_cycle_fires_round_by_round_and_once_for_all_it_missed(desk: Desk, thing: Thing, later: Later) -> None:
    desk.start("cycle")
    later(hours=1)
    desk.fire_due()
    assert thing.notes == ["hour"]

    later(hours=10)
    desk.fire_due()

    assert thing.notes == ["hour", "hour"]
    assert desk.fire_due() == []
    desk.complete("work")
    assert desk.open() == []


def test_the_clock_takes_due_timers_once_per_lease(desk: Desk, later: Later) -> None:
    desk.start("event_gateway")
    assert offer_due(desk.session, clock.now()) == []
    moment = later(days=2)

    taken = offer_due(desk.session, moment)

    assert len(taken) == 1
    assert offer_due(desk.session, moment) == []


def test_a_timer_that_kills_its_workers_ends_as_a_stalled_instance(desk: Desk, later: Later) -> None:
    instance = desk.start("event_gateway")
    moment = later(days=2)

    for _ in range(MAX_ATTEMPTS):
        (timer_id,) = offer_due(desk.session, moment)
        assert begin(desk.session, timer_id)
        _let_lease_end(desk)
    (timer_id,) = offer_due(desk.session, moment)
    assert not begin(desk.session, timer_id)
    assert offer_due(desk.session, moment) == []

    assert (instance.state, instance.stalled_element) == (InstanceState.STALLED, "silence")
    service.retry(desk.session, instance, by_id=1)
    assert instance.state == InstanceState.COMPLETED


def test_a_queue_that_stands_still_stalls_no_instance(desk: Desk, thing: Thing, later: Later) -> None:
    """Without Redis or workers the clock takes a timer again and again; that is nothing the timer did."""
    desk.start("event_gateway")
    moment = later(days=2)

    taken = set()
    for _ in range(MAX_ATTEMPTS + 3):
        taken.update(offer_due(desk.session, moment))
        _let_lease_end(desk)

    (timer_id,) = taken
    assert begin(desk.session, timer_id)
    service.wake(desk.session, timer_id)
    assert thing.notes == ["silence"]


def test_a_parked_timer_is_not_begun_by_an_old_hint(desk: Desk, thing: Thing, later: Later) -> None:
    desk.start("event_gateway")
    timer = desk.session.scalars(select(Timer)).one()
    moment = later(days=2)
    offer_due(desk.session, moment)
    timer.parked = Parked.STALLED

    assert not begin(desk.session, timer.id)


def _let_lease_end(desk: Desk) -> None:
    timer = desk.session.scalars(select(Timer)).one()
    timer.lease_until = clock.real_now() - LEASE
    desk.session.flush()
