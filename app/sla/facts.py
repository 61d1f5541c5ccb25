"""What diagrams may read about deadlines, and working time as a function."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import clock as desk_clock
from app.engine.facts import Attribute, Kind, provides_facts, provides_function
from app.engine.subject import Subject
from app.engine.values import ExpressionError, parse_duration
from app.errors import NotFound
from app.sla import calendars, queries
from app.sla.calendar import WorkingCalendar, add_working_days, add_working_time
from app.sla.models import ClockKind, ClockState
from app.tickets.export import section
from app.tickets.models import Ticket
from app.tickets.reopening import counts_days
from app.tickets.subjects import ticket_of

# A timer on a clock that does not run waits until then; it is armed again as soon as the clock moves.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


SLA = {
    "response_due": Attribute(Kind.MOMENT, "when the reply is due; the year 9999 while that clock does not run"),
    "response_warn": Attribute(Kind.MOMENT, "when to warn before"),
    "response_state": Attribute(Kind.TEXT, "`running`, `paused`, `met` or `stopped`", optional=True),
    "resolution_due": Attribute(Kind.MOMENT, "when the solution is due; the year 9999 while that clock does not run"),
    "resolution_warn": Attribute(Kind.MOMENT, "when to warn before"),
    "resolution_state": Attribute(Kind.TEXT, "`running`, `paused`, `met` or `stopped`", optional=True),
}


@provides_facts("sla", for_subjects=("ticket", "work_entry", "escalation"), attributes=SLA)
def sla(session: Session, subject: Subject) -> dict[str, Any]:
    """When the running clocks warn and come due; `NEVER` for those that are paused, over or missing."""
    latest = queries.latest_clocks(session, ticket_of(session, subject).id)
    facts: dict[str, Any] = {}
    for kind in ClockKind:
        clock = latest.get(kind)
        running = clock is not None and clock.state == ClockState.RUNNING
        facts[f"{kind}_due"] = clock.due_at if clock is not None and running else NEVER
        facts[f"{kind}_warn"] = clock.warn_at if clock is not None and running else NEVER
        facts[f"{kind}_state"] = clock.state if clock is not None else None
    return facts


@provides_function(
    "working_time",
    usage='working_time("PT4H")',
    gives="the moment so much working time from now, on the request's calendar",
)
def working_time(session: Session, subject: Subject, text: object) -> datetime:
    """When so much working time has passed from now: `working_time("PT4H")`."""
    length = text if isinstance(text, timedelta) else parse_duration(str(text))
    return add_working_time(_calendar(session, subject), desk_clock.now(), length)


@provides_function(
    "working_days", usage="working_days(3)", gives="the same time of day, so many working days from now (0 to 1000)"
)
def working_days(session: Session, subject: Subject, days: object) -> datetime:
    """The same time of day, so many working days from now: `working_days(3)`."""
    if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= 1000:
        raise ExpressionError("working_days() needs a whole number of days, 0 to 1000.")
    return add_working_days(_calendar(session, subject), desk_clock.now(), days)


@counts_days
def working_days_after(session: Session, ticket: Ticket, start: datetime, days: int) -> datetime:
    """How long a closed ticket can still be reopened is counted in its own working days."""
    return add_working_days(_calendar(session, ticket.process_subject), start, days)


@section("clocks")
def clocks_as_json(session: Session, ticket: Ticket) -> dict[str, Any]:
    """The latest clock of each kind, for `tickets show --json`."""
    return {
        str(kind): {
            "state": str(clock.state),
            "due_at": clock.due_at.isoformat() if clock.due_at else None,
            "warn_at": clock.warn_at.isoformat() if clock.warn_at else None,
        }
        for kind, clock in queries.latest_clocks(session, ticket.id).items()
    }


def _calendar(session: Session, subject: Subject) -> WorkingCalendar:
    try:
        return queries.calendar_of(session, ticket_of(session, subject).id)
    except NotFound:
        # Subjects without a ticket count on the desk's own hours.
        return calendars.finder(session)(calendars.DEFAULT_KEY)
