"""The deadline that a task is sorted by, and the groups of My work: late, within the hour, today, later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select

from app import clock
from app.db import UTCDateTime
from app.engine.models import UserTask
from app.sla.models import LIVE, ClockState, SlaClock

GROUPS: Final = ("late", "next_hour", "today", "later")
NEXT_HOUR: Final = timedelta(hours=1)
# A paused clock is due in this year (`sla.facts`): never.
FAR_YEAR: Final = 9999
_FAR: Final = datetime(FAR_YEAR, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Stretches:
    """Where the groups begin and end, for a reader at a moment."""

    now: datetime
    midnight: datetime

    @classmethod
    def of(cls, zone: tzinfo) -> Stretches:
        """The groups of a reader who lives in a zone, now."""
        now = clock.now()
        tomorrow = now.astimezone(zone).date() + timedelta(days=1)
        return cls(now, datetime.combine(tomorrow, time(), zone).astimezone(UTC))

    def group_of(self, due_at: datetime | None) -> str:
        """The group of a deadline; what has none, or stands still, comes later."""
        if due_at is None:
            return "later"
        if due_at <= self.now:
            return "late"
        if due_at <= self.now + NEXT_HOUR:
            return "next_hour"
        return "today" if due_at < self.midnight else "later"

    def conditions(self, due_at: ColumnElement[datetime | None]) -> dict[str, ColumnElement[bool]]:
        """What `group_of` says, as a condition for each group; exactly one holds for each row."""
        soon = self.now + NEXT_HOUR
        return {
            "late": func.coalesce(due_at <= self.now, False),
            "next_hour": func.coalesce(and_(due_at > self.now, due_at <= soon), False),
            "today": func.coalesce(and_(due_at > soon, due_at < self.midnight), False),
            "later": or_(due_at.is_(None), and_(due_at > soon, due_at >= self.midnight)),
        }


def due_at() -> ColumnElement[datetime | None]:
    """The deadline of a `UserTask`: the first running one of its ticket, else its own; none when all stand still.

    `queries.chip_of` says the same of a task that is at hand.
    """
    far = literal(_FAR, UTCDateTime())
    running = case((SlaClock.state == ClockState.RUNNING, func.coalesce(SlaClock.due_at, far)), else_=far)
    of_ticket = (
        select(func.min(running))
        .where(SlaClock.ticket_id == UserTask.subject_id, SlaClock.state.in_(LIVE))
        .correlate(UserTask)
        .scalar_subquery()
    )
    # One look at the clocks: when all of them stand still it says "far away", when there are none it says nothing.
    own = case((UserTask.due_at < _FAR, UserTask.due_at))
    first = func.coalesce(case((UserTask.subject_kind == "ticket", of_ticket)), own)
    return func.nullif(first, far, type_=UTCDateTime())
