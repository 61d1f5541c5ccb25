"""Messages: correlated by name and subject, queued while a step runs."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from app.engine import messages, queries, service
from app.engine.failures import pending_steps
from app.engine.messages import is_awaited
from app.engine.models import (
    InstanceState,
    MessageState,
    MessageWait,
    TaskState,
)
from app.engine.subject import Subject
from app.errors import InvalidInput

from .conftest import THINGS, Desk, Thing

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


def test_each_message_that_a_broken_step_got_is_kept_and_received_in_turn(desk: Desk, thing: Thing) -> None:
    """Two that say the same are still two: a customer pressed the button twice, or said so twice."""
    thing.broken = True
    instance = desk.start("failing_message")
    for text in ("yes", "yes", "no"):
        service.send_message(desk.session, "reply", desk.subject, {"text": text})
    assert [step.data["payload"]["text"] for step in pending_steps(instance)] == ["yes", "yes", "no"]

    thing.broken = False
    service.retry(desk.session, instance, by_id=1)

    assert desk.open() == ["review"]
    assert desk.variables(instance)["reply"] == {"text": "yes"}
    never_received = messages.listed(desk.session, state=MessageState.EXPIRED)
    assert sorted(each.payload["text"] for each in never_received) == ["no", "yes"]


@pytest.mark.parametrize(("keep_for", "state"), [(None, MessageState.EXPIRED), (HOUR, MessageState.WAITING)])
def test_a_message_for_a_stalled_instance_that_nothing_waits_for_after_the_retry_is_as_any_other(
    desk: Desk, thing: Thing, keep_for: timedelta | None, state: MessageState
) -> None:
    thing.broken = True
    instance = desk.start("failing_message")
    for text in ("first", "second"):
        service.send_message(desk.session, "reply", desk.subject, {"text": text}, keep_for=keep_for)

    thing.broken = False
    service.retry(desk.session, instance, by_id=1)

    (second,) = messages.listed(desk.session)
    assert (second.payload, second.state) == ({"text": "second"}, state)


def test_a_message_for_a_stalled_instance_that_is_cancelled_was_never_received(desk: Desk, thing: Thing) -> None:
    thing.broken = True
    instance = desk.start("failing_message")
    service.send_message(desk.session, "reply", desk.subject, {"text": "hello"})

    service.cancel(desk.session, instance, "No longer needed", by_id=1)

    (lost,) = messages.listed(desk.session)
    assert (lost.payload, lost.state) == ({"text": "hello"}, MessageState.EXPIRED)


@pytest.mark.parametrize("key", ["", "k" * 201, "a\0b"])
def test_a_key_that_no_wait_could_have_is_refused(desk: Desk, key: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        service.send_message(desk.session, "reply", desk.subject, {}, key=key)

    assert "key" in refused.value.errors
    assert messages.listed(desk.session) == []


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
