"""Instances inside sub-processes, called processes, repetitions and parallel branches go on with another version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.engine import service
from app.engine.models import InstanceState
from app.engine.xml import SourceFile
from tests.engine.drawing import diagram, element, flow, message, path, service_task, timer, user_task
from tests.engine.moving.conftest import Versions

START, END = element("startEvent", "s"), element("endEvent", "e")


def inside(name: str, *body: str) -> str:
    """A sub-process."""
    return element("subProcess", name, "".join(body))


def called(*body: str) -> SourceFile:
    """A process that others call."""
    return diagram(*body, key="part")


def both(*branches: str, more: str = "") -> tuple[str, ...]:
    """Parallel branches of one user task each, and a task after they met."""
    split, join = element("parallelGateway", "split"), element("parallelGateway", "join")
    parts = [user_task(each) + path("split", each, "join") for each in branches]
    return (START, split, join, user_task("after"), END, path("s", "split"), path("join", "after", "e"), *parts, more)


def test_positions_in_sub_processes_survive_even_when_the_sub_process_is_renamed(
    desk: Versions, later: Callable[..., object]
) -> None:
    def version(outer: str, step: str, more: str = "") -> tuple[str, ...]:
        inner = inside(
            "inner", element("startEvent", "is"), user_task(step), element("endEvent", "ie"), path("is", step, "ie")
        )
        remind = element("boundaryEvent", "r", timer("timeDuration", '"PT4H"'), attachedToRef="inner")
        late = service_task("late", "testing.note", text="'late'") + element("endEvent", "le") + path("r", "late", "le")
        end = element("endEvent", "oe")
        body = inside(outer, element("startEvent", "os"), inner, remind, late, end, path("os", "inner", "oe"))
        return (START, body, END, path("s", outer, "e"), more)

    desk.put(*version("outer", "step"))
    instance = desk.begin(colour="red")
    due = desk.timers()
    later(hours=1)
    verdict = desk.check(instance, second := desk.put(*version("shell", "work")))
    assert (verdict.outcome, verdict.element) == ("needs_mapping", "outer")
    verdict = desk.check(instance, second, outer="shell")
    assert (verdict.outcome, verdict.element) == ("needs_mapping", "step")
    desk.move(instance, second, outer="shell", step="work")
    assert desk.timers() == due
    desk.complete("work", outcome="yes")
    assert instance.state == InstanceState.COMPLETED


def test_a_called_process_moves_with_its_caller(desk: Versions) -> None:
    part = (element("startEvent", "ps"), element("endEvent", "pe"))
    main = (START, element("callActivity", "call", calledElement="part"), END, path("s", "call", "e"))
    desk.put(*main, called(*part, user_task("x"), path("ps", "x", "pe")))
    instance = desk.begin()
    second = desk.put(*main, called(*part, user_task("x"), user_task("y"), path("ps", "x", "y", "pe")))
    desk.move(instance, second)
    desk.complete("x", outcome="yes")
    assert desk.open() == ["y"]
    desk.complete("y", outcome="yes")
    assert instance.state == InstanceState.COMPLETED


@pytest.mark.parametrize("called", ["every", "each"])
def test_repetitions_under_way_go_on_where_they_were(desk: Versions, called: str) -> None:
    def version(name: str, order: str) -> tuple[str, ...]:
        loop = (
            f'<bpmn:multiInstanceLoopCharacteristics isSequential="{order}"><bpmn:loopCardinality>3'
            "</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
        )
        task = user_task(name).replace("</bpmn:userTask>", f"{loop}</bpmn:userTask>")
        return (START, task, user_task("after"), END, path("s", name, "after", "e"))

    for order, left in (("false", 2), ("true", 1)):
        desk.put(*version("each", order))
        instance = desk.begin()
        desk.complete("each", outcome="yes")
        assert desk.open() == ["each"] * left
        renamed: dict[str, Any] = {"each": called} if called != "each" else {}
        # With something else in it: the version that it has already is no other one.
        second = desk.put(*version(called, order), element("textAnnotation", f"why_{order}"))
        desk.move(instance, second, **renamed)
        assert desk.open() == [called] * left
        desk.complete(called, outcome="yes")
        desk.complete(called, outcome="yes")
        assert desk.open() == ["after"]
        desk.complete("after", outcome="yes")
        assert instance.state == InstanceState.COMPLETED


def test_parallel_and_one_by_one_are_different_kinds(desk: Versions) -> None:
    def version(order: str) -> tuple[str, ...]:
        loop = (
            f'<bpmn:multiInstanceLoopCharacteristics isSequential="{order}"><bpmn:loopCardinality>2'
            "</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
        )
        return (START, user_task("x").replace("</bpmn:userTask>", f"{loop}</bpmn:userTask>"), END, path("s", "x", "e"))

    desk.put(*version("false"))
    instance = desk.begin()
    assert desk.check(instance, desk.put(*version("true"))).outcome == "needs_mapping"


def test_a_half_join_waits_for_the_other_branch_only(desk: Versions) -> None:
    desk.put(*both("a", "b"))
    instance = desk.begin()
    desk.complete("a", outcome="yes", note="from a")
    # In the new version a check follows the branch that has arrived already.
    split, join = element("parallelGateway", "split"), element("parallelGateway", "join")
    second = desk.put(
        *(START, split, join, user_task("after"), END, path("s", "split"), path("join", "after", "e")),
        *(user_task("a"), user_task("check"), path("split", "a", "check", "join")),
        *(user_task("b"), path("split", "b", "join")),
    )
    desk.move(instance, second)
    assert desk.open() == ["b"]
    desk.complete("b", outcome="yes")
    assert desk.open() == ["after"]
    desk.complete("after", outcome="yes")
    assert instance.state == InstanceState.COMPLETED


def test_a_branch_that_never_began_would_be_waited_for_for_ever(desk: Versions) -> None:
    desk.put(*both("a", "b"))
    instance = desk.begin()
    desk.complete("a", outcome="yes")
    verdict = desk.check(instance, desk.put(*both("a", "b", "c")))
    assert (verdict.outcome, verdict.element) == ("impossible", "join")


def test_a_join_that_would_be_complete_at_once_is_refused(desk: Versions) -> None:
    desk.put(*both("a", "b"))
    instance = desk.begin()
    desk.complete("a", outcome="yes")
    # b now ends by itself, so nothing but the first branch leads into the join.
    split, join = element("parallelGateway", "split"), element("parallelGateway", "join")
    second = desk.put(
        *(START, split, join, user_task("after"), END, path("s", "split"), path("join", "after", "e")),
        *(user_task("a"), path("split", "a", "join")),
        *(user_task("b"), element("endEvent", "e2"), path("split", "b", "e2")),
    )
    verdict = desk.check(instance, second)
    assert (verdict.outcome, verdict.element) == ("impossible", "join")


def test_before_the_branches_part_a_new_branch_is_no_trouble(desk: Versions) -> None:
    def version(*branches: str) -> tuple[str, ...]:
        parts = both(*branches)
        return (*parts[:5], user_task("first"), path("s", "first", "split"), *parts[6:])

    desk.put(*version("a", "b"))
    instance = desk.begin()
    desk.move(instance, desk.put(*version("a", "b", "c")))
    desk.complete("first", outcome="yes")
    for each in ("a", "b", "c", "after"):
        desk.complete(each, outcome="yes")
    assert instance.state == InstanceState.COMPLETED


def test_rounds_of_a_loop_go_on_after_a_move(desk: Versions) -> None:
    def version(more: str) -> tuple[str, ...]:
        split, join = element("parallelGateway", "split"), element("parallelGateway", "join")
        again = element("exclusiveGateway", "again", default="again_e")
        meet = element("exclusiveGateway", "meet")
        back = flow("again", "meet", "after.outcome == 'no'")
        return (
            *(START, meet, split, join, again, user_task("after"), END, path("s", "meet", "split"), back),
            *(user_task("a"), path("split", "a", "join"), user_task("b"), path("split", "b", "join")),
            *(path("join", "after", "again", "e"), more),
        )

    desk.put(*[part.replace('variableName" value="work', 'variableName" value="after') for part in version("")])
    instance = desk.begin()
    for _ in range(3):
        for each in ("a", "b"):
            desk.complete(each, outcome="yes")
        desk.complete("after", outcome="no")
    desk.complete("a", outcome="yes")
    event = element("boundaryEvent", "r", timer("timeDuration", '"PT4H"'), attachedToRef="b", cancelActivity="false")
    beside = service_task("n", "testing.note", text="'slow'") + element("endEvent", "ne") + path("r", "n", "ne")
    parts = [
        part.replace('variableName" value="work', 'variableName" value="after') for part in version(event + beside)
    ]
    desk.move(instance, desk.put(*parts))
    assert list(desk.timers()) == ["r"]
    desk.complete("b", outcome="yes")
    assert desk.open() == ["after"]
    desk.complete("after", outcome="no")
    assert sorted(desk.open()) == ["a", "b"]
    for each in ("a", "b", "after"):
        desk.complete(each, outcome="yes")
    assert instance.state == InstanceState.COMPLETED


def test_a_message_boundary_event_is_heard_where_it_is_new(desk: Versions) -> None:
    desk.put(START, user_task("a"), END, path("s", "a", "e"))
    instance = desk.begin()
    event = element("boundaryEvent", "reply", message(), attachedToRef="a")
    more = (event, user_task("b"), element("endEvent", "be"), path("reply", "b", "be"))
    desk.move(instance, desk.put(START, user_task("a"), END, path("s", "a", "e"), *more))
    service.send_message(desk.session, "customer_reply", desk.subject, {"text": "stop"})
    assert desk.open() == ["b"]
    desk.complete("b", outcome="yes")
    assert instance.state == InstanceState.COMPLETED
