"""Lint rules on single elements: those that the engine ignores, misreads, or runs once where twice was drawn."""

from __future__ import annotations

from typing import Final

from app.engine.lint.bundle import (
    ACTIVITIES,
    BPMN,
    FLOW_NODES,
    SPIFF,
    SUB_PROCESSES,
    Bundle,
    Diagram,
    Element,
    Report,
    Scope,
    event_definitions,
    id_of,
    owner_of,
    properties,
    tag_of,
    text_of,
)

SCRIPT_FORMATS: Final = frozenset({"", "suport"})
# What may stand directly in a process without being a step of it.
_BESIDE_THE_FLOW: Final = frozenset(
    {
        "documentation",
        "extensionElements",
        "incoming",
        "outgoing",
        "sequenceFlow",
        "laneSet",
        "textAnnotation",
        "association",
        "group",
        "multiInstanceLoopCharacteristics",
        "standardLoopCharacteristics",
        "ioSpecification",
        "property",
        "auditing",
        "monitoring",
    }
)
_CATCHING: Final = frozenset({"messageEventDefinition", "timerEventDefinition", "signalEventDefinition"})
_BOUNDARY: Final = _CATCHING | {"errorEventDefinition", "escalationEventDefinition", "cancelEventDefinition"}
_THROWING: Final = frozenset({"messageEventDefinition", "signalEventDefinition", "escalationEventDefinition"})
_ENDING: Final = frozenset(
    {
        "messageEventDefinition",
        "errorEventDefinition",
        "escalationEventDefinition",
        "terminateEventDefinition",
        "cancelEventDefinition",
    }
)
_ALLOWED_EVENTS: Final = {
    "startEvent": _CATCHING,
    "intermediateCatchEvent": _CATCHING,
    "boundaryEvent": _BOUNDARY,
    "intermediateThrowEvent": _THROWING,
    "endEvent": _ENDING,
}
_WAY_OUT: Final = {
    "linkEventDefinition": "Link events are ignored; draw a flow to the place instead.",
    "compensateEventDefinition": "Compensation does nothing here; draw the steps that undo the work.",
    "conditionalEventDefinition": "Nothing watches a condition; wait for a message or a timer.",
    "terminateEventDefinition": "Only an end event can terminate; use one.",
    "signalEventDefinition": "An end event sends no signal; throw it from an event before the end.",
}


def check(diagram: Diagram, bundle: Bundle, report: Report) -> None:
    """All rules on single elements of one diagram."""
    for scope in diagram.scopes:
        for child in scope.element:
            _check_kind(child, report)
        for element in scope.nodes.values():
            _check_element(element, scope, diagram, report)
    _check_texts(diagram, report)


def _check_kind(child: Element, report: Report) -> None:
    kind = tag_of(child)
    if not child.tag.startswith(BPMN) or kind in FLOW_NODES | _BESIDE_THE_FLOW:
        return
    if kind.startswith("data"):
        message = "Data objects and stores keep nothing here; steps share variables. Remove it."
        report.error(id_of(child), "data", message)
        return
    report.error(id_of(child), "unsupported", f"A {kind} cannot be run here; remove it.")


def _check_element(element: Element, scope: Scope, diagram: Diagram, report: Report) -> None:
    name, kind = id_of(element), tag_of(element)
    if kind in ("task", "manualTask"):
        message = "Nobody would be asked to do this and the process would wait for ever; make it a user task."
        report.error(name, "plain-task", message)
    elif kind == "adHocSubProcess":
        report.error(name, "ad-hoc", "Ad-hoc sub-processes cannot be run; draw the order of their steps.")
    elif kind in ("sendTask", "receiveTask"):
        _check_message(element, element.get("messageRef"), diagram, report)
    elif kind == "scriptTask":
        _check_script(element, report)
    elif kind in _ALLOWED_EVENTS:
        _check_event(element, kind, scope, diagram, report)
    if element.get("isForCompensation") == "true":
        report.error(name, "compensation", _WAY_OUT["compensateEventDefinition"])


def _check_message(element: Element, reference: str | None, diagram: Diagram, report: Report) -> None:
    if not reference:
        message = "It names no message, so it passes at once; choose one."
        report.error(id_of(element), "missing-message", message)
    elif reference not in diagram.messages:
        report.error(id_of(element), "missing-message", f"There is no message `{reference}` in this file; choose one.")
    elif not diagram.messages[reference].strip():
        report.error(id_of(element), "missing-message", f"The message `{reference}` has no name; give it one.")


def _check_script(element: Element, report: Report) -> None:
    written = element.get("scriptFormat", "").strip().lower()
    if written not in SCRIPT_FORMATS:
        message = f"Scripts are never run as `{written}`; write assignments and `if` only and leave the format empty."
        report.error(id_of(element), "script-format", message)
    if not text_of(element.find(f"{BPMN}script")):
        report.error(id_of(element), "missing-script", "There is no script here; write one or remove the task.")


def _check_event(element: Element, kind: str, scope: Scope, diagram: Diagram, report: Report) -> None:
    name = id_of(element)
    definitions = event_definitions(element)
    if len(definitions) > 1:
        report.error(name, "many-events", "Several events in one: draw each for itself, behind an event gateway.")
    if not definitions and kind == "intermediateCatchEvent":
        report.error(name, "empty-event", "It waits for nothing and passes at once; say what it waits for.")
    if not definitions and kind == "boundaryEvent":
        report.error(name, "empty-event", "It waits for nothing; say what it waits for.")
    if any(tag_of(child) == "eventDefinitionRef" for child in element):
        report.error(name, "unsupported", "Events defined elsewhere are ignored; define the event in place.")
    for definition in definitions:
        event = tag_of(definition)
        if event not in _ALLOWED_EVENTS[kind]:
            report.error(
                name, "unsupported-event", _WAY_OUT.get(event, f"A {kind} with {event} is ignored; remove it.")
            )
        elif event == "messageEventDefinition":
            _check_message(element, definition.get("messageRef"), diagram, report)
    if kind == "boundaryEvent":
        _check_boundary(element, definitions, scope, report)


def _check_boundary(element: Element, definitions: list[Element], scope: Scope, report: Report) -> None:
    name = id_of(element)
    host = scope.nodes.get(element.get("attachedToRef", ""))
    kinds = {tag_of(definition) for definition in definitions}
    if host is None or tag_of(host) not in ACTIVITIES:
        report.error(name, "loose-boundary", "It is attached to no task; put it on the edge of one.")
        return
    if element.get("cancelActivity", "true") == "false":
        if kinds & {"messageEventDefinition", "signalEventDefinition"}:
            message = (
                "A non-interrupting message event happens once only, however many messages come; "
                "wait for the message on a branch of its own that loops."
            )
            report.error(name, "message-once", message)
        if kinds & {"errorEventDefinition", "cancelEventDefinition"}:
            report.error(name, "boundary", "An error always interrupts; make the event interrupting.")
    if "cancelEventDefinition" in kinds and tag_of(host) != "transaction":
        report.error(name, "boundary", "Only a transaction can be cancelled; use another event.")
    if "errorEventDefinition" in kinds and tag_of(host) not in SUB_PROCESSES | {"callActivity"}:
        message = (
            "A failed operation does not come here, it stalls the instance; "
            "catch errors on a sub-process that ends with an error event."
        )
        report.error(name, "boundary", message)


def _check_texts(diagram: Diagram, report: Report) -> None:
    shown = [process for process in diagram.processes if process not in diagram.drawings]
    for element in [*shown, *(node for scope in diagram.scopes for node in scope.nodes.values())]:
        given = properties(element)
        if tag_of(element) == "userTask" and not element.get("name"):
            report.warning(id_of(element), "missing-name", "The task has no name; people see it in their list.")
        if element.get("name") and not given.get("name:ro"):
            message = f"“{element.get('name')}” has no Romanian text; add the property name:ro."
            report.warning(id_of(element), "missing-translation", message)
        if given.get("customer_step") and not given.get("customer_step:ro"):
            message = "customer_step has no Romanian text; add the property customer_step:ro."
            report.warning(id_of(element), "missing-translation", message)
    for holder in diagram.root.iter(f"{SPIFF}properties"):
        for each in holder:
            if not each.get("name") or each.get("value") is None:
                message = "An extension property has no name or no value; fill it in or remove it."
                report.error(owner_of(holder), "property", message)
