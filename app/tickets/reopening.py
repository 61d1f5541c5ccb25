"""When a customer's late reply reopens a closed ticket, and when it begins a new one.

The rule counts working days, which only a calendar knows; whoever has one registers how to count. Until then, days of
the calendar on the wall.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy.orm import Session

from app import clock
from app.config import Settings
from app.tickets.models import Ticket

DaysAfter = Callable[[Session, Ticket, datetime, int], datetime]


def _plain_days_after(session: Session, ticket: Ticket, start: datetime, days: int) -> datetime:
    return start + timedelta(days=days)


_days_after: DaysAfter = _plain_days_after


def counts_days(function: DaysAfter) -> DaysAfter:
    """Register how to count: `function(session, ticket, start, days)` is the moment so many working days later."""
    global _days_after
    _days_after = function
    return function


def may_reopen(session: Session, ticket: Ticket) -> bool:
    """Whether a closed ticket was closed so recently that a reply opens it again."""
    if ticket.closed_at is None:
        return True
    settings: Settings = current_app.config["SETTINGS"]
    return clock.now() <= _days_after(session, ticket, ticket.closed_at, settings.reopen_working_days)
