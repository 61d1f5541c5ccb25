"""Messages: correlated by name and subject, queued while a step runs."""

from sqlalchemy import select
from structlog.testing import capture_logs

from app.engine import queries, service
from app.engine.messages import is_awaited
from app.engine.models import InstanceState, MessageWait, TaskState
from app.engine.subject import Subject

from .conftest import THINGS, Desk, Thing


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
