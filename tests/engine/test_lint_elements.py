"""Lint on single elements, tasks, expressions and timers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields, validate

from app.engine import lint, operations
from app.engine.operations import Call, operation
from app.engine.xml import SourceFile
from tests.engine.drawing import (
    FORM,
    SPACES,
    diagram,
    element,
    errors,
    flow,
    found,
    line,
    message,
    path,
    properties,
    service_task,
    table,
    timer,
    user_task,
)


class _Parameters(Schema):
    team = fields.String(required=True)
    times = fields.Integer(validate=validate.Range(min=0))


@pytest.fixture(autouse=True)
def paint() -> Iterator[None]:
    """An operation of the tests' own."""

    @operation("test.paint", _Parameters)
    def paint_it(call: Call, **parameters: Any) -> None:
        """Paint something."""

    yield
    del operations.REGISTRY["test.paint"]


def boundary(definition: str, host: str = "x", **attributes: str) -> str:
    """A boundary event b on `host`, with an end of its own."""
    given = {"attachedToRef": host, "cancelActivity": "false", **attributes}
    return element("boundaryEvent", "b", definition, **given) + element("endEvent", "be") + path("b", "be")


@pytest.mark.parametrize(
    ("drawn", "problem"),
    [
        (element("task", "x"), ("x", "plain-task")),
        (element("manualTask", "x"), ("x", "plain-task")),
        (element("receiveTask", "x"), ("x", "missing-message")),
        (element("sendTask", "x"), ("x", "missing-message")),
        (element("receiveTask", "x", messageRef="gone"), ("x", "missing-message")),
        (element("adHocSubProcess", "x"), ("x", "ad-hoc")),
        (
            element("scriptTask", "x", "<bpmn:script>a = 1</bpmn:script>", scriptFormat="javascript"),
            ("x", "script-format"),
        ),
        (element("scriptTask", "x"), ("x", "missing-script")),
        (element("scriptTask", "x", "<bpmn:script>a = = 1</bpmn:script>"), ("x", "expression")),
        (element("serviceTask", "x"), ("x", "missing-operation")),
        (service_task("x", "test.pain", team="'a'"), ("x", "unknown-operation")),
        (service_task("x", "test.paint"), ("x", "parameter")),
        (service_task("x", "test.paint", team="'a'", colour="1"), ("x", "parameter")),
        (service_task("x", "test.paint", team="5"), ("x", "parameter")),
        (service_task("x", "test.paint", team="'a'", times="-1"), ("x", "parameter")),
        (service_task("x", "test.paint", team="'a"), ("x", "expression")),
        (service_task("x", "test.paint", team="paint('a')"), ("x", "unknown-function")),
        (service_task("x", "test.paint", result="color", team="'a'"), ("x", "no-result")),
        (element("businessRuleTask", "x"), ("x", "missing-decision")),
        (element("callActivity", "x"), ("x", "missing-process")),
        (element("callActivity", "x", calledElement="gone"), ("x", "missing-process")),
        (element("callActivity", "x", calledElement="p"), ("p", "calls-itself")),
        (user_task("x", form="gone"), ("x", "missing-form")),
        (user_task("x", form=""), ("x", "missing-form")),
        (user_task("x", variableName=""), ("x", "missing-variable")),
        (user_task("x", candidate_role=""), ("x", "nobody")),
        (user_task("x", due="sla."), ("x", "expression")),
        (element("intermediateThrowEvent", "x", '<bpmn:linkEventDefinition name="l" />'), ("x", "unsupported-event")),
        (element("intermediateThrowEvent", "x", "<bpmn:compensateEventDefinition />"), ("x", "unsupported-event")),
        (element("intermediateCatchEvent", "x", "<bpmn:conditionalEventDefinition />"), ("x", "unsupported-event")),
        (element("intermediateCatchEvent", "x"), ("x", "empty-event")),
        (element("intermediateCatchEvent", "x", message("gone")), ("x", "missing-message")),
        (element("intermediateCatchEvent", "x", message() + timer("timeDate", "now()")), ("x", "many-events")),
        (user_task("x") + boundary(message()), ("b", "message-once")),
        (user_task("x") + boundary("<bpmn:errorEventDefinition />", cancelActivity="true"), ("b", "boundary")),
        (user_task("x") + boundary("<bpmn:cancelEventDefinition />", cancelActivity="true"), ("b", "boundary")),
        (user_task("x") + boundary(message(), host="gone"), ("b", "loose-boundary")),
        (element("receiveTask", "x", "<bpmn:standardLoopCharacteristics />"), ("x", "repetition")),
        (element("receiveTask", "x", "<bpmn:multiInstanceLoopCharacteristics />"), ("x", "repetition")),
        (element("receiveTask", "x", messageRef="message_reply", isForCompensation="true"), ("x", "compensation")),
        (
            element("receiveTask", "x", messageRef="message_reply") + element("dataStoreReference", "d"),
            ("d", "data"),
        ),
    ],
)
def test_what_would_silently_run_wrong_is_refused(drawn: str, problem: tuple[str, str]) -> None:
    assert problem in errors(diagram(*line(drawn)), FORM)


@pytest.mark.parametrize("key", ["form", "form__change"])
def test_a_form_customers_ask_with_has_to_be_there(key: str) -> None:
    start = element("startEvent", "s", properties(**{key: "gone"}))
    drawn = (start, element("endEvent", "e"), path("s", "e"))

    assert errors(diagram(*drawn), FORM) == {("s", "missing-form")}


def test_a_signal_at_the_end_is_refused() -> None:
    drawn = (element("startEvent", "s"), element("endEvent", "e", "<bpmn:signalEventDefinition />"), path("s", "e"))

    assert errors(diagram(*drawn)) == {("e", "unsupported-event")}


@pytest.mark.parametrize(
    "drawn",
    [
        user_task("x"),
        user_task("x") + boundary(timer("timeDuration", "&quot;PT1H&quot;")),
        user_task("x") + boundary(message(), cancelActivity="true"),
        service_task("x", "test.paint", team="answer.note"),
        service_task("x", "test.paint", team="'a'", times="1 + 2"),
        element("scriptTask", "x", "<bpmn:script>a = 1</bpmn:script>"),
        element("intermediateThrowEvent", "x", message()),
        element("sendTask", "x", messageRef="message_reply"),
    ],
)
def test_what_runs_well_is_left_alone(drawn: str) -> None:
    assert errors(diagram(properties(variables="answer"), *line(drawn)), FORM) == set()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("timeDuration", "PT4H"),
        ("timeDuration", '"-PT4H"'),
        ("timeDuration", '"4 hours"'),
        ("timeDuration", '"P99999Y"'),
        ("timeDuration", '"2026-11-23"'),
        ("timeDuration", "4"),
        ("timeDuration", "P1.5D"),
        ("timeDate", "2026-11-23"),
        ("timeDate", '"PT4H"'),
        ("timeDate", '"2026-02-30"'),
        ("timeDate", '"soon"'),
        ("timeCycle", '"R3/PT1H"'),
        ("timeDuration", ""),
    ],
)
def test_a_timer_that_would_be_misread_is_refused(kind: str, text: str) -> None:
    drawn = element("intermediateCatchEvent", "x", timer(kind, text))

    assert ("x", "timer") in errors(diagram(*line(drawn)))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("timeDuration", '"PT4H"'),
        ("timeDuration", 'duration("PT4H")'),
        ("timeDuration", '"P1Y2M"'),
        ("timeDuration", '"PT1.5S"'),
        ("timeDate", '"2026-11-23T10:00:00Z"'),
        ("timeDate", '"2026-11-23T10:00:00"'),
        ("timeDate", '"2026-11-23"'),
        ("timeDate", "now()"),
    ],
)
def test_a_proper_timer_is_left_alone(kind: str, text: str) -> None:
    drawn = element("intermediateCatchEvent", "x", timer(kind, text))

    assert found(diagram(*line(drawn))) == set()


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ('"R3/PT1H"', True),
        ('"R/P1M"', True),
        ('"R3/PT1H/2026-11-23T18:00:00"', True),
        ('"R3/2026-11-23T18:00:00Z/P1D"', True),
        ('"R0/PT1H"', False),
        ('"R1000000/PT0S"', False),
        ('"R3/PT30S"', False),
        ('"R3/P99999Y"', False),
        ('"PT1H"', False),
        ('"R3/-PT1H"', False),
    ],
)
def test_a_cycle_is_read_as_the_engine_reads_it(text: str, is_right: bool) -> None:
    repeats = element("boundaryEvent", "y", timer("timeCycle", text), attachedToRef="x", cancelActivity="false")
    drawn = (*line(user_task("x")), repeats, element("endEvent", "late"), path("y", "late"))

    assert (("y", "timer") not in errors(diagram(*drawn), FORM)) is is_right


def test_an_unknown_name_is_refused_unless_something_assigns_it() -> None:
    reads = service_task("x", "test.paint", team="colour")
    script = element("scriptTask", "y", "<bpmn:script>colour = 'red'</bpmn:script>")

    assert found(diagram(*line(reads))) == {("error", "x", "unknown-name")}
    assert ("error", "x", "unknown-name") not in found(diagram(*line(reads), script))


def test_a_process_names_what_it_is_started_with() -> None:
    reads = service_task("x", "test.paint", team="colour")

    assert found(diagram(properties(variables="size, colour"), *line(reads))) == set()


def test_the_fields_of_a_form_without_a_variable_are_known_by_themselves() -> None:
    asks = user_task("x", variableName="", postScript="")
    reads = service_task("y", "test.paint", team="note")

    assert ("y", "unknown-name") not in errors(diagram(*line(asks), reads), FORM)
    assert ("y", "unknown-name") in errors(diagram(*line(asks), reads.replace("note", "tone")), FORM)


def test_a_field_that_no_form_has_is_refused() -> None:
    """The condition would stall every instance that reaches it."""

    def drawn(field: str) -> SourceFile:
        return diagram(
            element("startEvent", "s"),
            user_task("u"),
            element("exclusiveGateway", "g", default="g_f"),
            element("endEvent", "e"),
            element("endEvent", "f"),
            path("s", "u", "g", "f"),
            flow("g", "e", f"work.{field} == 1"),
        )

    assert errors(drawn("outcom"), FORM) == {("g_e", "unknown-field")}
    assert errors(drawn("outcome"), FORM) == set()
    assert errors(drawn("by"), FORM) == set()


def test_texts_without_a_translation_are_warned_about() -> None:
    drawn = element("receiveTask", "x", messageRef="message_reply", name="Wait")
    said = element("receiveTask", "x", properties(name__ro="Așteaptă"), messageRef="message_reply", name="Wait")

    assert found(diagram(*line(drawn))) == {("warning", "x", "missing-translation")}
    assert found(diagram(*line(said))) == set()


def test_settings_of_other_engines_are_warned_about() -> None:
    drawn = user_task("x").replace("<bpmn:userTask", '<bpmn:userTask camunda:assignee="ana"')

    assert found(diagram(*line(drawn)), FORM) == {("warning", "x", "foreign")}


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        (table((["&gt; 1"], ["'a'"]), policy="ANY"), ("t", "hit-policy")),
        (table((["&gt; 1"], ["'a'"]), policy="COLLECT", attributes=' aggregation="SUM"'), ("t", "hit-policy")),
        (table((["&gt;&gt; 1"], ["'a'"])), ("r0i0", "expression")),
        (table((["[1..5]"], ["'a'"])), ("r0i0", "expression")),
        (table((["1"], ["'a"])), ("r0o0", "expression")),
        (table((["1", "2"], ["'a'"])), ("r0", "row-width")),
        (table((["1"], ["'a'"]), inputs=("",)), ("i0", "no-input")),
        (table((["1"], ["'a'"]), outputs=("two words",)), ("t", "output-name")),
        (table((["1"], ["'a'"]), (["1"], ["'b'"]), policy="UNIQUE"), ("r1", "not-unique")),
        (table((["1"], ["'a'"]), ([""], ["'b'"]), policy="UNIQUE"), ("r1", "not-unique")),
    ],
)
def test_a_decision_table_that_would_decide_wrongly_is_refused(file: SourceFile, problem: tuple[str, str]) -> None:
    assert problem in errors(file)


def test_a_decision_file_holds_one_table() -> None:
    two = table((["1"], ["'a'"])).content.replace(b"</definitions>", b'<decision id="z" /></definitions>')
    none = table((["1"], ["'a'"])).content.replace(b"decisionTable", b"literalExpression")

    assert errors(SourceFile("dmn", "two.dmn", two)) == {("", "one-decision")}
    assert errors(SourceFile("dmn", "none.dmn", none)) == {("routing", "one-table")}


def test_a_good_decision_table_is_left_alone() -> None:
    good = table((["&gt; 1"], ["'a'"]), (['"x", "y"'], ["'b'"]), (["-"], ["None"]), ([""], [""]))
    asks = element(
        "businessRuleTask",
        "x",
        "<bpmn:extensionElements><spiffworkflow:calledDecisionId>routing</spiffworkflow:calledDecisionId>"
        "</bpmn:extensionElements>",
    )

    assert found(good, diagram(*line(asks))) == set()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no xml",
        b"<a/>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b"<a>" * 200 + b"</a>" * 200,
        f"<bpmn:definitions {SPACES} />".encode(),
        f"<bpmn:definitions {SPACES}><bpmn:process /></bpmn:definitions>".encode(),
        b"\xff\xfe\x00",
    ],
)
@pytest.mark.parametrize("kind", ["bpmn", "dmn", "form"])
def test_a_file_that_cannot_be_read_is_a_problem_and_no_traceback(kind: Any, content: bytes) -> None:
    assert lint.has_errors(lint.problems([SourceFile(kind, "file", content)]))


PARTS: list[str | Callable[..., str]] = [
    element("startEvent", "s"),
    element("endEvent", "e"),
    user_task("u"),
    service_task("x", "test.paint", team="'a'"),
    element("subProcess", "sub", element("startEvent", "s") + element("boundaryEvent", "b")),
    element("exclusiveGateway", "g"),
    element("parallelGateway", "g"),
    element("eventBasedGateway", "g"),
    element("boundaryEvent", "b", timer("timeDate", "x["), attachedToRef="u"),
    element("callActivity", "c", calledElement="p"),
    element("intermediateCatchEvent", "i", timer("timeCycle", '"R3"')),
    "<bpmn:sequenceFlow />",
    "<bpmn:startEvent />",
    "<bpmn:userTask><bpmn:extensionElements /></bpmn:userTask>",
    (
        "<bpmn:extensionElements><spiffworkflow:properties><spiffworkflow:property /></spiffworkflow:properties>"
        "</bpmn:extensionElements>"
    ),
    (
        "<bpmn:serviceTask><bpmn:extensionElements><spiffworkflow:serviceTaskOperator>"
        "<spiffworkflow:parameters><spiffworkflow:parameter /></spiffworkflow:parameters>"
        "</spiffworkflow:serviceTaskOperator></bpmn:extensionElements></bpmn:serviceTask>"
    ),
    "<bpmn:scriptTask><bpmn:script><bpmn:script>x = </bpmn:script></bpmn:script></bpmn:scriptTask>",
    "<bpmn:boundaryEvent attachedToRef='g'><bpmn:timerEventDefinition /></bpmn:boundaryEvent>",
    (
        "<bpmn:task><bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>1.5</bpmn:loopCardinality>"
        "</bpmn:multiInstanceLoopCharacteristics></bpmn:task>"
    ),
    "<!-- a comment --><?instruction?>",
    "text",
    *(flow(source, target, condition) for source in "sguxb" for target in "eguxb" for condition in (None, "x >")),
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=12))
def test_lint_ends_without_a_traceback_whatever_is_drawn(parts: list[str]) -> None:
    for problem in lint.problems([diagram(*parts), FORM]):
        assert problem.message[-1] in ".!?)"
