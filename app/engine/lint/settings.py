"""Lint rules on settings of elements that the engine reads differently, or not at all, and on ids and lengths."""

from __future__ import annotations

from typing import Final

from app.engine.lint.bundle import (
    ACTIVITIES,
    BPMN,
    EVENTS,
    FLOW_NODES,
    SUB_PROCESSES,
    Bundle,
    Diagram,
    Element,
    Report,
    Scope,
    id_of,
    owner_of,
    tag_of,
)

_TRUE_OR_FALSE: Final = (
    "isExecutable",
    "triggeredByEvent",
    "isInterrupting",
    "cancelActivity",
    "isForCompensation",
    "isSequential",
    "testBefore",
    "instantiate",
)
# What the database keeps of a name, in characters.
MAX_KEY: Final = 100
MAX_ID: Final = 150
MAX_NAME: Final = 200
# Names that the engine gives to places of its own in every process.
_RESERVED: Final = frozenset({"Start", "End", "Root", "StartEventSplit", "StartEventJoin"})
_RESERVED_ENDINGS: Final = (".EndJoin", ".BoundaryEventSplit", ".BoundaryEventJoin", " [child]")
_SCOPES: Final = SUB_PROCESSES | {"process"}
_TIMED: Final = frozenset({"timerEventDefinition"})
# What may hold each element.
_PLACES: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(FLOW_NODES | {"sequenceFlow"}, _SCOPES),
    **dict.fromkeys(("timeDate", "timeDuration", "timeCycle"), _TIMED),
    **dict.fromkeys(("standardLoopCharacteristics", "multiInstanceLoopCharacteristics"), ACTIVITIES),
    **dict.fromkeys(("process", "message", "signal", "error", "escalation"), frozenset({"definitions"})),
    "*EventDefinition": EVENTS | {"definitions"},
    "conditionExpression": frozenset({"sequenceFlow"}),
    "script": frozenset({"scriptTask"}),
}
_DATA: Final = frozenset({"ioSpecification", "dataInputAssociation", "dataOutputAssociation", "property"})


def check(diagram: Diagram, bundle: Bundle, report: Report) -> None:
    """All rules on the settings of one diagram's elements."""
    for element in diagram.elements():
        for attribute in _TRUE_OR_FALSE:
            if element.get(attribute) not in (None, "true", "false"):
                message = f"`{attribute}` is `{element.get(attribute)}` and would be misread; write true or false."
                report.error(id_of(element), "true-or-false", message)
        _check_place(element, report)
    for process in diagram.processes:
        _check_length(process, MAX_KEY, report)
    for each in diagram.root.iter(f"{BPMN}message"):
        if len(each.get("name", "")) > MAX_KEY:
            report.error(id_of(each), "too-long", f"The message's name is longer than {MAX_KEY} characters; cut it.")
    for scope in diagram.scopes:
        _check_data(scope.element, report)
        for node in scope.nodes.values():
            _check_length(node, MAX_ID, report)
            _check_reserved(node, report)
            if tag_of(node) in ACTIVITIES:
                _check_activity(node, scope, report)
            _check_data(node, report)


def _check_place(element: Element, report: Report) -> None:
    """The engine finds some elements at any depth, where nobody sees them."""
    kind, parent = tag_of(element), element.getparent()
    if not element.tag.startswith(BPMN) or parent is None:
        return
    held_by = _PLACES.get("*EventDefinition" if kind.endswith("EventDefinition") else kind)
    if held_by is not None and (tag_of(parent) not in held_by or not parent.tag.startswith(BPMN)):
        message = f"A {kind} does not belong into a {tag_of(parent)}; draw it again where it belongs."
        report.error(element.get("id") or owner_of(element), "misplaced", message)


def _check_length(element: Element, most: int, report: Report) -> None:
    if len(element.get("id", "")) > most:
        report.error(id_of(element)[:most], "too-long", f"Its id is longer than {most} characters; cut it.")
    if len(element.get("name", "")) > MAX_NAME:
        report.error(id_of(element), "too-long", f"Its name is longer than {MAX_NAME} characters; cut it.")


def _check_reserved(element: Element, report: Report) -> None:
    name = id_of(element)
    if name in _RESERVED or name.endswith(_RESERVED_ENDINGS):
        report.error(name, "reserved-id", f"The id `{name}` belongs to the engine; choose another.")


def _check_data(element: Element, report: Report) -> None:
    for child in element:
        if child.tag.startswith(BPMN) and tag_of(child) in _DATA:
            message = "Data inputs, outputs and associations carry nothing here; steps share variables. Remove them."
            report.error(id_of(element), "data", message)
            return


def _check_activity(element: Element, scope: Scope, report: Report) -> None:
    name = id_of(element)
    for attribute in ("startQuantity", "completionQuantity"):
        if element.get(attribute, "1") != "1":
            report.error(name, "ignored-setting", f"`{attribute}` is ignored: one token comes, one goes. Remove it.")
    if element.get("instantiate") == "true":
        report.error(name, "ignored-setting", "It cannot start an instance; use a plain start event before it.")
    if element.get("triggeredByEvent") == "true" and (
        element.find(f"{BPMN}multiInstanceLoopCharacteristics") is not None
        or element.find(f"{BPMN}standardLoopCharacteristics") is not None
        or id_of(element) in scope.boundaries
    ):
        report.error(
            name, "event-sub-process", "An event sub-process has no markers and no boundary events; remove them."
        )
    several = element.find(f"{BPMN}multiInstanceLoopCharacteristics")
    if several is not None and several.get("behavior", "All") != "All":
        report.error(name, "ignored-setting", "It throws no events for single rounds; remove the behaviour setting.")
