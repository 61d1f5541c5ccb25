"""Instances that wait for people, timers and messages go on with another version."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.engine import queries, service
from app.engine.events import InstanceMoved
from app.engine.models import HistoryEntry, InstanceState
from app.engine.moving import instances
from app.engine.moving.verdicts import CannotMove
from app.events import RecordedEvent
from tests.engine.conftest import THINGS
from tests.engine.drawing import diagram, element, flow, message, path, service_task, timer, user_task
from tests.engine.moving.conftest import Versions

START, END = element("startEvent", "s"), element("endEvent", "e")
TWO = (START, user_task("a"), user_task("b"), END, path("s", "a", "b", "e"))


def remind(name: str, of: str, text: str = '"PT2H"', interrupts: str = "false") -> str:
    """A boundary timer with an end of its own."""
    event = element("boundaryEvent", name, timer("timeDuration", text), attachedToRef=of, cancelActivity=interrupts)
    note = service_task(f"{name}_note", "testing.note", text=f"'{name}'")
    return event + note + element("endEvent", f"{name}_end") + path(name, f"{name}_note", f"{name}_end")


def test_an_open_task_keeps_its_row_its_claim_and_its_data(desk: Versions) -> None:
    desk.put(*TWO)
    instance = desk.begin(colour="red")
    desk.complete("a", outcome="yes")
    task = desk.task("b")
    service.claim(desk.session, task, 9)
    kept = (task.id, task.uuid, task.opened_at)
    second = desk.put(START, user_task("a"), user_task("more"), user_task("b"), END, path("s", "a", "b", "more", "e"))
    desk.move(instance, second)
    task = desk.task("b")
    assert (task.id, task.uuid, task.opened_at) == kept
    assert task.assignee_id == 9
    assert desk.variables(instance)["colour"] == "red"
    desk.complete("b", outcome="yes")
    assert desk.open() == ["more"]
    desk.complete("more", outcome="yes")
    assert instance.state == InstanceState.COMPLETED


def test_a_renamed_task_needs_a_mapping_and_then_takes_its_new_name(desk: Versions) -> None:
    desk.put(*TWO)
    instance = desk.begin()
    second = desk.put(START, user_task("first"), user_task("b"), END, path("s", "first", "b", "e"))
    verdict = desk.check(instance, second)
    assert (verdict.outcome, verdict.element) == ("needs_mapping", "a")
    task = desk.task("a")
    desk.move(instance, second, a="first")
    assert desk.task("first").id == task.id
    events = desk.session.scalars(select(RecordedEvent).where(RecordedEvent.kind == InstanceMoved.__name__)).all()
    assert [event.payload["elements"] for event in events] == [{"a": "first"}]
    desk.complete("first", outcome="yes")
    assert desk.open() == ["b"]


def test_a_task_that_is_gone_stops_the_move_and_leaves_the_instance_as_it_was(desk: Versions) -> None:
    first = desk.put(*TWO)
    instance = desk.begin()
    blob, lock = instance.blob, instance.lock_version
    second = desk.put(START, user_task("b"), END, path("s", "b", "e"))
    with pytest.raises(CannotMove):
        instances.move(desk.session, instance.id, first, second, overrides={}, rearm=False, by_id=7)
    assert (instance.blob, instance.lock_version, instance.definition_id) == (blob, lock, first.id)
    # What is finished may be gone.
    desk.complete("a", outcome="yes")
    desk.move(instance, second)
    desk.complete("b", outcome="yes")
    assert instance.state == InstanceState.COMPLETED


def test_an_element_that_became_another_kind_needs_a_mapping(desk: Versions) -> None:
    desk.put(*TWO)
    instance = desk.begin()
    second = desk.put(
        START, service_task("a", "testing.note", text="'x'"), user_task("b"), END, path("s", "a", "b", "e")
    )
    verdict = desk.check(instance, second)
    assert verdict.outcome == "needs_mapping"
    assert "userTask" in verdict.reason
    assert "serviceTask" in verdict.reason


def test_the_history_says_who_moved_it_from_where_to_where(desk: Versions) -> None:
    desk.put(*TWO)
    instance = desk.begin()
    desk.complete("a", outcome="yes")
    second = desk.put(START, user_task("x"), user_task("b"), END, path("s", "x", "b", "e"))
    desk.move(instance, second)
    entries = queries.instance_history(desk.session, instance)
    moved = [entry for entry in entries if entry.element_type == "move"]
    assert [(entry.note, entry.actor_id) for entry in moved] == [("1 → 2", 7)]
    assert "a" in [entry.element for entry in entries]
    still = [entry for entry in entries if entry.left_at is None]
    assert [entry.element for entry in still] == ["b"]
    assert isinstance(still[0], HistoryEntry)


def test_a_waiting_boundary_timer_keeps_its_moment(desk: Versions, later: Callable[..., object]) -> None:
    desk.put(*TWO, remind("r", "a"))
    instance = desk.begin()
    due = desk.timers()["r"]
    later(minutes=30)
    second = desk.put(*TWO, remind("r", "a", '"PT9H"'))
    desk.move(instance, second)
    assert desk.timers() == {"r": due}
    later(minutes=90)
    desk.fire_due()
    desk.see_true_tables(instance)
    assert desk.open() == ["a"]
    assert "r_note" in desk.history(instance)


def test_a_deadline_whose_expression_changed_is_armed_anew_when_asked(
    desk: Versions, later: Callable[..., object]
) -> None:
    desk.put(*TWO, remind("r", "a"))
    instance = desk.begin()
    later(minutes=30)
    desk.move(instance, desk.put(*TWO, remind("r", "a", '"PT9H"')), rearm=True)
    assert desk.timers() == {"r": clock.now() + timedelta(hours=9)}


def test_a_renamed_boundary_timer_keeps_its_row_and_its_moment(desk: Versions, later: Callable[..., object]) -> None:
    desk.put(*TWO, remind("r", "a"))
    instance = desk.begin()
    due = desk.timers()["r"]
    later(minutes=30)
    desk.move(instance, desk.put(*TWO, remind("q", "a")), r="q")
    assert desk.timers() == {"q": due}


def test_a_new_boundary_timer_is_armed_from_the_move_on(desk: Versions, later: Callable[..., object]) -> None:
    desk.put(*TWO)
    instance = desk.begin()
    later(hours=50)
    desk.move(instance, desk.put(*TWO, remind("r", "a")))
    assert desk.timers() == {"r": clock.now() + timedelta(hours=2)}
    later(hours=2)
    desk.fire_due()
    assert desk.open() == ["a"]
    desk.complete("a", outcome="yes")
    desk.complete("b", outcome="yes")
    assert instance.state == InstanceState.COMPLETED
    assert "r_note" in desk.history(instance)


def test_a_second_boundary_timer_joins_the_first(desk: Versions, later: Callable[..., object]) -> None:
    desk.put(*TWO, remind("r", "a"))
    instance = desk.begin()
    due = desk.timers()["r"]
    later(minutes=30)
    desk.move(instance, desk.put(*TWO, remind("r", "a"), remind("stop", "a", '"PT1H"', "true")))
    assert desk.timers() == {"r": due, "stop": clock.now() + timedelta(hours=1)}
    later(hours=1)
    desk.fire_due()
    assert instance.state == InstanceState.COMPLETED


def test_boundary_timers_that_are_gone_are_taken_away(desk: Versions) -> None:
    desk.put(*TWO, remind("r", "a"), remind("q", "a"))
    instance = desk.begin()
    second = desk.put(*TWO, remind("q", "a"))
    desk.move(instance, second)
    assert list(desk.timers()) == ["q"]
    desk.move(instance, desk.put(*TWO))
    assert desk.timers() == {}
    desk.complete("a", outcome="yes")
    desk.complete("b", outcome="yes")
    assert instance.state == InstanceState.COMPLETED


def test_what_a_boundary_timer_started_goes_on_when_the_timer_is_gone(
    desk: Versions, later: Callable[..., object]
) -> None:
    event = element("boundaryEvent", "r", timer("timeDuration", '"PT2H"'), attachedToRef="a", cancelActivity="false")
    beside = user_task("look") + element("endEvent", "looked") + flow("look", "looked")
    desk.put(*TWO, event, beside, flow("r", "look"))
    instance = desk.begin()
    later(hours=2)
    desk.fire_due()
    assert sorted(desk.open()) == ["a", "look"]
    other = element("boundaryEvent", "q", timer("timeDuration", '"PT5H"'), attachedToRef="b", cancelActivity="false")
    desk.move(instance, desk.put(*TWO, other, beside, flow("q", "look")))
    assert sorted(desk.open()) == ["a", "look"]
    assert desk.timers() == {}
    desk.complete("look", outcome="yes")
    desk.complete("a", outcome="yes")
    assert desk.open() == ["b"]
    assert list(desk.timers()) == ["q"]
    desk.complete("b", outcome="yes")
    assert instance.state == InstanceState.COMPLETED


def test_a_timer_that_fired_does_not_come_back(desk: Versions, later: Callable[..., object]) -> None:
    desk.put(*TWO, remind("r", "a"))
    instance = desk.begin()
    later(hours=2)
    desk.fire_due()
    desk.move(instance, desk.put(*TWO, remind("r", "a", '"PT3H"')))
    assert desk.timers() == {}


def test_a_message_is_heard_after_the_move_under_its_new_name(desk: Versions) -> None:
    def wait(name: str) -> tuple[str, ...]:
        catch = element("intermediateCatchEvent", name, message())
        return (START, catch, user_task("b"), END, path("s", name, "b", "e"))

    desk.put(*wait("reply"))
    instance = desk.begin()
    desk.move(instance, desk.put(*wait("answer")), reply="answer")
    service.send_message(desk.session, "customer_reply", desk.subject, {"text": "hello"})
    assert desk.open() == ["b"]
    assert desk.variables(instance)["customer_reply"] == {"text": "hello"}


def test_a_branch_behind_an_event_gateway_may_be_new(desk: Versions, later: Callable[..., object]) -> None:
    def waits(*more: str) -> tuple[str, ...]:
        gateway = element("eventBasedGateway", "g")
        reply = element("intermediateCatchEvent", "reply", message()) + path("g", "reply", "e")
        late = element("intermediateCatchEvent", "late", timer("timeDuration", '"PT5H"')) + path("g", "late", "e")
        return (START, gateway, END, reply, late, path("s", "g"), *more)

    desk.put(*waits())
    instance = desk.begin()
    due = desk.timers()["late"]
    later(hours=1)
    soon = element("endEvent", "x") + element("intermediateCatchEvent", "soon", message("message_soon"))
    top = '<bpmn:message id="message_reply" name="customer_reply" /><bpmn:message id="message_soon" name="soon" />'
    second = desk.put(diagram(*waits(soon, path("g", "soon", "x")), top=top))
    desk.move(instance, second)
    assert desk.timers() == {"late": due}
    service.send_message(desk.session, "soon", desk.subject)
    assert instance.state == InstanceState.COMPLETED


def test_a_stalled_instance_is_retried_on_the_new_version(desk: Versions) -> None:
    work = service_task("w", "testing.work", broken="thing.broken")
    desk.put(START, user_task("a"), work, END, path("s", "a", "w", "e"))
    instance = desk.begin()
    THINGS[1].broken = True
    with pytest.raises(service.StepFailed) as failed, desk.session.begin_nested():
        desk.complete("a", outcome="yes")
    failed.value.aftermath(desk.session)
    assert instance.state == InstanceState.STALLED
    desk.move(instance, desk.put(*TWO))
    assert instance.state == InstanceState.STALLED
    service.retry(desk.session, instance, by_id=7)
    assert instance.state == InstanceState.RUNNING
    assert desk.open() == ["b"]


def test_an_ended_instance_is_left_alone(desk: Versions) -> None:
    desk.put(*TWO)
    instance = desk.begin()
    service.cancel(desk.session, instance, "over", by_id=7)
    second = desk.put(START, user_task("a"), END, path("s", "a", "e"))
    assert desk.check(instance, second).outcome == "left"
    verdict = instances.move(desk.session, instance.id, instance.definition, second, overrides={}, rearm=False, by_id=7)
    assert verdict.outcome == "left"
    assert instance.definition_id != second.id
