"""Which processes of a deploy call which: what an activity runs, and what runs together in one instance."""

from __future__ import annotations

from app.engine.lint.bundle import BPMN, Bundle, Element, Scope


def calls(bundle: Bundle) -> list[Element]:
    """All call activities."""
    return [each for diagram in bundle.diagrams for each in diagram.nodes("callActivity")]


def called_in(place: Element) -> set[str]:
    """The keys of the processes that are called in a process or sub-process, or by a call activity itself."""
    return {each.get("calledElement", "") for each in place.iter(f"{BPMN}callActivity")}


def called_from(place: Element, bundle: Bundle) -> set[str]:
    """The keys of all processes that are called there, down to the last."""
    found: set[str] = set()
    waiting = [place]
    while waiting:
        new = called_in(waiting.pop()) - found
        found |= new
        waiting.extend(bundle.processes[key] for key in new if key in bundle.processes)
    return found


def run_together(key: str, bundle: Bundle) -> set[str]:
    """The keys of all processes that may run in one instance with this one, itself included."""
    found = {key}
    for outermost, process in bundle.processes.items():
        inside = {outermost} | called_from(process, bundle)
        found |= inside if key in inside else set()
    return found


def scopes_in(activity: Element, bundle: Bundle) -> list[Scope]:
    """What an activity runs: the sub-processes in it, and the processes that are called there, down to the last."""
    called = (bundle.processes.get(key) for key in called_from(activity, bundle))
    inside = {each for place in (activity, *called) if place is not None for each in place.iter()}
    return [scope for diagram in bundle.diagrams for scope in diagram.scopes if scope.element in inside]
