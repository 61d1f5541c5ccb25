"""The running clocks for the ticket list, which filters and sorts by deadlines."""

from __future__ import annotations

from sqlalchemy import FromClause, select

from app.sla.models import ClockState, SlaClock
from app.tickets import deadlines


@deadlines.provide
def running_clocks() -> FromClause:
    """Clocks that count, with the moments at which they warn and are due."""
    found = select(SlaClock.id, SlaClock.ticket_id, SlaClock.due_at, SlaClock.warn_at)
    return found.where(SlaClock.state == ClockState.RUNNING, SlaClock.due_at.is_not(None)).subquery()
