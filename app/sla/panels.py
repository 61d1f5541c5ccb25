"""The deadlines on the ticket page, each with its explanation, and the deadline column of the ticket list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.people import queries as people
from app.people.models import Person
from app.sla import listing, queries, reasons
from app.sla.chips import chip
from app.sla.explanation import Explanation
from app.sla.models import ClockEntry, ClockKind, EntryKind, SlaClock
from app.sla.queries import ClockView
from app.texts import gettext as _
from app.tickets.history import Happening, history_source
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
def deadlines(session: Session, ticket_ids: Sequence[int], reader: Person) -> Mapping[int, Mapping[str, Any]]:
    """The deadline of each ticket that comes first."""
    zone, now = ZoneInfo(reader.zone), clock.now()
    first = queries.first_clocks_for(session, ticket_ids)
    return {ticket_id: {"chip": chip(view, now, zone)} for ticket_id, view in first.items()}


def _clock(session: Session, ticket: Ticket, reader: Person, kind: ClockKind) -> Content:
    views = queries.clocks(session, ticket)
    view: ClockView | None = views.get(kind)
    if view is None:
        return Content("sla/clock.html", {"kind": str(kind), "view": None})
    # Both clocks of the ticket ask for both.
    both = tuple(each.id for each in views.values())
    explanation = queries.explain_each(session, both, language=str(reader.language))[view.id]
    values = {
        "kind": str(kind),
        "view": view,
        "chip": chip(view, clock.now(), ZoneInfo(reader.zone)),
        "explanation": explanation,
        "strip": strip(explanation),
        "actors": people.people_by_ids(session, [move.actor_id for move in explanation.moves]),
    }
    return Content("sla/clock.html", values)


@history_source("deadlines")
def history(session: Session, ticket: Ticket, reader: Person, until: datetime, most: int) -> list[Happening]:
    """What happened to the deadlines: started, paused, moved, met, missed."""
    found = (
        select(ClockEntry, SlaClock.kind)
        .join(SlaClock, SlaClock.id == ClockEntry.clock_id)
        .where(SlaClock.ticket_id == ticket.id, ClockEntry.at <= until)
        .order_by(ClockEntry.at.desc(), ClockEntry.id.desc())
        .limit(most)
    )
    rows = session.execute(found).all()
    say = reasons.reader(session, str(reader.language), [entry.reason for entry, _kind in rows]).say
    return [_told(entry, ClockKind(kind), say(entry.reason)) for entry, kind in rows]


def _told(entry: ClockEntry, kind: ClockKind, reason: str | None) -> Happening:
    is_reply = kind is ClockKind.RESPONSE
    words, icon = {
        EntryKind.START: (_("Reply deadline began") if is_reply else _("Solution deadline began"), "clock"),
        EntryKind.PAUSE: (_("Reply deadline paused") if is_reply else _("Solution deadline paused"), "player-pause"),
        EntryKind.RESUME: (_("Reply deadline goes on") if is_reply else _("Solution deadline goes on"), "player-play"),
        EntryKind.STOP: (_("Reply deadline stopped") if is_reply else _("Solution deadline stopped"), "minus"),
        EntryKind.MEET: (_("Reply deadline met") if is_reply else _("Solution deadline met"), "circle-check"),
        EntryKind.RETARGET: (_("Reply deadline moved") if is_reply else _("Solution deadline moved"), "hourglass"),
        EntryKind.BREACH: (_("Reply deadline missed") if is_reply else _("Solution deadline missed"), "alert-triangle"),
    }[EntryKind(entry.kind)]
    told = _("%(what)s: %(why)s", what=words, why=reason) if reason else words
    return Happening(entry.at, entry.id, told, icon, entry.actor_id)
