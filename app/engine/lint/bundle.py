"""The files of one deploy as lint's rules see them: diagrams with their scopes, decisions, forms, and the report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

from lxml import etree

from app.engine import xml
from app.engine.xml import SourceFile
from app.errors import InvalidInput

BPMN: Final = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF: Final = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"

Element = etree._Element
Severity = Literal["error", "warning"]

TASKS: Final = frozenset(
    {
        "task",
        "userTask",
        "manualTask",
        "serviceTask",
        "sendTask",
        "receiveTask",
        "scriptTask",
        "businessRuleTask",
        "callActivity",
    }
)
SUB_PROCESSES: Final = frozenset({"subProcess", "transaction", "adHocSubProcess"})
ACTIVITIES: Final = TASKS | SUB_PROCESSES
GATEWAYS: Final = frozenset(
    {"exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway", "complexGateway"}
)
EVENTS: Final = frozenset(
    {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
)
FLOW_NODES: Final = ACTIVITIES | GATEWAYS | EVENTS


@dataclass(frozen=True, order=True)
class Problem:
    """Something wrong at one element of one file; the message says the way out."""

    file: str
    element: str
    rule: str
    severity: Severity
    message: str


class Report:
    """Collects the problems of one file."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.problems: list[Problem] = []

    def error(self, element: str, rule: str, message: str) -> None:
        """A problem that blocks publishing."""
        self.problems.append(Problem(self._file, element, rule, "error", message))

    def warning(self, element: str, rule: str, message: str) -> None:
        """A problem that an analyst may accept."""
        self.problems.append(Problem(self._file, element, rule, "warning", message))


def tag_of(element: Element) -> str:
    """The element's name without its namespace."""
    return etree.QName(element).localname


def id_of(element: Element) -> str:
    """The element's id, or its kind when it has none."""
    return element.get("id") or tag_of(element)


def owner_of(element: Element) -> str:
    """The id of the diagram element that an extension or a definition belongs to: one that is drawn."""
    place: Element | None = element
    while place is not None and not (
        place.tag.startswith(BPMN) and place.get("id") and not place.tag.endswith("EventDefinition")
    ):
        place = place.getparent()
    return id_of(place) if place is not None else ""


def text_of(element: Element | None) -> str:
    """The text inside an element, without the space around it."""
    return ("".join(str(part) for part in element.itertext())).strip() if element is not None else ""


def extensions(element: Element) -> Iterator[Element]:
    """What stands directly in the element's own extensionElements."""
    for holder in element.findall(f"{BPMN}extensionElements"):
        yield from holder


def properties(element: Element) -> dict[str, str]:
    """The extension properties of an element."""
    return {
        each.get("name", ""): each.get("value", "")
        for holder in extensions(element)
        if holder.tag == f"{SPIFF}properties"
        for each in holder.findall(f"{SPIFF}property")
    }


def extension_text(element: Element, name: str) -> str | None:
    """The text of one spiffworkflow extension element, such as calledDecisionId; None when it is absent."""
    for each in extensions(element):
        if each.tag == f"{SPIFF}{name}":
            return text_of(each)
    return None


def event_definitions(event: Element) -> list[Element]:
    """The event definitions inside an event."""
    return [child for child in event if tag_of(child).endswith("EventDefinition")]


@dataclass(eq=False)
class Flow:
    """A sequence flow."""

    id: str
    source: str
    target: str
    element: Element

    @property
    def condition(self) -> str | None:
        """Its condition; None when it has none."""
        found = self.element.find(f"{BPMN}conditionExpression")
        return text_of(found) if found is not None else None


@dataclass(eq=False)
class Scope:
    """A process or a sub-process: what stands directly in it."""

    element: Element
    nodes: dict[str, Element] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)

    @cached_property
    def outgoing(self) -> dict[str, list[Flow]]:
        """The flows that leave each node, in the file's order."""
        found: dict[str, list[Flow]] = {node: [] for node in self.nodes}
        for flow in self.flows:
            found.setdefault(flow.source, []).append(flow)
        return found

    @cached_property
    def incoming(self) -> dict[str, list[Flow]]:
        """The flows that enter each node."""
        found: dict[str, list[Flow]] = {node: [] for node in self.nodes}
        for flow in self.flows:
            found.setdefault(flow.target, []).append(flow)
        return found

    @cached_property
    def boundaries(self) -> dict[str, list[str]]:
        """The boundary events of each activity."""
        found: dict[str, list[str]] = {}
        for node, element in self.nodes.items():
            if tag_of(element) == "boundaryEvent":
                found.setdefault(element.get("attachedToRef", ""), []).append(node)
        return found

    @property
    def is_event_sub_process(self) -> bool:
        """Whether it starts on an event while its surroundings run."""
        return self.element.get("triggeredByEvent") == "true"

    def steps(self, node: str) -> list[str]:
        """Where a token at this node may be next: along its flows, or at its boundary events."""
        return [flow.target for flow in self.outgoing.get(node, ())] + self.boundaries.get(node, [])

    def reachable(self, starts: Iterable[str]) -> set[str]:
        """All nodes that can be reached from these, themselves included."""
        seen: set[str] = set()
        waiting = [start for start in starts if start in self.nodes]
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting.extend(step for step in self.steps(node) if step in self.nodes)
        return seen

    def of_kind(self, *tags: str) -> list[Element]:
        """The nodes of these kinds."""
        return [element for element in self.nodes.values() if tag_of(element) in tags]


@dataclass(eq=False)
class Diagram:
    """A BPMN file that could be read."""

    file: SourceFile
    root: Element

    @cached_property
    def processes(self) -> list[Element]:
        """Its process elements."""
        return list(self.root.iter(f"{BPMN}process"))

    @cached_property
    def drawings(self) -> list[Element]:
        """Its processes that only show what others do: not executable, beside one that is."""
        if all(process.get("isExecutable") != "true" for process in self.processes):
            return []
        return [process for process in self.processes if process.get("isExecutable") == "false"]

    def elements(self, *tags: str) -> Iterator[Element]:
        """Every element with one of these tags that could matter to the engine; all of them without tags."""
        skipped = {element for process in self.drawings for element in process.iter()} if self.drawings else set()
        return (element for element in self.root.iter(*tags) if element not in skipped)

    @cached_property
    def scopes(self) -> list[Scope]:
        """Its processes and all sub-processes in them."""
        holders = [element for element in self.elements() if tag_of(element) in SUB_PROCESSES | {"process"}]
        return [_read_scope(holder) for holder in holders if holder.tag.startswith(BPMN)]

    def nodes(self, *tags: str) -> list[Element]:
        """All flow nodes of these kinds, at any depth."""
        return [element for scope in self.scopes for element in scope.of_kind(*tags)]

    @cached_property
    def messages(self) -> dict[str, str]:
        """The names of its messages by id."""
        return {each.get("id", ""): each.get("name", "") for each in self.root.iter(f"{BPMN}message")}


def _read_scope(holder: Element) -> Scope:
    scope = Scope(holder)
    for child in holder:
        if not child.tag.startswith(BPMN):
            continue
        if tag_of(child) in FLOW_NODES:
            scope.nodes.setdefault(id_of(child), child)
        elif tag_of(child) == "sequenceFlow":
            scope.flows.append(Flow(id_of(child), child.get("sourceRef", ""), child.get("targetRef", ""), child))
    return scope


@dataclass(eq=False)
class DecisionFile:
    """A DMN file that could be read."""

    file: SourceFile
    root: Element

    @cached_property
    def decisions(self) -> list[Element]:
        """Its decision elements, in whichever version of DMN."""
        return [each for each in self.root.iter() if tag_of(each) == "decision"]

    @cached_property
    def outputs(self) -> list[str]:
        """The names of what its table answers."""
        return [
            each.get("name") or each.get("label") or ""
            for each in self.root.iter()
            if tag_of(each) == "output" and _is_in_table(each)
        ]


def _is_in_table(element: Element) -> bool:
    parent = element.getparent()
    return parent is not None and tag_of(parent) == "decisionTable"


class Bundle:
    """All files of a deploy, read as far as they can be."""

    def __init__(self, files: Sequence[SourceFile]) -> None:
        self.files = list(files)
        self.diagrams: list[Diagram] = []
        self.decision_files: list[DecisionFile] = []
        # {form name: the keys of its fields}
        self.forms: dict[str, frozenset[str]] = {}
        self.unreadable: list[Problem] = []
        for file in self.files:
            try:
                _refuse_other_encodings(file.content)
                self._read(file)
            except InvalidInput as error:
                self.unreadable.append(Problem(file.name, "", "file", "error", error.message))

    def _read(self, file: SourceFile) -> None:
        if file.kind == "form":
            self.forms[file.name.rpartition("/")[2].removesuffix(".form")] = _form_keys(file.content)
            return
        root = xml.parse(file.content)
        if file.kind == "bpmn":
            if root.tag != f"{BPMN}definitions":
                raise InvalidInput("This is no BPMN 2.0 diagram: its root is not bpmn:definitions.")
            self.diagrams.append(Diagram(file, root))
        else:
            if tag_of(root) != "definitions":
                raise InvalidInput("This is no DMN file: its root is not definitions.")
            self.decision_files.append(DecisionFile(file, root))

    @cached_property
    def processes(self) -> dict[str, Element]:
        """All processes by key."""
        return {id_of(process): process for diagram in self.diagrams for process in diagram.processes}

    @cached_property
    def decisions(self) -> dict[str, DecisionFile]:
        """All decisions by key."""
        return {id_of(each): file for file in self.decision_files for each in file.decisions}


def _refuse_other_encodings(content: bytes) -> None:
    """Versions are kept as UTF-8 text."""
    try:
        content.decode()
    except UnicodeDecodeError:
        raise InvalidInput("The file is not in UTF-8; save it in that encoding.") from None


def _form_keys(content: bytes) -> frozenset[str]:
    try:
        schema = json.loads(content)
    except (ValueError, RecursionError):
        raise InvalidInput("The form file is not JSON.") from None
    if not isinstance(schema, dict):
        raise InvalidInput("A form is a JSON object with a list of components.")
    keys: set[str] = set()
    waiting: list[Any] = [schema]
    while waiting:
        item = waiting.pop()
        if not isinstance(item, dict):
            continue
        if isinstance(item.get("key"), str):
            keys.add(item["key"])
        components = item.get("components")
        if isinstance(components, list):
            waiting.extend(components)
    return frozenset(keys)
