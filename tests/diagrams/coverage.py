"""Which sequence flows and boundary events of a shipped diagram were taken, read from the history of its instances."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.engine.models import HistoryEntry, ProcessDefinition, ProcessInstance

SHIPPED = Path(__file__).parents[2] / "processes"
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


@dataclass(frozen=True)
class Drawn:
    """What a diagram draws: its flows as (source, target) by id, and its boundary events."""

    flows: dict[str, tuple[str, str]]
    boundaries: frozenset[str]


def drawn(name: str) -> Drawn:
    """Read a shipped diagram by its file's name."""
    root = etree.parse(SHIPPED / name).getroot()
    flows = {each.get("id", ""): (each.get("sourceRef", ""), each.get("targetRef", ""))
             for each in root.iter(f"{BPMN}sequenceFlow")}  # fmt: skip
    assert len(set(flows.values())) == len(flows), "two flows join the same elements: history cannot tell them apart"
    return Drawn(flows, frozenset(each.get("id", "") for each in root.iter(f"{BPMN}boundaryEvent")))


@dataclass
class Taken:
    """What the scenarios of one test module have taken so far."""

    flows: set[str] = field(default_factory=set)
    boundaries: set[str] = field(default_factory=set)
    scenarios: set[str] = field(default_factory=set)

    def add(self, session: Session, process_key: str, diagram: Drawn) -> None:
        """Add what every instance of a process took.

        A flow was taken when its target was reached in the very moment its source was left; the scenarios let time
        pass between any two steps, so a step's moment is its own.
        """
        found = (
            select(HistoryEntry)
            .join(ProcessInstance, ProcessInstance.id == HistoryEntry.instance_id)
            .join(ProcessDefinition, ProcessDefinition.id == ProcessInstance.definition_id)
            .where(ProcessDefinition.key == process_key)
        )
        by_instance: dict[int, list[HistoryEntry]] = {}
        for entry in session.scalars(found):
            by_instance.setdefault(entry.instance_id, []).append(entry)
        for entries in by_instance.values():
            self._add(entries, diagram)

    def _add(self, entries: Iterable[HistoryEntry], diagram: Drawn) -> None:
        entries = list(entries)
        left = {(each.element, each.left_at) for each in entries if each.left_at and each.outcome != "cancelled"}
        reached = {(each.element, each.entered_at) for each in entries}
        for flow, (source, target) in diagram.flows.items():
            if any((source, moment) in left for element, moment in reached if element == target):
                self.flows.add(flow)
        self.boundaries |= diagram.boundaries & {element for element, _moment in left}
