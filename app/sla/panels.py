"""The deadlines on the ticket page, each with its explanation, and the deadline column of the ticket list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app import clock
from app.people import queries as people
from app.people.models import Person
from app.sla import listing, queries
from app.sla.chips import chip
from app.sla.explanation import Explanation
from app.sla.models import ClockKind
from app.sla.queries import ClockView
from app.tickets.models import Ticket
from app.tickets.panels import Content, Slot, list_column, panel

# Importing it registers it.
OWN_LISTING = listing.running_clocks
# The strip is this wide; closed stretches are compressed to a small piece so that counted time is readable.
STRIP_WIDTH = 1000.0
CLOSED_SHARE = 0.05
GAP = 4.0


@dataclass(frozen=True)
class Piece:
    """A rectangle of the strip."""

    kind: str
    x: float
    width: float


def strip(explanation: Explanation) -> list[Piece]:
    """The rows as rectangles: time that counts by its length, closed time compressed; the rows are the truth."""
    rows = [row for row in explanation.rows if row.kind != "late" or row.late_minutes]
    weights = [float(row.minutes or row.late_minutes) for row in rows]
    counted = sum(weights) or 1.0
    for number, row in enumerate(rows):
        if row.kind == "paused" and row.end is not None:
            weights[number] = min(counted / 3, (row.end - row.start).total_seconds() / 60)
        elif not weights[number]:
            weights[number] = counted * CLOSED_SHARE
    room = STRIP_WIDTH - GAP * max(0, len(rows) - 1)
    total, x, pieces = sum(weights) or 1.0, 0.0, []
    for row, weight in zip(rows, weights, strict=True):
        width = room * weight / total
        pieces.append(Piece(row.kind, round(x, 1), round(max(3.0, width), 1)))
        x += width + GAP
    return pieces


@panel("response", slot=Slot.CLOCKS, order=10)
def response(session: Session, ticket: Ticket, reader: Person) -> Content:
    """When the customer must have an answer."""
    return _clock(session, ticket, reader, ClockKind.RESPONSE)


@panel("resolution", slot=Slot.CLOCKS, order=20)
def resolution(session: Session, ticket: Ticket, reader: Person) -> Content:
    """When the request must be solved."""
    return _clock(session, ticket, reader, ClockKind.RESOLUTION)


@list_column("deadline", "sla/cell.html")
def deadlines(session: Session, tickets: Sequence[Ticket], reader: Person) -> Mapping[int, Mapping[str, Any]]:
    """The deadline of each ticket that comes first."""
    zone, now = ZoneInfo(reader.zone), clock.now()
    found: dict[int, Mapping[str, Any]] = {}
    for ticket_id, live in queries.live_clocks_for(session, [ticket.id for ticket in tickets]).items():
        running = [view for view in live if view.due_at is not None and str(view.state) == "running"]
        first = min(running, key=lambda view: view.due_at or now) if running else live[0]
        found[ticket_id] = {"chip": chip(first, now, zone)}
    return found


def _clock(session: Session, ticket: Ticket, reader: Person, kind: ClockKind) -> Content:
    view: ClockView | None = queries.clocks(session, ticket).get(kind)
    if view is None:
        return Content("sla/clock.html", {"kind": str(kind), "view": None})
    explanation = queries.explain(session, view.id, language=str(reader.language))
    values = {
        "kind": str(kind),
        "view": view,
        "chip": chip(view, clock.now(), ZoneInfo(reader.zone)),
        "explanation": explanation,
        "strip": strip(explanation),
        "actors": people.people_by_ids(session, [move.actor_id for move in explanation.moves]),
    }
    return Content("sla/clock.html", values)
