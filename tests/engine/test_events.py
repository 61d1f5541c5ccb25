"""Events that cross the borders of processes: messages to event sub-processes, errors and signals through calls."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.engine import service
from app.engine.models import MessageWait
from app.engine.xml import SourceFile

from .conftest import Desk
from .drawing import MESSAGE, diagram, element, line, message, path, user_task

SIGNAL = '<bpmn:signalEventDefinition signalRef="bell" />'
ERROR = '<bpmn:errorEventDefinition errorRef="broken" />'
TOP = MESSAGE + '<bpmn:signal id="bell" name="bell" /><bpmn:error id="broken" errorCode="broken" />'


def listening(event: str) -> str:
    """An event sub-process that asks somebody each time its event comes."""
    started = element("startEvent", "es", event, isInterrupting="false")
    inside = started + user_task("asked") + element("endEvent", "ee") + path("es", "asked", "ee")
    return element("subProcess", "ev", inside, triggeredByEvent="true")


def inside(place: str, *drawn: str) -> tuple[SourceFile, ...]:
    """These elements in a process, in its sub-process, or in a process that it calls."""
    if place == "process":
        return (diagram(*drawn, top=TOP),)
    if place == "sub-process":
        return (diagram(*_around(element("subProcess", "sub", "".join(drawn))), top=TOP),)
    called = element("callActivity", "sub", calledElement="called")
    return (diagram(*_around(called), top=TOP), diagram(*drawn, key="called", top=TOP))


def _around(activity: str) -> tuple[str, ...]:
    return (element("startEvent", "os"), activity, element("endEvent", "oe"), path("os", "sub", "oe"))


@pytest.mark.parametrize("place", ["process", "sub-process", "called process"])
def test_an_event_sub_process_hears_each_message_from_outside(desk: Desk, place: str) -> None:
    instance = desk.draw(*inside(place, *line(user_task("x")), listening(message())))
    assert desk.open() == ["x"]

    for _ in range(2):
        service.send_message(desk.session, "customer_reply", desk.subject, {})
    assert sorted(desk.open()) == ["asked", "asked", "x"]

    desk.complete("x")
    assert instance.state == "running"
    # What it stands in is over: it goes on, and hears nothing new.
    for _ in range(2):
        desk.complete("asked")
    assert instance.state == "completed"
    assert desk.session.scalars(select(MessageWait)).all() == []


@pytest.mark.parametrize("place", ["process", "sub-process", "called process"])
def test_an_event_sub_process_hears_what_is_thrown_inside(desk: Desk, place: str) -> None:
    thrown = element("intermediateThrowEvent", "t", SIGNAL)
    drawn = (
        element("startEvent", "s"),
        thrown,
        user_task("x"),
        element("endEvent", "e"),
        path("s", "t", "x", "e"),
        listening(SIGNAL),
    )
    desk.draw(*inside(place, *drawn))

    assert sorted(desk.open()) == ["asked", "x"]


def test_a_message_kept_before_the_instance_began_is_heard_too(desk: Desk) -> None:
    service.send_message(desk.session, "customer_reply", desk.subject, {}, keep_for=timedelta(hours=1))

    desk.draw(diagram(*line(user_task("x")), listening(message())))

    assert sorted(desk.open()) == ["asked", "x"]


def test_an_error_goes_out_until_somebody_catches_it(desk: Desk) -> None:
    failing = diagram(
        element("startEvent", "s"), element("endEvent", "e", ERROR), path("s", "e"), key="failing", top=TOP
    )
    between = diagram(*line(element("callActivity", "x", calledElement="failing")), key="between", top=TOP)
    outer = diagram(
        *_around(element("callActivity", "sub", calledElement="between")),
        element("boundaryEvent", "caught", ERROR, attachedToRef="sub"),
        user_task("mend"),
        element("endEvent", "me"),
        path("caught", "mend", "me"),
        key="outer",
        top=TOP,
    )

    desk.draw(outer, between, failing)

    assert desk.open() == ["mend"]


def test_a_signal_reaches_every_process_of_the_instance(desk: Desk) -> None:
    rings = diagram(*line(element("intermediateThrowEvent", "x", SIGNAL)), key="rings", top=TOP)
    waits = diagram(*line(element("intermediateCatchEvent", "x", SIGNAL)), key="waits", top=TOP)
    both = diagram(
        element("startEvent", "s"),
        element("parallelGateway", "split"),
        element("callActivity", "a", calledElement="waits"),
        user_task("first"),
        element("callActivity", "b", calledElement="rings"),
        element("parallelGateway", "join"),
        element("endEvent", "e"),
        path("s", "split", "a", "join", "e"),
        path("split", "first", "b", "join"),
        key="both",
        top=TOP,
    )
    instance = desk.draw(both, rings, waits)
    assert instance.state == "running"

    desk.complete("first")

    assert instance.state == "completed"
