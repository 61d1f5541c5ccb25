"""Turning diagrams into specs: the library's parser with our joins, timers and element types, then frozen.

Specs are shared by all instances of a version and by all threads of a process, so nothing may change them later.
"""

from __future__ import annotations

import logging
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.parser.task_spec import SpiffTaskParser
from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition

from app.engine.divergences import unpredicted
from app.engine.dmn import DecisionEngine
from app.engine.due import CycleDefinition, DueTimerDefinition
from app.engine.gateways import (
    FirstEventGateway,
    ReachableInclusiveGateway,
    ScopedParallelGateway,
)
from app.engine.message_events import MessageDefinition
from app.engine.repetitions import DeskLoop, DeskParallelInstances, DeskSequentialInstances
from app.engine.values import ExpressionError

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"

# The library builds a dictionary for every state change even when nobody listens; above INFO it builds less.
for _name in ("spiff", "spiff.task", "spiff.workflow", "spiff.dmn"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class _DeskElements:
    """What every element parser of ours adds to the library's."""

    STANDARD_LOOP_CLASS = DeskLoop
    PARALLEL_MI_CLASS = DeskParallelInstances
    SEQUENTIAL_MI_CLASS = DeskSequentialInstances

    node: Any
    spec: BpmnProcessSpec
    task: TaskSpec

    def parse_node(self) -> TaskSpec:
        """Parse the element and remember what it is called in BPMN."""
        entry = super().parse_node()  # type: ignore[misc]  # mixed into the library's element parsers
        tag = etree.QName(self.node).localname
        self.task.bpmn_tag = tag
        if isinstance(self.task, LoopTask):
            self.spec.task_specs[self.task.task_spec].bpmn_tag = tag
        return entry

    def parse_timer_event(self, event: Any) -> DueTimerDefinition | CycleDefinition:
        """Read a timer; a date and a duration are the same to us, their expression says which it is."""
        element = self.node.get("id")
        name = self.node.get("name", element)
        for tag in ("timeDate", "timeDuration", "timeCycle"):
            found = event.find(f"{{{BPMN}}}{tag}")
            if found is not None:
                if tag == "timeCycle" and self.node.get("cancelActivity") != "false":
                    raise ValidationException("Only a non-interrupting boundary event can repeat.", node=self.node)
                definition = CycleDefinition if tag == "timeCycle" else DueTimerDefinition
                return definition(name, (found.text or "").strip(), element)
        raise ValidationException("The timer has no time.", node=self.node)

    def parse_message_event(self, event: Any) -> MessageDefinition:
        """Read a message; its key may stand at the event or at the message that it refers to."""
        parsed = super().parse_message_event(event)  # type: ignore[misc]  # mixed into the library's element parsers
        given: dict[str, str] = {}
        messages = self.node.getroottree().getroot().findall(f"{{{BPMN}}}message")
        named = [each for each in messages if each.get("id") == event.get("messageRef")]
        for node in (*named, event, self.node):
            given.update(SpiffTaskParser._parse_extensions(node).get("properties") or {})
        return MessageDefinition.of(parsed, given, self.node)


def _with_desk_elements() -> dict[str, tuple[type, type]]:
    """Each element parser of the library, with ours mixed in."""
    parsers = {**SpiffBpmnParser.PARSER_CLASSES, **SpiffBpmnParser.OVERRIDE_PARSER_CLASSES}
    made = {}
    for tag, (parser, spec) in parsers.items():
        made[tag] = (type(parser.__name__, (_DeskElements, parser), {}), spec)
    ours = {
        "parallelGateway": ScopedParallelGateway,
        "eventBasedGateway": FirstEventGateway,
        "inclusiveGateway": ReachableInclusiveGateway,
    }
    for tag, spec in ours.items():
        made[f"{{{BPMN}}}{tag}"] = (made[f"{{{BPMN}}}{tag}"][0], spec)
    return made


class DeskParser(SpiffBpmnParser):  # type: ignore[misc]  # the library has no types
    """Reads our diagrams."""

    OVERRIDE_PARSER_CLASSES = _with_desk_elements()

    def get_engine(self, decision_ref: str, node: Any) -> DecisionEngine:
        """The decision table that a business rule task asks, compiled."""
        try:
            return DecisionEngine(super().get_engine(decision_ref, node).decision_table, decision_ref)
        except ExpressionError as error:
            raise ValidationException(str(error), node=node) from error


def stop_predicting(spec: BpmnProcessSpec) -> None:
    """Let the elements of a process make their children when they complete, not before (see `divergences`)."""
    for task_spec in spec.task_specs.values():
        task_spec.__class__ = unpredicted(type(task_spec))
        task_spec.prepare()


def freeze(spec: BpmnProcessSpec) -> None:
    """Make the connections that the library would otherwise make in a shared spec while an instance runs."""
    for name in spec.start.trigger_specs:
        triggered = spec.task_specs[name]
        if spec.start.name not in triggered._inputs:
            triggered._inputs.append(spec.start.name)
            triggered.connect(spec.end)
    for task_spec in list(spec.task_specs.values()):
        if isinstance(task_spec, LoopTask):
            repeated = spec.task_specs[task_spec.task_spec]
            if not repeated.completed_event.is_connected(task_spec.merge_child):
                repeated.completed_event.connect(task_spec.merge_child)
        for definition in event_definitions(task_spec):
            if isinstance(definition, MessageEventDefinition) and definition.message_var is None:
                # Without a variable of its own a payload lands under the message's name.
                definition.message_var = definition.name


def event_definitions(task_spec: TaskSpec) -> list[Any]:
    """The events an element waits for or throws; several for an event gateway."""
    definition = getattr(task_spec, "event_definition", None)
    if definition is None:
        return []
    if isinstance(definition, MultipleEventDefinition):
        return list(definition.event_definitions)
    return [definition]


def properties(task_spec: TaskSpec) -> dict[str, str]:
    """The extension properties of an element, with `variableName` wherever it was written."""
    extensions = getattr(task_spec, "extensions", None) or {}
    found = dict(extensions.get("properties") or {})
    if extensions.get("variableName"):
        found.setdefault("variableName", extensions["variableName"].strip())
    return found
