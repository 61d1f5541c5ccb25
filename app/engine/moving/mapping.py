"""Which element of the old version is which of the new one, level by level.

A level is the process itself, an embedded sub-process or a called process. Elements are matched by id and kind; what
somebody decided otherwise overrides that. The library's own helper specs (the split and join around boundary events,
the repeated part of a multi-instance element, the start and end of a level) follow the element they belong to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.defaults import EventBasedGateway
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.specs.base import TaskSpec

from app.engine.compiled import Compiled
from app.engine.parser import event_definitions

# {old element id, or "level/old element id" where one id stands on several levels: new element id, or None for gone}
Overrides = Mapping[str, str | None]

SPLIT = ".BoundaryEventSplit"
JOIN = ".BoundaryEventJoin"
REPEATED = " [child]"


@dataclass
class LevelMap:
    """How the specs of one level are called in the new version; None for those that are gone."""

    old: BpmnProcessSpec
    new: BpmnProcessSpec
    names: dict[str, str | None] = field(default_factory=dict)
    # Elements that are in both versions under one id but became something else: {id: (what it was, what it is)}.
    changed: dict[str, tuple[str, str]] = field(default_factory=dict)
    # Elements of another id that look like one that is gone: {old id: new id}.
    suggestions: dict[str, str] = field(default_factory=dict)

    def element(self, element: str) -> str | None:
        """What an element is called in the new version; an unknown one keeps its id."""
        return self.names.get(element, element)


def drawn(spec: BpmnProcessSpec) -> dict[str, TaskSpec]:
    """The elements of a level that stand in the diagram, by id."""
    found: dict[str, TaskSpec] = {}
    for name, task_spec in spec.task_specs.items():
        if task_spec.bpmn_id is not None and not name.endswith(REPEATED):
            found[task_spec.bpmn_id] = task_spec
    return found


def kind(task_spec: TaskSpec) -> tuple[str, ...]:
    """What an element is; two of one kind can stand for each other."""
    events: tuple[str, ...] = ()
    # An event gateway may gain and lose branches.
    if not isinstance(task_spec, EventBasedGateway):
        events = tuple(type(each).__name__ for each in event_definitions(task_spec))
    return (type(task_spec).__name__, str(getattr(task_spec, "bpmn_tag", None)), *events)


def describe(task_spec: TaskSpec) -> str:
    """The kind of an element in BPMN's words."""
    tag = str(getattr(task_spec, "bpmn_tag", None) or type(task_spec).__name__)
    if getattr(task_spec, "event_definition", None) is not None:
        names = sorted({type(each).__name__.removesuffix("Definition") for each in event_definitions(task_spec)})
        tag += f" ({', '.join(names)})" if names else ""
    if getattr(task_spec, "cancel_activity", True) is False:
        tag += ", not interrupting"
    return tag


def override(overrides: Overrides, level: str, element: str) -> tuple[bool, str | None]:
    """What somebody decided about an element: (whether they did, the new element)."""
    for key in (f"{level}/{element}", element):
        if key in overrides:
            return True, overrides[key]
    return False, None


def map_level(old: BpmnProcessSpec, new: BpmnProcessSpec, overrides: Overrides) -> LevelMap:
    """Match the specs of one level."""
    found = LevelMap(old, new)
    before, after = drawn(old), drawn(new)
    free = {name: spec for name, spec in after.items() if name not in before}
    for element, spec in before.items():
        decided, target = override(overrides, old.name, element)
        if decided:
            found.names[element] = target if target in after else None
        elif element in after:
            same = kind(spec) == kind(after[element])
            found.names[element] = element if same else None
            if not same:
                found.changed[element] = (describe(spec), describe(after[element]))
        else:
            found.names[element] = None
            alike = [
                name for name, each in free.items() if each.bpmn_name == spec.bpmn_name and kind(each) == kind(spec)
            ]
            if spec.bpmn_name and len(alike) == 1:
                found.suggestions[element] = alike[0]
    for name, spec in old.task_specs.items():
        if name not in found.names:
            found.names[name] = _helper(name, spec, found)
    return found


def _helper(name: str, spec: TaskSpec, found: LevelMap) -> str | None:
    target: str | None = name
    ending = next((each for each in (SPLIT, JOIN, REPEATED) if name.endswith(each)), None)
    if ending is not None:
        owner = found.names.get(name.removesuffix(ending))
        target = f"{owner}{ending}" if owner is not None else None
    elif name == found.old.end.name:
        target = found.new.end.name
    elif spec.bpmn_id is not None:
        # An event sub-process is listed under its own name too.
        target = found.names.get(spec.bpmn_id)
    return target if target in found.new.task_specs else None


class Mapper:
    """Matches levels when they are met, and remembers them."""

    def __init__(self, old: Compiled, new: Compiled, overrides: Overrides) -> None:
        self.old, self.new, self.overrides = old, new, overrides
        self._known: dict[tuple[str, str], LevelMap] = {}

    def level(self, old: BpmnProcessSpec, new: BpmnProcessSpec) -> LevelMap:
        """How the specs of one level are called in another."""
        key = (old.name, new.name)
        if key not in self._known:
            self._known[key] = map_level(old, new, self.overrides)
        return self._known[key]

    def top(self) -> LevelMap:
        """The level of the process itself."""
        return self.level(self.old.spec, self.new.spec)

    def inside(self, owner: TaskSpec) -> BpmnProcessSpec | None:
        """The level that an element of the new version opens; None when it opens none."""
        return self.new.subprocess_specs.get(owner.spec) if isinstance(owner, SubWorkflowTask) else None

    def all_levels(self) -> Iterator[LevelMap]:
        """Every level of the old version that can be reached, outer before inner."""
        seen: set[tuple[str, str]] = set()
        waiting = [self.top()]
        while waiting:
            level = waiting.pop(0)
            if (level.old.name, level.new.name) in seen:
                continue
            seen.add((level.old.name, level.new.name))
            yield level
            for name, spec in level.old.task_specs.items():
                target = level.names.get(name)
                if not isinstance(spec, SubWorkflowTask) or target is None:
                    continue
                inner, into = self.old.subprocess_specs.get(spec.spec), self.inside(level.new.task_specs[target])
                if inner is not None and into is not None:
                    waiting.append(self.level(inner, into))

    def renamed(self) -> dict[str, str]:
        """Elements that are called otherwise in the new version."""
        return {
            element: target
            for level in self.all_levels()
            for element in drawn(level.old)
            if (target := level.names[element]) is not None and target != element
        }


def timer_expressions(spec: TaskSpec) -> dict[str, str]:
    """The expressions of an element's timers, by the element each timer stands at."""
    return {
        each.element: str(each.expression)
        for each in event_definitions(spec)
        if hasattr(each, "element") and hasattr(each, "expression")
    }
