"""Lint on events that somebody must catch or throw, across sub-processes and called processes."""

from __future__ import annotations

import pytest

from app.engine.xml import SourceFile

from .drawing import FORM, MESSAGE, diagram, element, errors, flow, line, message, path, properties, user_task

TOP = (
    MESSAGE
    + '<bpmn:error id="broken" errorCode="broken" /><bpmn:error id="lost" errorCode="lost" />'
    + '<bpmn:escalation id="up" escalationCode="up" /><bpmn:escalation id="aside" escalationCode="aside" />'
    + '<bpmn:signal id="bell" name="bell" />'
)
ERROR = '<bpmn:errorEventDefinition errorRef="broken" />'
SIGNAL = '<bpmn:signalEventDefinition signalRef="bell" />'
UP = '<bpmn:escalationEventDefinition escalationRef="up" />'
CATCHES_ERROR = (
    element("boundaryEvent", "caught", ERROR, attachedToRef="x") + element("endEvent", "ce") + path("caught", "ce")
)


def failing(key: str = "failing") -> SourceFile:
    """A process that ends with an error."""
    drawn = (element("startEvent", "s"), element("endEvent", "thrown", ERROR), path("s", "thrown"))
    return diagram(*drawn, key=key, top=TOP)


def calling(key: str, called: str, beside: str = "") -> SourceFile:
    """A process that calls another."""
    return diagram(*line(element("callActivity", "x", calledElement=called)), beside, key=key, top=TOP)


def test_an_error_may_be_left_to_the_caller_if_each_caller_catches_it() -> None:
    assert errors(failing()) == {("thrown", "uncaught-error")}
    assert errors(failing(), calling("one", "failing", CATCHES_ERROR)) == set()
    assert errors(failing(), calling("one", "failing", CATCHES_ERROR), calling("two", "failing")) == {
        ("thrown", "uncaught-error")
    }


def test_an_error_may_be_caught_two_calls_further_out() -> None:
    assert errors(failing(), calling("between", "failing"), calling("outer", "between", CATCHES_ERROR)) == set()
    assert errors(failing(), calling("between", "failing"), calling("outer", "between")) == {
        ("thrown", "uncaught-error")
    }


def test_only_an_error_of_the_same_code_counts_as_caught() -> None:
    other = CATCHES_ERROR.replace('errorRef="broken"', 'errorRef="lost"')
    every = CATCHES_ERROR.replace(' errorRef="broken"', "")

    assert errors(failing(), calling("one", "failing", other)) == {("thrown", "uncaught-error")}
    assert errors(failing(), calling("one", "failing", every)) == set()


def throwing(key: str) -> SourceFile:
    return diagram(*line(element("intermediateThrowEvent", "x", SIGNAL)), key=key, top=TOP)


def awaiting(key: str) -> SourceFile:
    return diagram(*line(element("intermediateCatchEvent", "x", SIGNAL)), key=key, top=TOP)


def test_a_signal_must_be_thrown_in_the_same_instance() -> None:
    both = diagram(
        element("startEvent", "s"),
        element("parallelGateway", "p"),
        element("callActivity", "a", calledElement="throws"),
        element("callActivity", "b", calledElement="awaits"),
        element("parallelGateway", "j"),
        element("endEvent", "e"),
        path("s", "p", "a", "j", "e"),
        path("p", "b", "j"),
        key="both",
        top=TOP,
    )

    # Deployed together, but an instance of the one never meets an instance of the other.
    assert errors(throwing("throws"), awaiting("awaits")) == {("x", "signal-never-thrown")}
    assert errors(throwing("throws"), awaiting("awaits"), both) == set()


def escalating(*thrown: str, loops: bool = False, cancel: str = "false") -> SourceFile:
    """A sub-process that escalates, with one boundary event that hears it."""
    names = [f"t{number}" for number in range(len(thrown))]
    events = [
        element("intermediateThrowEvent", name, UP.replace('"up"', f'"{escalation}"'))
        for name, escalation in zip(names, thrown, strict=True)
    ]
    inside = (
        element("startEvent", "is"),
        *events,
        element("exclusiveGateway", "more", default="more_ie"),
        element("endEvent", "ie"),
        path("is", *names, "more", "ie"),
        flow("more", "t0", "again") if loops else flow("more", "ie2", "again") + element("endEvent", "ie2"),
    )
    heard = element("boundaryEvent", "b", UP, attachedToRef="x", cancelActivity=cancel)
    sub = element("subProcess", "x", "".join(inside))
    return diagram(
        properties(variables="again"), *line(sub), heard, element("endEvent", "be"), path("b", "be"), top=TOP
    )


@pytest.mark.parametrize(
    ("file", "is_refused"),
    [
        (escalating("up"), False),
        (escalating("up", "aside"), False),
        (escalating("up", "up"), True),
        (escalating("up", loops=True), True),
        (escalating("up", loops=True, cancel="true"), False),
    ],
)
def test_an_escalation_that_would_be_heard_once_only_is_refused(file: SourceFile, is_refused: bool) -> None:
    assert (("b", "message-once") in errors(file)) is is_refused


@pytest.mark.parametrize("where", ["event", "message"])
def test_an_event_sub_process_has_no_moment_to_calculate_its_key_at(where: str) -> None:
    key = properties(correlation="wanted")
    started = element("startEvent", "es", (key if where == "event" else "") + message(), isInterrupting="false")
    beside = element(
        "subProcess",
        "ev",
        started + user_task("asked") + element("endEvent", "ee") + path("es", "asked", "ee"),
        triggeredByEvent="true",
    )
    top = f'<bpmn:message id="message_reply" name="customer_reply">{key if where == "message" else ""}</bpmn:message>'
    drawn = (properties(variables="wanted"), *line(user_task("x")), beside)

    assert errors(diagram(*drawn, top=top), FORM) == {("es", "event-sub-process")}


def test_two_flows_from_one_split_into_its_join_are_refused() -> None:
    drawn = diagram(
        element("startEvent", "s"),
        element("parallelGateway", "split"),
        user_task("a"),
        element("parallelGateway", "j"),
        element("endEvent", "e"),
        path("s", "split", "a", "j", "e"),
        flow("split", "j"),
        flow("split", "j").replace('id="split_j"', 'id="again"'),
    )

    assert errors(drawn, FORM) == {("j", "double-flow")}
