"""Steps that fail, and steps that want too much: one instance stalls, its neighbours do not notice."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select

from app.engine import queries, service
from app.engine.models import InstanceState, Timer
from app.errors import Conflict
from app.events import RecordedEvent

from .conftest import Desk, Thing
from .drawing import diagram, element, message, path, service_task, user_task

Later = Callable[..., datetime]


def fail_to_complete(desk: Desk, element: str) -> service.StepFailed:
    """Complete a task as a boundary does: roll back what the step did, then record its aftermath."""
    with pytest.raises(service.StepFailed) as caught, desk.session.begin_nested():
        desk.complete(element, outcome="do it")
    caught.value.aftermath(desk.session)
    return caught.value


def test_a_failed_step_undoes_itself_and_stalls_the_instance_with_its_reason(
    desk: Desk, thing: Thing, recorded: Callable[[str], list[RecordedEvent]]
) -> None:
    thing.broken = True
    instance = desk.start("failing_step")

    failure = fail_to_complete(desk, "decide")

    assert (failure.element, failure.reason) == ("carry_out", "The thing is broken.")
    assert (instance.state, instance.stalled_element) == (InstanceState.STALLED, "carry_out")
    assert instance.stalled_reason == "The thing is broken."
    assert desk.open() == ["decide"]
    assert desk.session.scalars(select(Timer).where(Timer.element == "by_work")).all() == []
    assert queries.marks(desk.session, instance)["carry_out"]["state"] == "stalled"
    assert len(recorded("InstanceStalled")) == 1


def test_a_retry_completes_the_task_with_the_answer_that_was_given(desk: Desk, thing: Thing) -> None:
    thing.broken = True
    instance = desk.start("failing_step")
    fail_to_complete(desk, "decide")

    service.retry(desk.session, instance, by_id=1)
    assert (instance.state, instance.attempts) == (InstanceState.STALLED, 1)

    thing.broken = False
    service.retry(desk.session, instance, by_id=1)
    assert (instance.state, instance.attempts) == (InstanceState.RUNNING, 2)
    assert instance.stalled_reason is None
    assert desk.open() == ["review"]
    assert desk.variables(instance)["decide"]["outcome"] == "do it"
    assert desk.variables(instance)["decide"]["by"] == 7


def test_a_person_may_try_again_on_a_stalled_instance(desk: Desk, thing: Thing) -> None:
    thing.broken = True
    instance = desk.start("failing_step")
    fail_to_complete(desk, "decide")
    thing.broken = False

    desk.complete("decide", outcome="again")

    assert instance.state == InstanceState.RUNNING
    with pytest.raises(Conflict):
        service.retry(desk.session, instance, by_id=1)


def test_a_start_that_fails_leaves_a_stalled_instance_to_retry(desk: Desk, thing: Thing) -> None:
    """A ticket must not be lost because its first step fails."""
    thing.broken = True

    instance = desk.start("failing_start")

    assert (instance.state, instance.blob) == (InstanceState.STALLED, None)
    thing.broken = False
    service.retry(desk.session, instance, by_id=1)
    assert (instance.state, desk.open()) == (InstanceState.RUNNING, ["review"])


def test_a_failed_timer_is_parked_and_does_not_keep_people_from_working(desk: Desk, thing: Thing, later: Later) -> None:
    thing.broken = True
    instance = desk.start("failing_timer")
    later(hours=2)
    desk.fire_due()
    assert (instance.state, instance.stalled_element) == (InstanceState.STALLED, "carry_out")

    desk.complete("decide")

    assert instance.state == InstanceState.COMPLETED


def test_a_failed_timer_fires_when_it_is_retried(desk: Desk, thing: Thing, later: Later) -> None:
    thing.broken = True
    instance = desk.start("failing_timer")
    later(hours=2)
    desk.fire_due()

    thing.broken = False
    service.retry(desk.session, instance, by_id=1)

    assert instance.state == InstanceState.RUNNING
    assert desk.timers() == {}
    assert "carry_out" in desk.history(instance)


def test_a_failing_instance_leaves_the_others_of_its_subject_alone(desk: Desk, thing: Thing) -> None:
    thing.broken = True
    failing = desk.start("failing_message")
    well = desk.start("event_gateway")

    service.send_message(desk.session, "reply", desk.subject, {"text": "hello"})

    assert (failing.state, well.state) == (InstanceState.STALLED, InstanceState.COMPLETED)
    assert thing.notes == ["hello"]


def test_rows_that_somebody_holds_are_read_anew_after_a_step_was_undone(desk: Desk, thing: Thing) -> None:
    """A message ends a task and the step then fails; who cancels the instance next must find the task open."""
    drawn = diagram(
        element("startEvent", "s"),
        user_task("a"),
        element("boundaryEvent", "told", message(), attachedToRef="a", cancelActivity="true"),
        service_task("fails", "testing.work", broken="thing.broken"),
        element("endEvent", "e"),
        path("s", "a", "e"),
        path("told", "fails", "e"),
    )
    thing.broken = True
    instance = desk.draw(drawn)
    held = desk.task("a")

    service.send_message(desk.session, "customer_reply", desk.subject)
    assert (instance.state, held.state) == (InstanceState.STALLED, "open")

    service.cancel(desk.session, instance, "Not needed.", by_id=7)
    desk.session.flush()
    desk.session.refresh(held)
    assert held.state == "cancelled"
