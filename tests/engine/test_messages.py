"""Messages: correlated by name and subject, queued while a step runs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from app.db import run_in_transaction
from app.engine import messages, queries, service
from app.engine.messages import is_awaited
from app.engine.models import (
    EarlyMessage,
    HistoryEntry,
    InstanceState,
    MessageState,
    MessageWait,
    ProcessInstance,
    TaskState,
    UserTask,
)
from app.engine.subject import Subject

from .conftest import THINGS, Desk, Thing, put_in
from .racing import at_once
from .test_concurrency import ROUNDS, own_desk, started

__all__ = ["own_desk"]

Later = Callable[..., datetime]
HOUR = timedelta(hours=1)


def test_a_message_reaches_only_the_instances_of_its_subject(desk: Desk, thing: Thing) -> None:
    THINGS[2] = Thing()
    desk.start("event_gateway")
    other = service.start(desk.session, "event_gateway", Subject("thing", 2))

    service.send_message(desk.session, "reply", Subject("thing", 2), {"text": "for two"})

    assert (thing.notes, THINGS[2].notes) == ([], ["for two"])
    assert other.state == InstanceState.COMPLETED
    assert is_awaited(desk.session, "reply", desk.subject)


def test_a_message_that_nobody_waits_for_is_no_error_and_is_not_kept(desk: Desk) -> None:
    """A customer may write while the agent works: what waits later waits for the next message."""
    instance = desk.start("waits_late")

    service.send_message(desk.session, "hello", desk.subject, {"text": "too early"})
    desk.complete("prepare")
    assert instance.state == InstanceState.RUNNING

    service.send_message(desk.session, "hello", desk.subject, {"text": "now"})
    assert instance.state == InstanceState.COMPLETED
    assert desk.variables(instance)["hello"] == {"text": "now"}


def test_a_message_to_the_own_instance_arrives_after_the_step_that_sent_it(desk: Desk) -> None:
    instance = desk.start("message_to_itself")

    assert desk.open() == ["thank"]
    assert desk.variables(instance)["hello"] == {"text": "from myself"}


def test_a_process_started_by_an_operation_runs_after_the_step_and_may_answer_it(desk: Desk) -> None:
    """The other process answers before the first one waits: the queue puts them in order."""
    instance = desk.start("starts_another", "says_hello")

    assert desk.open() == ["thank"]
    assert desk.variables(instance)["hello"] == {"text": "from another"}
    assert [each.state for each in queries.instances_of(desk.session, desk.subject)] == ["running", "completed"]


def test_a_thrown_message_reaches_the_other_instances_of_the_subject(desk: Desk) -> None:
    listening = desk.start("hears_message")

    desk.start("throws_message")

    assert desk.open() == ["read"]
    assert desk.variables(listening)["news"] == {"what": "rain"}


def test_a_message_at_the_edge_of_a_sub_process_ends_what_is_in_it(desk: Desk) -> None:
    instance = desk.start("boundary_message")
    task = desk.task("work")

    service.send_message(desk.session, "withdrawn", desk.subject, {"why": "solved itself"})

    assert desk.open() == ["say_sorry"]
    assert task.state == TaskState.CANCELLED
    assert desk.variables(instance)["withdrawal"] == {"why": "solved itself"}
    outcomes = {each.element: each.outcome for each in queries.instance_history(desk.session, instance)}
    assert (outcomes["work"], outcomes["handling"]) == ("cancelled", "cancelled")
    assert not is_awaited(desk.session, "withdrawn", desk.subject)


def test_a_failed_message_step_keeps_the_message_for_a_retry(desk: Desk, thing: Thing) -> None:
    """What a customer wrote must not be lost because a diagram is broken."""
    thing.broken = True
    instance = desk.start("failing_message")

    service.send_message(desk.session, "reply", desk.subject, {"text": "hello"})
    assert (instance.state, instance.stalled_element) == (InstanceState.STALLED, "carry_out")
    assert len(desk.session.scalars(select(MessageWait)).all()) == 1

    thing.broken = False
    service.retry(desk.session, instance, by_id=1)
    assert instance.state == InstanceState.RUNNING
    assert desk.open() == ["review"]
    assert desk.variables(instance)["reply"] == {"text": "hello"}


def test_a_message_that_nobody_waits_for_stands_in_the_log(desk: Desk) -> None:
    desk.start("one_task")

    with capture_logs() as lines:
        service.send_message(desk.session, "reply", desk.subject, {"text": "secret"})

    assert lines == [
        {"log_level": "info", "event": "message_not_awaited", "message": "reply", "subject": str(desk.subject)}
    ]


def fates(desk: Desk) -> list[str]:
    """What became of the messages that came early, oldest first."""
    return [each.state for each in reversed(messages.listed(desk.session))]


def test_a_message_nobody_received_stays_visible(desk: Desk) -> None:
    desk.start("waits_late")

    service.send_message(desk.session, "hello", desk.subject, {"text": "too early"})

    (lost,) = messages.listed(desk.session)
    assert (lost.name, lost.state, lost.payload) == ("hello", MessageState.EXPIRED, {"text": "too early"})
    assert lost.closed_at == lost.sent_at


def test_a_message_that_is_kept_reaches_the_first_instance_that_begins_to_wait(desk: Desk) -> None:
    instance = desk.start("waits_late")
    service.send_message(desk.session, "hello", desk.subject, {"text": "early"}, keep_for=HOUR)
    assert fates(desk) == [MessageState.WAITING]

    desk.complete("prepare")

    assert instance.state == InstanceState.COMPLETED
    assert desk.variables(instance)["hello"] == {"text": "early"}
    (kept,) = messages.listed(desk.session)
    assert (kept.state, kept.delivered_to_id) == (MessageState.DELIVERED, instance.id)


def test_a_kept_message_is_delivered_once_and_each_wait_takes_one_oldest_first(desk: Desk) -> None:
    first = desk.start("waits_late")
    for text in ("one", "two", "three"):
        service.send_message(desk.session, "hello", desk.subject, {"text": text}, keep_for=HOUR)

    desk.complete("prepare")
    second = service.start(desk.session, "waits_late", desk.subject)
    desk.complete("prepare")

    assert desk.variables(first)["hello"] == {"text": "one"}
    assert desk.variables(second)["hello"] == {"text": "two"}
    assert fates(desk) == [MessageState.DELIVERED, MessageState.DELIVERED, MessageState.WAITING]


def test_a_message_whose_time_is_over_is_not_delivered(desk: Desk, later: Later) -> None:
    instance = desk.start("waits_late")
    service.send_message(desk.session, "hello", desk.subject, keep_for=HOUR)
    later(hours=2)

    desk.complete("prepare")
    assert instance.state == InstanceState.RUNNING
    assert messages.expire(desk.session) == 1

    assert fates(desk) == [MessageState.EXPIRED]
    later(days=80)
    assert messages.forget(desk.session) == 0
    later(days=20)
    assert messages.forget(desk.session) == 1
    assert fates(desk) == []


def test_messages_expire_in_bounded_batches(desk: Desk, later: Later) -> None:
    for _ in range(5):
        service.send_message(desk.session, "hello", desk.subject, keep_for=HOUR)
    later(hours=2)

    assert [messages.expire(desk.session, limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_wait_with_a_key_takes_only_the_message_with_that_key(desk: Desk) -> None:
    instance = desk.start("keyed_waits", first="A-1", second=7)
    desk.complete("prepare")
    keys = desk.session.scalars(select(MessageWait.key).order_by(MessageWait.key)).all()
    assert keys == ["7", "A-1"]

    service.send_message(desk.session, "paid", desk.subject, {"sum": 1})
    service.send_message(desk.session, "paid", desk.subject, {"sum": 2}, key="other")
    assert len(desk.session.scalars(select(MessageWait)).all()) == 2

    service.send_message(desk.session, "paid", desk.subject, {"sum": 3}, key="7")
    assert desk.session.scalars(select(MessageWait.element)).all() == ["first_paid"]
    service.send_message(desk.session, "paid", desk.subject, {"sum": 4}, key="A-1")

    assert instance.state == InstanceState.COMPLETED
    assert desk.variables(instance)["two"] == {"sum": 3}
    assert desk.variables(instance)["one"] == {"sum": 4}
    assert fates(desk) == [MessageState.EXPIRED, MessageState.EXPIRED]


def test_kept_messages_find_the_waits_with_their_keys(desk: Desk) -> None:
    instance = desk.start("keyed_waits", first="A-1", second=7)
    service.send_message(desk.session, "paid", desk.subject, {"sum": 4}, key="A-1", keep_for=HOUR)
    service.send_message(desk.session, "paid", desk.subject, {"sum": 9}, key="B-9", keep_for=HOUR)
    service.send_message(desk.session, "paid", desk.subject, {"sum": 3}, key="7", keep_for=HOUR)

    desk.complete("prepare")

    assert instance.state == InstanceState.COMPLETED
    assert fates(desk) == [MessageState.DELIVERED, MessageState.WAITING, MessageState.DELIVERED]


def test_a_diagram_sends_a_message_with_a_key_that_is_kept(desk: Desk) -> None:
    desk.start("throws_kept", invoice="A-1")
    instance = desk.start("keyed_waits", first="A-1", second="A-2")

    desk.complete("prepare")

    assert desk.session.scalars(select(MessageWait.element)).all() == ["second_paid"]
    assert instance.state == InstanceState.RUNNING
    assert fates(desk) == [MessageState.DELIVERED]


@pytest.mark.parametrize("key", [None, 1.5, "", "x" * 201])
def test_a_wait_whose_key_is_none_stalls_at_its_element(desk: Desk, key: object) -> None:
    instance = desk.start("keyed_waits", first=key, second="B")

    with pytest.raises(service.StepFailed) as caught, desk.session.begin_nested():
        desk.complete("prepare")

    assert caught.value.element == "first_paid"
    assert instance.state == InstanceState.RUNNING


def test_a_kept_message_that_a_step_fails_on_waits_for_the_retry(desk: Desk, thing: Thing) -> None:
    thing.broken = True
    service.send_message(desk.session, "reply", desk.subject, {"text": "hello"}, keep_for=HOUR)

    instance = desk.start("failing_message")
    assert (instance.state, instance.stalled_element) == (InstanceState.STALLED, "carry_out")

    thing.broken = False
    service.retry(desk.session, instance, by_id=1)
    assert desk.open() == ["review"]
    assert desk.variables(instance)["reply"] == {"text": "hello"}


def test_one_kept_message_reaches_one_of_two_instances_that_begin_to_wait_at_once(own_desk: Flask) -> None:
    firsts = started("waits_late")
    seconds = started("waits_late")
    for number in range(1, ROUNDS + 1):
        subject = Subject("thing", number)
        run_in_transaction(
            lambda session, about=subject: service.send_message(  # type: ignore[misc]
                session, "hello", about, {"text": "early"}, keep_for=HOUR
            )
        )

        def prepare(instance_id: int) -> None:
            def body(session: Session) -> None:
                task = session.scalars(select(UserTask).where(UserTask.instance_id == instance_id)).one()
                service.complete_task(session, task, {}, by_id=7)

            run_in_transaction(body)

        pair = (firsts[number - 1], seconds[number - 1])
        assert at_once(own_desk, *(partial(prepare, each) for each in pair)) == [None, None]

        def check(session: Session, pair: tuple[int, int] = pair, number: int = number) -> None:
            states = sorted(session.get_one(ProcessInstance, each).state for each in pair)
            assert states == [InstanceState.COMPLETED, InstanceState.RUNNING]
            kept = session.scalars(select(EarlyMessage).where(EarlyMessage.subject_id == number)).one()
            assert kept.state == MessageState.DELIVERED
            assert session.get_one(ProcessInstance, kept.delivered_to_id).state == InstanceState.COMPLETED

        run_in_transaction(check, writing=False)


def test_a_message_sent_while_its_receiver_begins_to_wait_is_not_lost(own_desk: Flask) -> None:
    for number, instance_id in enumerate(started("waits_late"), start=1):

        def prepare(instance_id: int = instance_id) -> None:
            def body(session: Session) -> None:
                task = session.scalars(select(UserTask).where(UserTask.instance_id == instance_id)).one()
                service.complete_task(session, task, {}, by_id=7)

            run_in_transaction(body)

        def send(number: int = number) -> None:
            run_in_transaction(
                lambda session: service.send_message(session, "hello", Subject("thing", number), {}, keep_for=HOUR)
            )

        assert at_once(own_desk, prepare, send) == [None, None]

        def check(session: Session, instance_id: int = instance_id) -> None:
            assert session.get_one(ProcessInstance, instance_id).state == InstanceState.COMPLETED
            passed = select(HistoryEntry.id).where(
                HistoryEntry.instance_id == instance_id, HistoryEntry.element == "greeted"
            )
            assert len(session.scalars(passed).all()) == 1

        run_in_transaction(check, writing=False)


def test_a_message_sent_while_its_receiver_starts_is_delivered_by_the_clock(own_desk: Flask) -> None:
    """The sender cannot see an instance whose start has not committed: nobody holds anything in common."""
    run_in_transaction(lambda session: put_in(session, "hears_message"))
    for number in range(1, ROUNDS + 1):

        def start(number: int = number) -> None:
            run_in_transaction(lambda session: service.start(session, "hears_message", Subject("thing", number)).id)

        def send(number: int = number) -> None:
            run_in_transaction(
                lambda session: service.send_message(
                    session, "news", Subject("thing", number), {"what": "rain"}, keep_for=HOUR
                )
            )

        assert at_once(own_desk, start, send) == [None, None]

    for instance_id in run_in_transaction(messages.instances_to_serve, writing=False):
        run_in_transaction(lambda session, wanted=instance_id: service.serve_kept(session, wanted))  # type: ignore[misc]

    def check(session: Session) -> None:
        open_tasks = session.scalars(select(UserTask.element)).all()
        assert list(open_tasks) == ["read"] * ROUNDS

    run_in_transaction(check, writing=False)


def test_the_clock_writes_only_when_a_message_is_over_or_old(desk: Desk, later: Later) -> None:
    assert not messages.needs_tending(desk.session)
    service.send_message(desk.session, "hello", desk.subject, keep_for=HOUR)
    assert not messages.needs_tending(desk.session)

    later(hours=2)
    assert messages.needs_tending(desk.session)
    assert messages.tend(desk.session) == (1, 0)
    assert not messages.needs_tending(desk.session)

    later(days=91)
    assert messages.needs_tending(desk.session)
    assert messages.tend(desk.session) == (0, 1)
    assert not messages.needs_tending(desk.session)
