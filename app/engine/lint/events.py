"""Lint rules on events that somebody must catch or throw: errors, escalations, cancellations, signals."""

from __future__ import annotations

from collections.abc import Iterator

from app.engine.lint.bundle import BPMN, Bundle, Diagram, Element, Report, Scope, event_definitions, id_of, tag_of

_DEFINED_BY = {
    "errorEventDefinition": ("errorRef", "error"),
    "escalationEventDefinition": ("escalationRef", "escalation"),
    "signalEventDefinition": ("signalRef", "signal"),
}
_THROWING = ("endEvent", "intermediateThrowEvent")


def check(diagram: Diagram, bundle: Bundle, report: Report) -> None:
    """All rules on thrown and caught events of one diagram."""
    thrown_signals = set(_signals(bundle, *_THROWING))
    for scope in diagram.scopes:
        for event, definition in _events(scope):
            _check_reference(event, definition, diagram, report)
            kind = tag_of(definition)
            if kind == "signalEventDefinition" and tag_of(event) not in _THROWING:
                _check_signal(event, definition, diagram, thrown_signals, report)
            elif kind == "cancelEventDefinition" and tag_of(event) == "endEvent":
                _check_cancel(event, scope, report)
            elif kind == "errorEventDefinition" and tag_of(event) == "endEvent":
                _check_error(event, definition, diagram, bundle, report)


def _events(scope: Scope) -> Iterator[tuple[Element, Element]]:
    for node in scope.nodes.values():
        for definition in event_definitions(node):
            yield node, definition


def _check_reference(event: Element, definition: Element, diagram: Diagram, report: Report) -> None:
    attribute, tag = _DEFINED_BY.get(tag_of(definition), ("", ""))
    if not tag or (tag == "signal" and tag_of(event) == "endEvent"):
        return
    reference = definition.get(attribute)
    if reference is None and tag != "signal":
        return
    found = [each for each in diagram.root.iter(f"{BPMN}{tag}") if each.get("id") == reference]
    if len(found) != 1:
        message = f"It names no {tag} of this file (`{reference or ''}`); choose one."
        report.error(id_of(event), f"missing-{tag}", message)
    elif tag == "signal" and not (found[0].get("name") or "").strip():
        report.error(id_of(event), "missing-signal", f"The signal `{reference}` has no name; give it one.")


def _signal_name(definition: Element, diagram: Diagram) -> str:
    reference = definition.get("signalRef")
    signals = {each.get("id"): each.get("name", "") for each in diagram.root.iter(f"{BPMN}signal")}
    return signals.get(reference, "")


def _signals(bundle: Bundle, *kinds: str) -> Iterator[str]:
    for diagram in bundle.diagrams:
        for scope in diagram.scopes:
            for event, definition in _events(scope):
                if tag_of(definition) == "signalEventDefinition" and tag_of(event) in kinds:
                    yield _signal_name(definition, diagram)


def _check_signal(event: Element, definition: Element, diagram: Diagram, thrown: set[str], report: Report) -> None:
    name = _signal_name(definition, diagram)
    if name and name not in thrown:
        message = f"Nothing throws the signal `{name}`, and none comes from outside; wait for a message instead."
        report.error(id_of(event), "signal-never-thrown", message)


def _check_cancel(event: Element, scope: Scope, report: Report) -> None:
    holder = scope.element
    if tag_of(holder) != "transaction":
        message = "Only inside a transaction can an end cancel; use an error end event."
        report.error(id_of(event), "cancel-outside-transaction", message)
    elif "cancelEventDefinition" not in _caught_at(holder):
        message = "Nothing catches this cancellation and the process would go on as if all were well; catch it."
        report.error(id_of(event), "uncaught-error", message)


def _caught_at(activity: Element) -> dict[str, list[Element]]:
    """The event definitions on the edge of an activity, by kind."""
    found: dict[str, list[Element]] = {}
    parent = activity.getparent()
    for event in parent.findall(f"{BPMN}boundaryEvent") if parent is not None else ():
        if event.get("attachedToRef") == activity.get("id"):
            for definition in event_definitions(event):
                found.setdefault(tag_of(definition), []).append(definition)
    return found


def _code(definition: Element) -> str | None:
    """The code of an error; None for one without, which catches every error."""
    reference = definition.get("errorRef")
    if not reference:
        return None
    for each in definition.getroottree().getroot().iter(f"{BPMN}error"):
        if each.get("id") == reference:
            return each.get("errorCode")
    return None


def _check_error(event: Element, definition: Element, diagram: Diagram, bundle: Bundle, report: Report) -> None:
    code = _code(definition)
    places: list[Element] = []
    holder = event.getparent()
    while holder is not None and tag_of(holder) != "process":
        places.append(holder)
        holder = holder.getparent()
    key = id_of(holder) if holder is not None else ""
    # A process that others call may leave the error to them.
    callers = [
        each for other in bundle.diagrams for each in other.nodes("callActivity") if each.get("calledElement") == key
    ]
    for place in (*places, *callers):
        for caught in _caught_at(place).get("errorEventDefinition", ()):
            if _code(caught) in (None, code):
                return
    message = (
        "Nothing catches this error and the process would go on as if all were well; "
        "put an error event on the edge of the sub-process, or end without an error."
    )
    report.error(id_of(event), "uncaught-error", message)
