"""Which targets a ticket has: what the decision table `service_level` says on the ticket's facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.engine import decisions
from app.errors import Conflict, NotFound
from app.sla.calendars import DEFAULT_KEY
from app.sla.models import ClockKind, SlaClock
from app.texts import gettext as _
from app.tickets.models import Ticket

DECISION = "service_level"
WARN_PERCENT = 75


@dataclass(frozen=True)
class Target:
    """An allowance and where it comes from.

    Args:
        minutes: working minutes; None for no such deadline.
        calendar_key: whose hours count.
        rule: which row of the decision table said so.
    """

    minutes: int | None
    warn_percent: int
    calendar_key: str
    rule: str | None = None


def target_of(clock: SlaClock) -> Target:
    """The target a clock has now."""
    return Target(clock.target_minutes, clock.warn_percent, clock.calendar_key, clock.rule)


def targets_for(session: Session, ticket: Ticket) -> dict[ClockKind, Target]:
    """Ask the current version of the decision table; a desk that has no such table has no deadlines.

    Raises:
        Conflict: the table gave no usable answer for this ticket.
    """
    try:
        answer = decisions.decide(session, DECISION, ticket.process_subject)
    except NotFound:
        answer = {}
    return targets_in(answer)


def targets_in(answer: Mapping[str, Any]) -> dict[ClockKind, Target]:
    """The targets that an answer of the table names.

    Raises:
        Conflict: it names none that can be used.
    """
    return {
        ClockKind.RESPONSE: _target(answer, "response_minutes"),
        ClockKind.RESOLUTION: _target(answer, "resolution_minutes"),
    }


def _target(answer: Mapping[str, Any], name: str) -> Target:
    minutes, warn_percent = answer.get(name), answer.get("warn_percent")
    if not _is_share_of_time(minutes) or not _is_share_of_time(warn_percent):
        raise Conflict(_("The table “%(table)s” gives no usable targets; mend it.", table=DECISION))
    return Target(
        int(minutes) if minutes else None,
        int(warn_percent or WARN_PERCENT),
        str(answer.get("calendar") or DEFAULT_KEY),
        answer.get("rule"),
    )


def _is_share_of_time(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value >= 0)
