"""Lint rules on events that somebody must catch or throw: errors, escalations, cancellations, signals."""

from __future__ import annotations

from collections.abc import Iterator

from app.engine.lint.bundle import (
    BPMN,
    Bundle,
    Diagram,
    Element,
    Report,
    Scope,
    event_definitions,
    id_of,
    properties,
    tag_of,
)
from app.engine.lint.calling import calls, run_together, scopes_in

_DEFINED_BY = {
    "errorEventDefinition": ("errorRef", "error"),
    "escalationEventDefinition": ("escalationRef", "escalation"),
    "signalEventDefinition": ("signalRef", "signal"),
}
_THROWING = ("endEvent", "intermediateThrowEvent")


def check(diagram: Diagram, bundle: Bundle, report: Report) -> None:
    """All rules on thrown and caught events of one diagram."""
    for scope in diagram.scopes:
        for event, definition in _events(scope):
            _check_reference(event, definition, diagram, report)
            kind = tag_of(definition)
            if kind == "signalEventDefinition" and tag_of(event) not in _THROWING:
                _check_signal(event, definition, scope, diagram, bundle, report)
            elif kind == "cancelEventDefinition" and tag_of(event) == "endEvent":
                _check_cancel(event, scope, report)
            elif kind == "errorEventDefinition" and tag_of(event) == "endEvent":
                _check_error(event, definition, bundle, report)
            elif kind == "escalationEventDefinition" and tag_of(event) == "boundaryEvent":
                _check_escalation(event, definition, scope, bundle, report)
            elif kind == "messageEventDefinition" and tag_of(event) == "startEvent":
                _check_key_of_start(event, definition, diagram, report)


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


def _thrown_signals(bundle: Bundle) -> Iterator[tuple[str, str]]:
    """(key of the process, name of the signal) of each event that throws one."""
    for diagram in bundle.diagrams:
        for scope in diagram.scopes:
            for event, definition in _events(scope):
                if tag_of(definition) == "signalEventDefinition" and tag_of(event) in _THROWING:
                    yield _process_of(scope.element), _signal_name(definition, diagram)


def _process_of(element: Element) -> str:
    place: Element | None = element
    while place is not None and tag_of(place) != "process":
        place = place.getparent()
    return id_of(place) if place is not None else ""


def _check_signal(
    event: Element, definition: Element, scope: Scope, diagram: Diagram, bundle: Bundle, report: Report
) -> None:
    """A signal reaches everything in the same instance: what calls and is called, not other instances."""
    name = _signal_name(definition, diagram)
    together = run_together(_process_of(scope.element), bundle)
    if name and not any(signal == name and process in together for process, signal in _thrown_signals(bundle)):
        message = (
            f"Nothing that runs in the same instance throws the signal `{name}`, and none comes from outside; "
            "wait for a message instead."
        )
        report.error(id_of(event), "signal-never-thrown", message)


def _check_key_of_start(event: Element, definition: Element, diagram: Diagram, report: Report) -> None:
    """An event sub-process listens all the time; there is no moment at which its key would be calculated."""
    named = [each for each in diagram.root.iter(f"{BPMN}message") if each.get("id") == definition.get("messageRef")]
    if any("correlation" in properties(each) for each in (event, definition, *named)):
        message = (
            "An event sub-process hears every message of this name; the correlation is not looked at. "
            "Remove it, or give it a message of its own."
        )
        report.error(id_of(event), "event-sub-process", message)


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
    """The code of an error or escalation; None for one without, which catches all."""
    attribute, tag = _DEFINED_BY[tag_of(definition)]
    reference = definition.get(attribute)
    for each in definition.getroottree().getroot().iter(f"{BPMN}{tag}") if reference else ():
        if each.get("id") == reference:
            return each.get(f"{tag}Code")
    return None


def _check_error(event: Element, definition: Element, bundle: Bundle, report: Report) -> None:
    uncaught = _uncaught_at(event, _code(definition), bundle, frozenset())
    if uncaught is None:
        return
    where = f" where `{id_of(uncaught)}` calls the process" if tag_of(uncaught) == "callActivity" else ""
    message = (
        f"Nothing catches this error{where} and the process would go on as if all were well; "
        "put an error event on the edge of the sub-process, or end without an error."
    )
    report.error(id_of(event), "uncaught-error", message)


def _uncaught_at(thrown_in: Element, code: str | None, bundle: Bundle, seen: frozenset[str]) -> Element | None:
    """The outermost place that an error leaves without being caught; None when it never gets so far."""
    last = thrown_in
    place = thrown_in.getparent()
    while place is not None and tag_of(place) != "process":
        if _catches(place, code):
            return None
        last = place
        place = place.getparent()
    key = id_of(place) if place is not None else ""
    # A process that others call may leave the error to them: to each of them.
    callers = [each for each in calls(bundle) if each.get("calledElement") == key]
    if not callers or key in seen:
        return last
    for caller in callers:
        if not _catches(caller, code):
            uncaught = _uncaught_at(caller, code, bundle, seen | {key})
            if uncaught is not None:
                return caller
    return None


def _catches(activity: Element, code: str | None) -> bool:
    return any(_code(caught) in (None, code) for caught in _caught_at(activity).get("errorEventDefinition", ()))


def _check_escalation(event: Element, definition: Element, scope: Scope, bundle: Bundle, report: Report) -> None:
    """A non-interrupting boundary event happens once; what it stands on may escalate more often."""
    host = scope.nodes.get(event.get("attachedToRef", ""))
    if event.get("cancelActivity") != "false" or host is None:
        return
    code = _code(definition)
    escalating = [
        (inside, id_of(thrower))
        for inside in scopes_in(host, bundle)
        for thrower, thrown in _events(inside)
        if tag_of(thrower) in _THROWING
        and tag_of(thrown) == "escalationEventDefinition"
        and (code is None or _code(thrown) in (None, code))
    ]
    again = any(thrower in inside.reachable(inside.steps(thrower)) for inside, thrower in escalating)
    if again or len(escalating) > 1:
        message = (
            "A non-interrupting escalation event happens once only, and this escalates more often; "
            "let it escalate once, or make the event interrupting."
        )
        report.error(id_of(event), "message-once", message)
