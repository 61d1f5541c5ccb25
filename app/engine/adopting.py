"""Adopting a diagram of another modeler: a copy in which everything mechanical is mended, and a list of the rest.

What only a person can decide gets a placeholder and, at the same element, a property `to_do` that says what is left;
the rule `to-do` refuses the diagram until the property is gone. The layout stays as it was drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lxml import etree

from app.engine import xml
from app.engine.adopting_words import translated
from app.engine.lint.bundle import (
    BPMN,
    FLOW_NODES,
    SPIFF,
    Element,
    event_definitions,
    extension_text,
    id_of,
    owner_of,
    properties,
    tag_of,
    text_of,
)
from app.engine.lint.foreign import foreign_names, is_foreign
from app.engine.xml import SourceFile
from app.errors import InvalidInput

_TIMES: Final = ("timeDate", "timeDuration", "timeCycle")
_DATA: Final = (
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
    "dataStore",
    "dataInputAssociation",
    "dataOutputAssociation",
    "ioSpecification",
    "property",
    "correlationKey",
    "correlationProperty",
    "correlationSubscription",
)
_SWITCHES: Final = ("isExecutable", "triggeredByEvent", "isInterrupting", "cancelActivity", "isSequential")


@dataclass(frozen=True)
class Change:
    """What was done at one element, and what is left there to a person."""

    element: str
    done: str
    left: str = ""


@dataclass
class Adopted:
    """A mended copy of a diagram."""

    content: bytes = b""
    changes: list[Change] = field(default_factory=list)


def adopt(source: SourceFile) -> Adopted | None:
    """A copy of a diagram with the mechanical part done; None when the file is no diagram that can be read."""
    try:
        root = xml.parse(source.content)
    except InvalidInput:
        return None
    if root.tag != f"{BPMN}definitions":
        return None
    copy = _Copy(root)
    for step in _STEPS:
        step(copy)
    # Prefixes stay: values such as xsi:type="bpmn:tFormalExpression" use them, too.
    kept = [prefix for prefix in root.nsmap if prefix]
    etree.cleanup_namespaces(root, top_nsmap={"spiffworkflow": SPIFF[1:-1]}, keep_ns_prefixes=kept)
    content = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return Adopted(content, copy.changes)


def write(adopted: Adopted, original: Path, into: Path | None) -> Path:
    """Write the copy and say where: beside the original, or under its name in a folder. Nothing is overwritten.

    Raises:
        OSError: the folder cannot be written to.
    """
    if into is not None:
        into.mkdir(parents=True, exist_ok=True)
    folder, name = (original.parent, f"{original.stem}.adopted") if into is None else (into, original.stem)
    number = 1
    while True:
        place = folder / (f"{name}.bpmn" if number == 1 else f"{name}-{number}.bpmn")
        try:
            with place.open("xb") as opened:
                opened.write(adopted.content)
        except FileExistsError:
            number += 1
        else:
            return place


class _Copy:
    def __init__(self, root: Element) -> None:
        self.root = root
        self.changes: list[Change] = []
        self._ids = {element.get("id") for element in root.iter()}

    def each(self, *tags: str) -> list[Element]:
        """All elements of these kinds, as a list: steps change the tree."""
        return list(self.root.iter(*(f"{BPMN}{tag}" for tag in tags)))

    def done(self, element: Element, what: str, left: str = "") -> None:
        """Note a change; what is left is marked in the copy, too."""
        self.changes.append(Change(id_of(_holder(element)), what, left))
        if left:
            _set_property(_holder(element), "to_do", left)

    def new_id(self, wish: str) -> str:
        """An id that no element has yet."""
        number, made = 1, wish
        while made in self._ids:
            number += 1
            made = f"{wish}_{number}"
        self._ids.add(made)
        return made


def _holder(element: Element) -> Element:
    """The flow node, flow or process that may hold extensions."""
    place = element
    while tag_of(place) not in FLOW_NODES | {"process", "sequenceFlow", "message"}:
        parent = place.getparent()
        if parent is None:
            return element
        place = parent
    return place


def _extensions(element: Element) -> Element:
    found = element.find(f"{BPMN}extensionElements")
    if found is None:
        found = etree.Element(f"{BPMN}extensionElements")
        documentation = element.find(f"{BPMN}documentation")
        element.insert(0 if documentation is None else element.index(documentation) + 1, found)
    return found


def _set_property(element: Element, name: str, value: str) -> None:
    extensions = _extensions(element)
    holder = extensions.find(f"{SPIFF}properties")
    if holder is None:
        holder = etree.SubElement(extensions, f"{SPIFF}properties", nsmap={"spiffworkflow": SPIFF[1:-1]})
    present = [each for each in extensions.findall(f"{SPIFF}properties/{SPIFF}property") if each.get("name") == name]
    for each in present:
        # Some tools write a property several times; the last one counts, so none may stay as it was.
        before = each.get("value") or ""
        each.set("value", f"{before} {value}".strip() if name == "to_do" else value)
    if not present:
        etree.SubElement(holder, f"{SPIFF}property", name=name, value=value)


def _name_everything(copy: _Copy) -> None:
    for element in copy.each("process", "sequenceFlow", *FLOW_NODES):
        if not element.get("id"):
            element.set("id", copy.new_id(f"{tag_of(element)}_1"))
            copy.done(element, "got an id.")
        for switch in _SWITCHES:
            if element.get(switch) in ("1", "0"):
                element.set(switch, "true" if element.get(switch) == "1" else "false")
                copy.done(element, f"{switch} is written as true or false.")


def _make_executable(copy: _Copy) -> None:
    for process in copy.each("process"):
        if process.get("isExecutable") != "true" and process.find(f"{BPMN}startEvent") is not None:
            process.set("isExecutable", "true")
            copy.done(process, "is executable.")


def _attribute(element: Element, name: str) -> str:
    """An attribute of another tool's, or the text of one of its elements' attributes, by local name."""
    for place in (element, *element.findall(f"{BPMN}extensionElements/*")):
        for key, value in place.attrib.items():
            foreign = is_foreign(str(key)) or (place is not element and is_foreign(place.tag))
            if foreign and str(key).rpartition("}")[2] == name:
                return str(value).strip()
    return ""


def _ask_people(copy: _Copy) -> None:
    for task in copy.each("task", "manualTask"):
        task.tag = f"{BPMN}userTask"
        copy.done(task, "is a user task.", "Say whether a person does this; if a machine does, make it a service task.")
    for task in copy.each("userTask"):
        given = properties(task)
        if not given.get("form"):
            wish = (_attribute(task, "formKey") or _attribute(task, "formId") or _attribute(task, "formRef")).split(":")
            form = wish[-1].rpartition("/")[2].removesuffix(".form").removesuffix(".html")
            _set_property(task, "form", form)
            copy.done(task, f"asks for the form “{form}”." if form else "has a place for its form.", "Choose its form.")
        if not given.get("variableName") and not extension_text(task, "variableName"):
            variable = re.sub(r"\W", "_", id_of(task)).lower().strip("_")
            variable = variable if variable.isidentifier() else f"task_{variable}"
            _set_property(task, "variableName", variable)
            copy.done(task, f"puts its answer into `{variable}`.")
        if not any(given.get(key) for key in ("assignee", "candidate_teams", "candidate_role")):
            groups = [each.strip() for each in _attribute(task, "candidateGroups").split(",") if each.strip()]
            if groups and all(re.fullmatch(r"[\w .-]+", each) for each in groups):
                _set_property(task, "candidate_teams", str(groups))
                copy.done(task, f"is for the teams {', '.join(groups)}.", "Say whether the desk has these teams.")
            else:
                _set_property(task, "candidate_role", "agent")
                copy.done(task, "is for any agent.", "Say who does this.")


def _keep_calls(copy: _Copy) -> None:
    for task in copy.each("businessRuleTask"):
        decision = _attribute(task, "decisionRef") or _attribute(task, "decisionId")
        if decision and not extension_text(task, "calledDecisionId"):
            made = etree.SubElement(_extensions(task), f"{SPIFF}calledDecisionId", nsmap={"spiffworkflow": SPIFF[1:-1]})
            made.text = decision
            copy.done(task, f"asks the decision `{decision}`.")
    for activity in copy.each("callActivity"):
        called = _attribute(activity, "processId")
        if called and not activity.get("calledElement"):
            activity.set("calledElement", called)
            copy.done(activity, f"calls the process `{called}`.")


def _leaving(gateway: Element) -> list[Element]:
    parent = gateway.getparent()
    flows = parent.findall(f"{BPMN}sequenceFlow") if parent is not None else []
    return [flow for flow in flows if flow.get("sourceRef") == gateway.get("id")]


def _translate_conditions(copy: _Copy) -> None:
    for flow in copy.each("sequenceFlow"):
        condition = flow.find(f"{BPMN}conditionExpression")
        if condition is None:
            continue
        written = text_of(condition)
        if not written:
            flow.remove(condition)
            continue
        said = translated(written)
        if said == written:
            continue
        for child in list(condition):
            condition.remove(child)
        condition.text = said or "False"
        if said:
            copy.done(flow, f"has the condition `{said}`, from `{written}`.", "Say whether the condition is right.")
        else:
            copy.done(flow, "has a placeholder for its condition.", f"Write the condition; it was: {written}")


def _choose_defaults(copy: _Copy) -> None:
    for gateway in copy.each("exclusiveGateway", "inclusiveGateway"):
        leaving = _leaving(gateway)
        if gateway.get("default") and all(flow.get("id") != gateway.get("default") for flow in leaving):
            del gateway.attrib["default"]
        if len(leaving) < 2:
            continue
        bare = [flow for flow in leaving if flow.find(f"{BPMN}conditionExpression") is None]
        chosen = gateway.get("default")
        if not chosen:
            default = (bare or leaving)[-1]
            chosen = default.get("id", "")
            gateway.set("default", chosen)
            sure = len(bare) == 1
            left = "" if sure else "Say whether this is the path when no condition holds."
            copy.done(gateway, f"takes `{chosen}` when no condition holds.", left)
        for flow in bare:
            if flow.get("id") != chosen:
                etree.SubElement(flow, f"{BPMN}conditionExpression").text = "False"
                label = f" (it is called “{flow.get('name')}”)" if flow.get("name") else ""
                copy.done(flow, "has a placeholder for its condition.", f"Write the condition{label}.")


def _fill_timers(copy: _Copy) -> None:
    for definition in copy.each("timerEventDefinition"):
        values = [child for child in definition if tag_of(child) in _TIMES]
        if not values or not text_of(values[0]):
            for value in values:
                definition.remove(value)
            etree.SubElement(definition, f"{BPMN}timeDuration").text = '"P1D"'
            copy.done(definition, 'waits for "P1D", one day.', "Say how long it waits.")
            continue
        written = text_of(values[0])
        said = f'"{written}"' if re.fullmatch(r"P[0-9TWDHMS.]+|R\d*/.+|\d{4}-\d\d-\d\d.*", written) else None
        said = said or translated(written)
        if said and said != written:
            values[0].text = said
            copy.done(definition, f"waits for {said}, from {written}.")


def _name_messages(copy: _Copy) -> None:
    for message in copy.each("message"):
        if message.get("id") and not message.get("name"):
            message.set("name", message.get("id", ""))
            copy.done(message, "has its id for a name.")
    known = {message.get("id") for message in copy.each("message")}
    waiting = [*copy.each("receiveTask", "sendTask")]
    waiting += [
        definition
        for event in copy.each("intermediateCatchEvent", "boundaryEvent", "intermediateThrowEvent", "startEvent")
        for definition in event_definitions(event)
        if tag_of(definition) == "messageEventDefinition"
    ]
    for place in waiting:
        if place.get("messageRef") in known:
            continue
        made = copy.new_id(f"message_{owner_of(place)}")
        message = etree.Element(f"{BPMN}message", id=made, name=re.sub(r"\W", "_", owner_of(place)).lower())
        copy.root.insert(0, message)
        place.set("messageRef", made)
        copy.done(place, f"has a message of its own, `{message.get('name')}`.", "Name the message that it is about.")


def _drop_data(copy: _Copy) -> None:
    gone: set[str] = set()
    for element in copy.each(*_DATA):
        gone |= {each.get("id", "") for each in element.iter() if each.get("id")}
        parent = element.getparent()
        if parent is None:
            continue
        copy.changes.append(Change(id_of(element), f"is gone: a {tag_of(element)} carries nothing here."))
        parent.remove(element)
    for flow in copy.each("association", "messageFlow"):
        parent = flow.getparent()
        if parent is not None and {flow.get("sourceRef"), flow.get("targetRef")} & gone:
            gone.add(flow.get("id", ""))
            parent.remove(flow)
    for shape in [each for each in copy.root.iter() if each.get("bpmnElement") in gone - {""}]:
        parent = shape.getparent()
        if parent is not None:
            parent.remove(shape)


def _drop_settings(copy: _Copy) -> None:
    lost: dict[str, list[str]] = {}
    for element in _foreign_elements(copy.root):
        owner = owner_of(element)
        if is_foreign(element.tag):
            parent = element.getparent()
            if parent is not None and not is_foreign(parent.tag):
                lost.setdefault(owner, []).append(" ".join([tag_of(element), *map(_said, element.attrib.items())]))
                parent.remove(element)
            continue
        for name in foreign_names(element):
            lost.setdefault(owner, []).append(_said((name, element.attrib.pop(name))))
    for owner, words in lost.items():
        copy.changes.append(Change(owner, f"has lost settings of another tool: {'; '.join(words)}."))


def _said(attribute: tuple[object, object]) -> str:
    name, value = (str(each) for each in attribute)
    return f"{name.rpartition('}')[2]}={value}"


def _foreign_elements(root: Element) -> Iterator[Element]:
    return iter([element for element in root.iter() if element is not root and foreign_names(element)])


# In this order: names first, because changes are told by id; foreign settings last, because the others read them.
_STEPS: Final[tuple[Callable[[_Copy], None], ...]] = (
    _name_everything,
    _make_executable,
    _ask_people,
    _keep_calls,
    _translate_conditions,
    _choose_defaults,
    _fill_timers,
    _name_messages,
    _drop_data,
    _drop_settings,
)
