"""How far a request is, in the customer's words.

The words are drawn in the diagram: elements carry a `customer_step` property (and `customer_step:ro`). Elements with
the same words are one step. Steps stand in the order in which they are drawn, from left to right. A diagram with a step
on an end event tells the whole story; to any other the desk adds what every request has: solution, end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from lxml import etree

from app.engine import xml
from app.texts import gettext as _
from app.texts import translated
from app.tickets.models import Category, State, Ticket

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
BPMNDI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"
STEP_PROPERTY = "customer_step"


class Place(StrEnum):
    """Where a step lies, seen from where the request stands."""

    DONE = "done"
    HERE = "here"
    AHEAD = "ahead"


@dataclass(frozen=True)
class Step:
    """A stage as drawn: its words by language, the elements that belong to it, and whether one of them is an end."""

    texts: Mapping[str, str]
    elements: frozenset[str]
    is_end: bool = False


@dataclass(frozen=True)
class Stage:
    """A stage of one request in the reader's language; `since` is when it was first reached, `who` is at it."""

    words: str
    place: Place
    since: datetime | None
    who: str = ""


@dataclass(frozen=True)
class Visit:
    """An instance was in an element; `left_at` None means that it still is."""

    element: str
    entered_at: datetime
    left_at: datetime | None


@lru_cache(maxsize=128)
def steps_of(diagram: str) -> tuple[Step, ...]:
    """The customer's steps of a diagram, from left to right."""
    tree = xml.parse(diagram.encode())
    places = _horizontal_places(tree)
    found: dict[str, list[etree._Element]] = {}
    for element in tree.iter():
        texts = _texts(element)
        if texts:
            found.setdefault(texts.get("en") or next(iter(texts.values())), []).append(element)
    drawn = [
        (
            min(places.get(str(element.get("id")), 0.0) for element in elements),
            Step(
                _texts(elements[0]),
                frozenset(str(element.get("id")) for element in elements),
                any(element.tag == f"{BPMN}endEvent" for element in elements),
            ),
        )
        for elements in found.values()
    ]
    return tuple(step for _place, step in sorted(drawn, key=lambda each: each[0]))


def stages(steps: Sequence[Step], visits: Sequence[Visit], *, is_over: bool, language: str) -> list[Stage]:
    """Where each step lies for a request that made these visits, oldest first.

    A step that was passed by without being reached is left out: not every request needs every step. A step that was
    reached earlier but lies ahead again (the request went back) is ahead.
    """
    reached: dict[int, datetime] = {}
    here, last = -1, -1
    for visit in visits:
        for position, step in enumerate(steps):
            if visit.element in step.elements:
                reached.setdefault(position, visit.entered_at)
                last = position
                if visit.left_at is None:
                    here = max(here, position)
    if here < 0:
        # Between two steps of the customer's (a mail is being sent): still at the one reached last.
        here = last
    told = []
    for position, step in enumerate(steps):
        words, since = translated(dict(step.texts), language), reached.get(position)
        if position > here:
            if not is_over:
                told.append(Stage(words, Place.AHEAD, None))
        elif since is not None:
            is_here = position == here and not is_over
            told.append(Stage(words, Place.HERE if is_here else Place.DONE, since))
    return told


def story(ticket: Ticket, steps: Sequence[Step], visits: Sequence[Visit], language: str) -> list[Stage]:
    """All stages of a request, from its arrival to its end, the present one with who takes care of it."""
    told = _story(ticket, steps, visits, language)
    name = ticket.assignee.name if ticket.assignee is not None and not ticket.is_resolved else ""
    return [replace(stage, who=name) if stage.place is Place.HERE else stage for stage in told]


def _story(ticket: Ticket, steps: Sequence[Step], visits: Sequence[Visit], language: str) -> list[Stage]:
    tells_all = any(step.is_end for step in steps)
    is_over = ticket.is_closed if tells_all else ticket.is_resolved
    told = stages(steps, visits, is_over=is_over, language=language)
    if tells_all:
        return told
    if not told:
        place = Place.DONE if is_over else Place.HERE
        told = [Stage(_("We received your request"), place, ticket.opened_at)]
    if ticket.category is Category.PENDING:
        told = [replace(stage, place=Place.DONE) if stage.place is Place.HERE else stage for stage in told]
        done = [stage for stage in told if stage.place is Place.DONE]
        ahead = [stage for stage in told if stage.place is Place.AHEAD]
        told = [*done, Stage(_("We are waiting for your answer"), Place.HERE, ticket.updated_at), *ahead]
    return [*told, *_endings(ticket)]


def _endings(ticket: Ticket) -> list[Stage]:
    if ticket.state_key == State.CANCELLED:
        return [Stage(_("Cancelled"), Place.DONE, ticket.closed_at)]
    if ticket.is_closed:
        return [
            *([Stage(_("Solved"), Place.DONE, ticket.resolved_at)] if ticket.resolved_at else []),
            Stage(_("Closed"), Place.DONE, ticket.closed_at),
        ]
    if ticket.is_resolved:
        return [Stage(_("Check the solution"), Place.HERE, ticket.resolved_at), Stage(_("Closed"), Place.AHEAD, None)]
    return [Stage(_("Check the solution"), Place.AHEAD, None), Stage(_("Closed"), Place.AHEAD, None)]


def _texts(element: etree._Element) -> dict[str, str]:
    texts = {}
    for properties in element.iterfind(f"{BPMN}extensionElements/{SPIFF}properties/{SPIFF}property"):
        name, _colon, language = str(properties.get("name")).partition(":")
        value = (properties.get("value") or "").strip()
        if name == STEP_PROPERTY and value:
            texts[language or "en"] = value
    return texts


def _horizontal_places(tree: etree._Element) -> dict[str, float]:
    places = {}
    for shape in tree.iter(f"{BPMNDI}BPMNShape"):
        bounds = shape.find(f"{DC}Bounds")
        if bounds is not None:
            places[str(shape.get("bpmnElement"))] = float(bounds.get("x", "0"))
    return places
