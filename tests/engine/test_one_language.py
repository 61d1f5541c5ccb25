"""Wherever an analyst may write, the same small language reads it: at deploy and in a running instance."""

import re
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.engine import definitions, service
from app.engine.models import InstanceState, Origin
from app.engine.subject import Subject
from app.engine.xml import SourceFile
from app.errors import InvalidInput

from .conftest import Thing
from .drawing import FORM, diagram, element, flow, line, path, properties, service_task, table, timer, user_task

# Python would make the file; the language has neither the function nor anything to reach it by.
TRACE = Path("trace_of_an_escape")
ESCAPES = (
    "open('trace_of_an_escape', 'w')",
    "__import__('os').system('touch trace_of_an_escape')",
    "().__class__.__bases__[0].__subclasses__()",
)


def places(text: str) -> dict[str, list[SourceFile]]:
    """Each place that takes an expression or a script, with this text there, at the element x or inside it."""
    held = "<bpmn:extensionElements>{}</bpmn:extensionElements>"
    begin = "<bpmn:extensionElements>"
    spiff = "<spiffworkflow:{0}>{1}</spiffworkflow:{0}>"
    message = '<bpmn:messageEventDefinition id="m" messageRef="message_reply">{}</bpmn:messageEventDefinition>'
    hello = message.format(held.format(spiff.format("messagePayload", "{}")))
    note = service_task("x", "testing.note", text="'hello'")
    repeated = note.replace("</bpmn:serviceTask>", "{}</bpmn:serviceTask>")
    several = repeated.format("<bpmn:multiInstanceLoopCharacteristics>{}</bpmn:multiInstanceLoopCharacteristics>")
    count = "<bpmn:loopCardinality>{}</bpmn:loopCardinality>"
    until = f"{count.format(2)}<bpmn:completionCondition>{text}</bpmn:completionCondition>"
    again = f"<bpmn:loopCondition>{text}</bpmn:loopCondition>"
    again = f'<bpmn:standardLoopCharacteristics loopMaximum="3">{again}</bpmn:standardLoopCharacteristics>'
    gateway = element("exclusiveGateway", "x", default="x_f")
    chosen = (element("startEvent", "s"), gateway, user_task("e"), user_task("f"), path("s", "x"))
    repeats = element("boundaryEvent", "x", timer("timeCycle", text), attachedToRef="work", cancelActivity="false")
    noted = service_task("n", "testing.note", text="'hello'")
    begun = (element("startEvent", "s"), user_task("work"), repeats, noted, element("endEvent", "e"))
    asks = held.format(spiff.format("calledDecisionId", "routing")) + "<bpmn:incoming>s_x</bpmn:incoming>"
    asked = diagram(*line(element("businessRuleTask", "x", asks)))

    def event(kind: str, inside: str) -> tuple[str, ...]:
        return line(element(f"intermediate{kind}Event", "x", inside))

    drawn: dict[str, tuple[str, ...]] = {
        "condition": (*chosen, flow("x", "e", text), flow("x", "f")),
        "script": line(element("scriptTask", "x", f"<bpmn:script>a = {text}</bpmn:script>")),
        "pre-script": line(note.replace(begin, begin + spiff.format("preScript", f"a = {text}"))),
        "post-script": line(note.replace(begin, begin + spiff.format("postScript", f"a = {text}"))),
        "parameter": line(service_task("x", "testing.note", text=text)),
        "timer date": event("Catch", timer("timeDate", text)),
        "timer duration": event("Catch", timer("timeDuration", text)),
        "timer cycle": (*begun, path("s", "work", "e"), path("x", "n", "e")),
        "cardinality": line(several.format(count.format(text))),
        "completion": line(several.format(until)),
        "loop condition": line(repeated.format(again)),
        "payload": event("Throw", message.format(held.format(spiff.format("messagePayload", text)))),
        "correlation": event("Catch", properties(correlation=text) + message.format("")),
        "keep_for": event("Throw", properties(keep_for=text) + hello),
    }
    for name in ("assignee", "candidate_teams", "excluded_person", "due"):
        drawn[name] = line(user_task("x", **{name: text}))
    return {place: [diagram(*body), FORM] for place, body in drawn.items()} | {
        "decision output": [asked, table((["1"], [text]))],
        "decision input": [asked, table(([f"? == {text}"], ["'a'"]))],
        "decision column": [asked, table((["1"], ["'a'"]), inputs=(text,))],
    }


PLACES = tuple(places("1"))


@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("place", PLACES)
def test_an_escape_is_refused_at_deploy(session: Session, place: str, escape: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        definitions.deploy(session, places(escape)[place])

    # A condition belongs to its flow, a cell to its rule.
    expected = "r0" if place.startswith("decision") else "x_e" if place == "condition" else "x"
    assert any(name.startswith(expected) for name in refused.value.errors), refused.value.errors
    assert not TRACE.exists()


@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("place", PLACES)
def test_an_escape_that_lint_let_pass_stalls_its_instance_and_does_nothing(
    session: Session, thing: Thing, place: str, escape: str
) -> None:
    try:
        definitions._add_version(session, None, "p", "P", places(escape)[place], Origin.EDITED, None)
    except InvalidInput:
        # What is compiled with the diagram, cells and keys, does not even become a definition.
        assert place.startswith("decision") or place in ("correlation", "keep_for")
        return

    instance = service.start(session, "p", Subject("thing", 1))

    assert (instance.state, instance.stalled_element) == (InstanceState.STALLED, "x"), instance.stalled_reason
    reason = instance.stalled_reason or ""
    assert re.search("there is no function|an underscore|values have no functions|Only a named function", reason), (
        reason
    )
    # A step that fails undoes itself in the database; this note is the test's own.
    assert (thing.notes == []) is (place not in ("completion", "loop condition", "post-script"))
    assert not TRACE.exists()
