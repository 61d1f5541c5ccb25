"""Lint rules on how a diagram hangs together: starts, ends, gateways, reachability, joins in loops, ids."""

from __future__ import annotations

from collections import Counter

from app.engine.lint.bundle import (
    BPMN,
    FLOW_NODES,
    GATEWAYS,
    Bundle,
    Diagram,
    Element,
    Report,
    Scope,
    event_definitions,
    id_of,
    tag_of,
)

_MANY_OUTGOING = GATEWAYS | {"startEvent"}


def check(diagram: Diagram, bundle: Bundle, report: Report) -> None:
    """All structural rules on one diagram."""
    _check_ids(diagram, report)
    _check_processes(diagram, bundle, report)
    for scope in diagram.scopes:
        if tag_of(scope.element) == "adHocSubProcess":
            continue
        _check_flows(scope, report)
        _check_start(scope, report)
        _check_reach(scope, report)
        for gateway in scope.of_kind(*GATEWAYS):
            _check_gateway(gateway, scope, report)


def _check_ids(diagram: Diagram, report: Report) -> None:
    counts = Counter(element.get("id") for element in diagram.root.iter() if element.tag.startswith(BPMN))
    for element_id, count in counts.items():
        if element_id is not None and count > 1:
            report.error(element_id, "duplicate-id", f"{count} elements have the id `{element_id}`; give each its own.")
    for element in diagram.root.iter():
        needs_id = element.tag.startswith(BPMN) and tag_of(element) in FLOW_NODES | {"process", "sequenceFlow"}
        if needs_id and not element.get("id"):
            report.error(tag_of(element), "missing-id", f"A {tag_of(element)} has no id; give it one.")


def _check_processes(diagram: Diagram, bundle: Bundle, report: Report) -> None:
    if not diagram.processes:
        report.error("", "no-process", "There is no process in this diagram; draw one.")
    for process in diagram.processes:
        if process in diagram.drawings:
            message = "This process is not executable: it is a drawing only, and nothing in it is checked or run."
            report.warning(id_of(process), "drawing-only", message)
        elif process.get("isExecutable") != "true":
            message = 'The process is not executable and would never run; set "executable".'
            report.error(id_of(process), "not-executable", message)
        others = [each for each in bundle.diagrams for other in each.processes if id_of(other) == id_of(process)]
        if len(others) > 1:
            message = f"Another process has the key `{id_of(process)}` too; rename one of them."
            report.error(id_of(process), "duplicate-process", message)


def _check_flows(scope: Scope, report: Report) -> None:
    for flow in scope.flows:
        for end in (flow.source, flow.target):
            if end not in scope.nodes:
                message = f"The flow ends at `{end}`, which does not stand in the same process; connect it again."
                report.error(flow.id, "loose-flow", message)
        source = scope.nodes.get(flow.source)
        if source is not None and flow.condition is not None:
            _check_condition_place(flow.id, source, report)
    for node, element in scope.nodes.items():
        kind = tag_of(element)
        leaving, entering = scope.outgoing[node], scope.incoming[node]
        if kind == "endEvent" and leaving:
            report.error(node, "flow-out-of-end", "A flow leaves this end event; nothing ever takes it. Remove it.")
        if kind in ("startEvent", "boundaryEvent") and entering:
            report.error(node, "flow-into-start", "A flow enters an event that only starts things; move its arrow.")
        if kind not in _MANY_OUTGOING and len(leaving) > 1:
            message = "Several flows leave it; put a gateway behind it that says whether one or all are taken."
            report.error(node, "many-flows-out", message)
        if kind == "startEvent" and len(leaving) > 1:
            message = "Several flows leave the start and all would be taken; put a parallel gateway behind it."
            report.warning(node, "many-flows-out", message)


def _check_condition_place(flow: str, source: Element, report: Report) -> None:
    if tag_of(source) not in ("exclusiveGateway", "inclusiveGateway"):
        message = (
            f"The condition on this flow is ignored, because it leaves a {_words(source)}; "
            "put an exclusive gateway in between."
        )
        report.error(flow, "ignored-condition", message)
    elif source.get("default") == flow:
        report.warning(flow, "ignored-condition", "The condition of a default flow is ignored; remove it.")


def _words(element: Element) -> str:
    kind = tag_of(element)
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind)


def _check_start(scope: Scope, report: Report) -> None:
    name = id_of(scope.element)
    starts = scope.of_kind("startEvent")
    if not starts:
        report.error(name, "no-start", "It has no start event; draw one.")
    if len(starts) > 1:
        message = "It has several start events; only one path would be taken. Keep one."
        for start in starts[1:]:
            report.error(id_of(start), "many-starts", message)
    for start in starts:
        definitions = event_definitions(start)
        if scope.is_event_sub_process:
            _check_event_sub_process(scope, start, definitions, report)
        elif definitions:
            message = "An instance would wait at this start event for ever; use a plain start event and wait after it."
            report.error(id_of(start), "waiting-start", message)


def _check_event_sub_process(scope: Scope, start: Element, definitions: list[Element], report: Report) -> None:
    name = id_of(scope.element)
    if not definitions:
        report.error(id_of(start), "event-sub-process", "An event sub-process starts on an event; say which.")
    if start.get("isInterrupting", "true") != "false":
        message = (
            "An interrupting event sub-process does not interrupt anything; "
            "use a boundary event, or make its start non-interrupting."
        )
        report.error(name, "interrupting-event-sub-process", message)
    if scope.element.get("id") and (
        scope.element.findall(f"{BPMN}incoming") or scope.element.findall(f"{BPMN}outgoing")
    ):
        report.error(name, "event-sub-process", "No flow may enter or leave an event sub-process; remove it.")


def _check_reach(scope: Scope, report: Report) -> None:
    starts = [id_of(start) for start in scope.of_kind("startEvent")]
    event_sub_processes = [
        id_of(each) for each in scope.of_kind("subProcess") if each.get("triggeredByEvent") == "true"
    ]
    reached = scope.reachable([*starts, *event_sub_processes])
    for node, element in scope.nodes.items():
        if node not in reached and starts and _is_attached(element, scope):
            message = "Nothing leads here, so it never happens; connect it or remove it."
            report.error(node, "unreachable", message)
    ends = {id_of(end) for end in scope.of_kind("endEvent")}
    if not ends and scope.nodes:
        report.error(id_of(scope.element), "no-end", "It has no end event, so it never ends; draw one.")
        return
    for node, element in scope.nodes.items():
        if node not in reached or node in ends or node in event_sub_processes:
            continue
        if not scope.outgoing[node]:
            message = "The path stops here without an end event, so the process never ends; add one."
            report.error(node, "dead-end", message)
        elif tag_of(element) != "boundaryEvent" and not scope.reachable([node]) & ends:
            report.error(node, "never-ends", "No path from here reaches an end event; add a way out.")


def _is_attached(element: Element, scope: Scope) -> bool:
    """A boundary event on nothing has a problem of its own."""
    return tag_of(element) != "boundaryEvent" or element.get("attachedToRef") in scope.nodes


def _check_gateway(gateway: Element, scope: Scope, report: Report) -> None:
    name, kind = id_of(gateway), tag_of(gateway)
    leaving = scope.outgoing[name]
    default = gateway.get("default")
    if default and default not in {flow.id for flow in leaving}:
        report.error(name, "default-flow", f"Its default flow `{default}` does not leave it; choose one that does.")
        default = None
    if kind == "complexGateway":
        report.error(name, "complex-gateway", "Complex gateways cannot be run; use exclusive or parallel ones.")
    elif kind in ("exclusiveGateway", "inclusiveGateway"):
        _check_choice(gateway, scope, default, report)
    elif kind == "eventBasedGateway":
        _check_event_gateway(gateway, scope, report)
    elif kind == "parallelGateway":
        _check_join(gateway, scope, report)
    if kind == "inclusiveGateway" and len(scope.incoming[name]) > 1:
        message = (
            "An inclusive join cannot tell which branches are still under way in a loop; "
            "join with a parallel gateway, or with an exclusive one when one branch suffices."
        )
        report.error(name, "inclusive-join", message)


def _check_choice(gateway: Element, scope: Scope, default: str | None, report: Report) -> None:
    name = id_of(gateway)
    leaving = scope.outgoing[name]
    if not any(flow.condition for flow in leaving) and len(leaving) < 2:
        return
    for flow in leaving:
        if flow.id != default and not flow.condition:
            message = "This flow has no condition and is not the default; write one or make it the default."
            report.error(flow.id, "missing-condition", message)
    if default is None and all(flow.condition for flow in leaving):
        message = "When no condition holds the process stalls here; mark one flow as the default."
        report.error(name, "no-default", message)


def _check_event_gateway(gateway: Element, scope: Scope, report: Report) -> None:
    name = id_of(gateway)
    leaving = scope.outgoing[name]
    if gateway.get("instantiate") == "true" or gateway.get("eventGatewayType") == "Parallel":
        message = "It cannot start an instance or wait for all its events; start plainly, and let one event win."
        report.error(name, "event-gateway", message)
    if len(leaving) < 2:
        report.warning(name, "event-gateway", "An event gateway chooses between events; give it two at least.")
    for flow in leaving:
        target = scope.nodes.get(flow.target)
        if target is None:
            continue
        if tag_of(target) not in ("intermediateCatchEvent", "receiveTask"):
            message = "Behind an event gateway stand only catching events; put one here."
            report.error(flow.target, "event-gateway", message)
        elif len(scope.incoming[flow.target]) > 1:
            message = "An event behind an event gateway may be reached from there only; remove the other flow."
            report.error(flow.target, "event-gateway", message)
        if any(each.tag == f"{BPMN}timeCycle" for each in target.iter()):
            message = "Behind an event gateway a timer fires once; use a duration or a date."
            report.error(flow.target, "event-gateway", message)


def _check_join(gateway: Element, scope: Scope, report: Report) -> None:
    """An AND-join waits for all its branches; one that a loop alone runs back into waits for ever."""
    name = id_of(gateway)
    entering = scope.incoming[name]
    if len(entering) < 2:
        return
    below = scope.reachable([step for step in scope.steps(name) if step in scope.nodes])
    for source, count in Counter(flow.source for flow in entering).items():
        if count > 1:
            message = f"{count} flows come from `{source}`; the join waits for one from each. Keep one of them."
            report.error(name, "double-flow", message)
    back = [flow for flow in entering if flow.source in below]
    if back and len(back) < len(entering):
        message = (
            "A loop runs back into this parallel join, which then waits for branches that never come again; "
            "let the loop return before the split, through an exclusive gateway."
        )
        report.error(name, "join-in-loop", message)
