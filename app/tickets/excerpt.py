"""A small drawing of a diagram around one step, made from its BPMN DI: enough to see where a ticket is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from app.engine import xml

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"
BPMNDI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DI = "{http://www.omg.org/spec/DD/20100524/DI}"
# The part of the diagram that is shown, in its own units: a step and its neighbours.
WIDTH, HEIGHT = 460, 190
# Containers (sub-processes) are wider than this and would cover what is inside.
LARGEST_SHAPE = 200


@dataclass(frozen=True)
class Shape:
    """A step, event or gateway: where it is drawn, how far it is, and its name."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    css: str
    name: str

    @property
    def lines(self) -> list[str]:
        """The name in at most three short lines."""
        lines: list[str] = []
        for word in self.name.split():
            if lines and len(lines[-1]) + len(word) < 15:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
        return lines[:3]


@dataclass(frozen=True)
class Excerpt:
    """A piece of a diagram: the window, the shapes in it, the flows as SVG paths, and where the tokens are."""

    window: str
    shapes: list[Shape] = field(default_factory=list)
    flows: list[str] = field(default_factory=list)
    tokens: list[tuple[float, float]] = field(default_factory=list)
    here: str = ""


def excerpt(diagram: str, states: Mapping[str, str], here: Sequence[str], language: str) -> Excerpt | None:
    """The part of a diagram around the innermost element that is active; None when it is not drawn.

    Args:
        states: `active`, `stalled` or `done` by element.
        here: the active elements, in the order in which they were entered.
        language: of the names; English where a step has none in it.
    """
    tree = xml.parse(diagram.encode())
    names = {str(each.get("id")): (_kind(each), _name(each, language)) for each in tree.iter() if each.get("id")}
    bounds = {}
    for shape in tree.iter(f"{BPMNDI}BPMNShape"):
        box = shape.find(f"{DC}Bounds")
        if box is not None:
            x, y, width, height = (float(box.get(part, "0")) for part in ("x", "y", "width", "height"))
            bounds[str(shape.get("bpmnElement"))] = (x, y, width, height)
    steps = [name for name in here if name in bounds and bounds[name][2] <= LARGEST_SHAPE]
    steps.sort(key=lambda name: "Task" in names[name][0])
    if not steps:
        return None
    x, y, width, height = bounds[steps[-1]]
    left, top = x + width / 2 - WIDTH / 2, y + height / 2 - HEIGHT / 2
    shapes = [
        Shape(names[name][0], *box, css=_css(states.get(name, "")), name=_shown_name(*names[name]))
        for name, box in bounds.items()
        if box[2] <= LARGEST_SHAPE and name in names and _is_inside(box, left, top)
    ]
    return Excerpt(
        window=f"{left:.0f} {top:.0f} {WIDTH} {HEIGHT}",
        shapes=shapes,
        flows=[path for path in map(_path, tree.iter(f"{BPMNDI}BPMNEdge")) if path],
        tokens=[(bounds[name][0], bounds[name][1]) for name in steps],
        here=names[steps[-1]][1],
    )


def _kind(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _name(element: etree._Element, language: str) -> str:
    for own in element.iterfind(f"{BPMN}extensionElements/{SPIFF}properties/{SPIFF}property"):
        if own.get("name") == f"name:{language}" and own.get("value"):
            return str(own.get("value"))
    return element.get("name") or ""


def _css(state: str) -> str:
    return {"active": "here", "waiting": "here", "stalled": "here is-stalled", "done": "done"}.get(state, "node")


def _shown_name(kind: str, name: str) -> str:
    # Events and gateways carry their names outside, where this drawing has no room.
    return name if "ask" in kind else ""


def _is_inside(box: Sequence[float], left: float, top: float) -> bool:
    x, y, width, height = box
    return x + width > left and x < left + WIDTH and y + height > top and y < top + HEIGHT


def _path(edge: etree._Element) -> str:
    points = [(point.get("x"), point.get("y")) for point in edge.iter(f"{DI}waypoint")]
    return "M" + "L".join(f"{x} {y}" for x, y in points) if len(points) > 1 else ""
