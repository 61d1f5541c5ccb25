"""Lint rules on what other modelers draw and set: pools, message flows, settings in their own words."""

from __future__ import annotations

from typing import Final

from app.engine.lint.bundle import BPMN, SPIFF, Bundle, Diagram, Element, Report, id_of, owner_of, properties, tag_of

_OURS: Final = (BPMN, SPIFF, "{http://www.w3.org/", "{http://www.omg.org/spec/")
# Colours and layout: nothing is lost when they are ignored.
_HARMLESS: Final = ("{http://bpmn.io/schema/", "{http://www.omg.org/spec/BPMN/non-normative/")
_TOOLS: Final = {
    "http://camunda.org/schema/zeebe": "Camunda 8",
    "http://camunda.org/schema/modeler": "Camunda",
    "http://camunda.org/schema": "Camunda",
    "http://activiti.org": "Activiti",
    "http://flowable.org": "Flowable",
    "http://www.signavio.com": "Signavio",
    "http://www.bizagi.com": "Bizagi",
    "http://www.aris.com": "ARIS",
}
_SHOWN: Final = 4


def check(diagram: Diagram, bundle: Bundle, report: Report) -> None:
    """All rules on what one diagram brings from elsewhere."""
    _check_settings(diagram, report)
    _check_pools(diagram, report)
    for element in diagram.elements():
        left = properties(element).get("to_do", "").strip() if element.tag.startswith(BPMN) else ""
        if left:
            message = f"Left to a person when the diagram was adopted: {left} Then remove the property to_do."
            report.error(id_of(element), "to-do", message)


def is_foreign(name: str) -> bool:
    """Whether an element or attribute in this namespace belongs to another tool; takes `{namespace}name`."""
    return name.startswith("{") and not name.startswith((*_OURS, *_HARMLESS))


def foreign_names(element: Element) -> list[str]:
    """The element's own and its attributes' names that belong to another tool."""
    return [str(name) for name in (element.tag, *element.attrib) if is_foreign(str(name))]


def _check_settings(diagram: Diagram, report: Report) -> None:
    found: dict[str, list[str]] = {}
    for element in diagram.elements():
        for name in foreign_names(element):
            # The root's attributes only say which tool wrote the file.
            if element is not diagram.root:
                found.setdefault(owner_of(element), []).append(name)
    for owner, names in found.items():
        spaces = {name[1:].partition("}")[0] for name in names}
        tools = sorted({tool for space in spaces for start, tool in _TOOLS.items() if space.startswith(start)})
        words = list(dict.fromkeys(name.partition("}")[2] for name in names))
        shown = ", ".join(words[:_SHOWN]) + ("…" if len(words) > _SHOWN else "")
        whose = tools[0] if tools else "another tool"
        message = f"Settings of {whose} ({shown}) are ignored here; say the same with the desk's own, then remove them."
        report.warning(owner, "foreign", message)


def _check_pools(diagram: Diagram, report: Report) -> None:
    keys = {id_of(process) for process in diagram.processes}
    for pool in diagram.root.iter(f"{BPMN}participant"):
        reference = pool.get("processRef")
        if reference and reference.rpartition(":")[2] not in keys:
            message = f"The pool names a process `{reference}` that is not in this file; draw it or empty the pool."
            report.warning(id_of(pool), "empty-pool", message)
    for flow in diagram.root.iter(f"{BPMN}messageFlow"):
        message = (
            "A message flow is only a drawing here: name the message at the event that waits for it, and let an "
            "operation or a throwing event send it."
        )
        report.warning(id_of(flow), "message-flow", message)
    for tag in ("correlationKey", "correlationProperty", "correlationSubscription"):
        for each in diagram.root.iter(f"{BPMN}{tag}"):
            message = "Correlation of pools is not read here: a message finds its instance by its subject. Remove it."
            report.error(id_of(each), "correlation", message)
    for each in diagram.root.iter(f"{BPMN}import"):
        message = "What other files define is not fetched; put those files beside this one and check them together."
        report.warning(tag_of(each), "import", message)
