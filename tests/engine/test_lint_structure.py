"""Lint on how diagrams hang together."""

from app.engine.xml import SourceFile
from tests.engine.drawing import diagram, element, errors, flow, found, line, message, path, timer, user_task


def gateway(kind: str, *flows: str, **attributes: str) -> tuple[str, ...]:
    """Start → g → (a, b) → e, with these flows out of g."""
    return (
        element("startEvent", "s"),
        element(kind, "g", **attributes),
        element("receiveTask", "a", messageRef="message_reply"),
        element("receiveTask", "b", messageRef="message_reply"),
        element("endEvent", "e"),
        path("s", "g"),
        path("a", "e"),
        path("b", "e"),
        *flows,
    )


def test_a_plain_diagram_has_no_problems() -> None:
    assert found(diagram(*line(element("receiveTask", "x", messageRef="message_reply")))) == set()


def test_a_process_must_be_executable() -> None:
    assert errors(diagram(*line(element("receiveTask", "x", messageRef="message_reply")), executable="false")) == {
        ("p", "not-executable")
    }


def test_an_exclusive_gateway_needs_a_condition_on_each_flow_and_a_default() -> None:
    assert errors(diagram(*gateway("exclusiveGateway", flow("g", "a"), flow("g", "b", "1 == 1")))) == {
        ("g_a", "missing-condition")
    }
    assert errors(diagram(*gateway("exclusiveGateway", flow("g", "a", "1 == 2"), flow("g", "b", "1 == 1")))) == {
        ("g", "no-default")
    }
    good = gateway("exclusiveGateway", flow("g", "a"), flow("g", "b", "1 == 1"), default="g_a")
    assert errors(diagram(*good)) == set()


def test_a_default_flow_must_leave_its_gateway() -> None:
    drawn = gateway("exclusiveGateway", flow("g", "a", "1 == 2"), flow("g", "b", "1 == 1"), default="s_g")

    assert ("g", "default-flow") in errors(diagram(*drawn))


def test_a_condition_elsewhere_than_behind_a_choice_is_refused() -> None:
    """The engine takes such a flow whatever the condition says."""
    drawn = (
        element("startEvent", "s"),
        element("receiveTask", "x", messageRef="message_reply"),
        element("endEvent", "e"),
        path("s", "x"),
        flow("x", "e", "1 == 2"),
    )

    assert errors(diagram(*drawn)) == {("x_e", "ignored-condition")}
    parallel = gateway("parallelGateway", flow("g", "a", "1 == 2"), flow("g", "b"))
    assert errors(diagram(*parallel)) == {("g_a", "ignored-condition")}


def test_several_flows_out_of_a_task_need_a_gateway() -> None:
    drawn = (
        element("startEvent", "s"),
        element("receiveTask", "x", messageRef="message_reply"),
        element("endEvent", "e"),
        element("endEvent", "f"),
        path("s", "x", "e"),
        path("x", "f"),
    )

    assert errors(diagram(*drawn)) == {("x", "many-flows-out")}


def test_a_complex_gateway_is_refused() -> None:
    assert errors(diagram(*gateway("complexGateway", flow("g", "a"), flow("g", "b")))) == {("g", "complex-gateway")}


def test_an_inclusive_join_is_refused() -> None:
    drawn = (
        element("startEvent", "s"),
        element("inclusiveGateway", "g", default="g_a"),
        element("receiveTask", "a", messageRef="message_reply"),
        element("receiveTask", "b", messageRef="message_reply"),
        element("inclusiveGateway", "j"),
        element("endEvent", "e"),
        path("s", "g", "a", "j", "e"),
        flow("g", "b", "1 == 1"),
        path("b", "j"),
    )

    assert errors(diagram(*drawn)) == {("j", "inclusive-join")}


def loop_around_join(back_to: str) -> tuple[str, ...]:
    return (
        element("startEvent", "s"),
        element("exclusiveGateway", "merge"),
        element("parallelGateway", "split"),
        element("receiveTask", "a", messageRef="message_reply"),
        element("receiveTask", "b", messageRef="message_reply"),
        element("parallelGateway", "join"),
        element("exclusiveGateway", "again", default="again_e"),
        element("endEvent", "e"),
        path("s", "merge", "split", "a", "join", "again", "e"),
        path("split", "b", "join"),
        flow("again", back_to, "1 == 1"),
    )


def test_a_loop_may_not_run_back_into_a_parallel_join_alone() -> None:
    """The join would wait for the other branches for ever."""
    assert errors(diagram(*loop_around_join("join"))) == {("join", "join-in-loop")}
    assert errors(diagram(*loop_around_join("split"))) == {("split", "join-in-loop")}
    assert errors(diagram(*loop_around_join("merge"))) == set()


def test_starts_must_be_plain_and_one() -> None:
    waiting = (element("startEvent", "s", message()), element("endEvent", "e"), path("s", "e"))
    two = (*line(element("receiveTask", "x", messageRef="message_reply")), element("startEvent", "s2"), path("s2", "e"))
    none = (element("endEvent", "e"),)

    assert errors(diagram(*waiting)) == {("s", "waiting-start")}
    assert errors(diagram(*two)) == {("s2", "many-starts")}
    assert errors(diagram(*none)) == {("p", "no-start")}


def test_what_nothing_leads_to_is_refused() -> None:
    drawn = (*line(element("receiveTask", "x", messageRef="message_reply")), user_task("alone"))

    assert ("alone", "unreachable") in errors(diagram(*drawn))


def test_a_path_must_end() -> None:
    stops = (element("startEvent", "s"), element("receiveTask", "x", messageRef="message_reply"), path("s", "x"))
    dead_end = (
        *gateway("parallelGateway", flow("g", "a"), flow("g", "b"), flow("g", "c")),
        element("receiveTask", "c", messageRef="message_reply"),
    )
    circle = (
        *gateway("parallelGateway", flow("g", "a"), flow("g", "b"), flow("g", "c")),
        element("receiveTask", "c", messageRef="message_reply"),
        element("receiveTask", "d", messageRef="message_reply"),
        path("c", "d", "c"),
    )

    assert errors(diagram(*stops)) == {("p", "no-end")}
    assert errors(diagram(*dead_end)) == {("c", "dead-end")}
    assert errors(diagram(*circle)) == {("c", "never-ends"), ("d", "never-ends")}


def test_a_flow_must_lead_somewhere() -> None:
    drawn = (
        *line(element("receiveTask", "x", messageRef="message_reply")),
        element("receiveTask", "y"),
        path("y", "gone"),
    )

    assert ("y_gone", "loose-flow") in errors(diagram(*drawn))


def test_ids_are_unique() -> None:
    drawn = (*line(element("receiveTask", "x", messageRef="message_reply")), element("textAnnotation", "x"))

    assert errors(diagram(*drawn)) == {("x", "duplicate-id")}


def test_two_files_may_not_bring_the_same_process() -> None:
    one = diagram(*line(element("receiveTask", "x", messageRef="message_reply")))

    other = SourceFile("bpmn", "other.bpmn", one.content)

    assert errors(one, other) == {("p", "duplicate-process")}
    assert errors(one, one) == {("p", "duplicate-process"), ("", "same-name")}


def test_behind_an_event_gateway_stand_catching_events() -> None:
    drawn = (
        element("startEvent", "s"),
        element("eventBasedGateway", "g"),
        user_task("a"),
        element("intermediateCatchEvent", "b", timer("timeCycle", "&quot;R3/PT1H&quot;")),
        element("endEvent", "e"),
        path("s", "g", "a", "e"),
        path("g", "b", "e"),
    )

    assert {("a", "event-gateway"), ("b", "event-gateway")} <= errors(diagram(*drawn))


def test_a_sub_process_is_a_process_too() -> None:
    inner = (element("startEvent", "is"), user_task("u"), path("is", "u"))
    drawn = line(element("subProcess", "x", "".join(inner)))

    assert ("x", "no-end") in errors(diagram(*drawn))


def event_sub_process(interrupting: str) -> tuple[str, ...]:
    inner = (
        element("startEvent", "is", message(), isInterrupting=interrupting),
        element("endEvent", "ie"),
        path("is", "ie"),
    )
    return (
        *line(element("receiveTask", "x", messageRef="message_reply")),
        element("subProcess", "aside", "".join(inner), triggeredByEvent="true"),
    )


def test_an_event_sub_process_may_not_interrupt() -> None:
    """It is drawn as interrupting, but the rest goes on."""
    assert errors(diagram(*event_sub_process("true"))) == {("aside", "interrupting-event-sub-process")}
    assert errors(diagram(*event_sub_process("false"))) == set()
