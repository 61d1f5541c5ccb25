"""What was promised on a request, whether it was kept, and how it is calculated: in the customer's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.sla import calendars
from app.sla import queries as sla
from app.sla.calendar import add_working_time
from app.sla.explanation import Row
from app.sla.models import ClockKind
from app.sla.queries import ClockView
from app.tickets.models import State, Ticket


@dataclass(frozen=True)
class Promised:
    """A reply or a solution that was promised.

    Args:
        due_at: by when; of one that was kept, by when it would have been due. None while the time stands still.
        rows: the stretches of time that add up to what was allowed. Whose hand or which rule moved it stays inside.
        late_minutes: working minutes after the deadline; 0 when in time.
    """

    kind: str
    clock: ClockView
    due_at: datetime | None
    calendar: str
    rows: tuple[Row, ...]
    late_minutes: int


def of_ticket(session: Session, ticket: Ticket) -> list[Promised]:
    """The promises on a request, the reply first; none on a cancelled one."""
    if ticket.state_key == State.CANCELLED:
        return []
    clocks, find_calendar = sla.clocks(session, ticket), calendars.finder(session)
    explanations = sla.explain_each(session, tuple(clock.id for clock in clocks.values()))
    found = []
    for kind in (ClockKind.RESPONSE, ClockKind.RESOLUTION):
        clock = clocks.get(kind)
        if clock is None:
            continue
        explained = explanations[clock.id]
        late = sum(row.late_minutes for row in explained.rows)
        due_at = clock.due_at
        if due_at is None and clock.met_at is not None:
            due_at = add_working_time(find_calendar(explained.calendar_key), clock.met_at, _left(explained.rows))
        found.append(Promised(kind.value, clock, due_at, explained.calendar_name, explained.rows, late))
    return found


def _left(rows: tuple[Row, ...]) -> timedelta:
    return timedelta(minutes=sum(row.minutes for row in rows if row.kind == "left"))
