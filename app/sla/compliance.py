"""Kept and missed deadlines: how many by week, and which ones.

A deadline counts in the week in which it was decided: when it was met in time, or when it passed. It counts for the
team and the customer that had the request at that moment. Deadlines that stopped to matter (the request was cancelled)
count nowhere.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sqlalchemy import ColumnElement, Integer, ScalarSelect, and_, column, func, literal, select, tuple_, values
from sqlalchemy.orm import Session

from app.db import UTCDateTime
from app.sla.models import ClockKind, SlaClock

WEEK = timedelta(days=7)
PAGE_SIZE = 50

# Where a piece of a list ends: the moment of its last deadline, and the clock's id.
Cursor = tuple[datetime, int]


@dataclass(frozen=True)
class Tally:
    """How many deadlines were kept and how many were missed."""

    kept: int = 0
    missed: int = 0

    @property
    def decided(self) -> int:
        """How many there were in all."""
        return self.kept + self.missed

    @property
    def percent(self) -> float | None:
        """The share that was kept, 0 to 100; None when there was none."""
        return 100 * self.kept / self.decided if self.decided else None

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.kept + other.kept, self.missed + other.missed)


@dataclass(frozen=True)
class Week:
    """What became of the deadlines of one week; `starts_on` is its Monday."""

    starts_on: date
    response: Tally
    resolution: Tally

    def tally(self, kind: ClockKind | str) -> Tally:
        """Those of one kind."""
        return self.response if kind == ClockKind.RESPONSE else self.resolution


@dataclass(frozen=True)
class Whose:
    """Whose deadlines are meant; None means everybody's, and no team at all means nobody's."""

    team_ids: Collection[int] | None = None
    customer_id: int | None = None


def monday_of(day: date) -> date:
    """The first day of a day's week."""
    return day - timedelta(days=day.weekday())


def by_week(session: Session, last: date, weeks: int, zone: tzinfo, whose: Whose) -> list[Week]:
    """What became of the deadlines of so many weeks, oldest first, the last of which holds a day.

    Args:
        zone: where the weeks begin at midnight.
    """
    monday = monday_of(last)
    mondays = [monday - WEEK * number for number in reversed(range(weeks))]
    rows = [(number, _midnight(day, zone), _midnight(day + WEEK, zone)) for number, day in enumerate(mondays)]
    week = (
        values(column("number", Integer), column("starts", UTCDateTime), column("ends", UTCDateTime), name="week")
        .data(rows)
        .cte("week")
    )
    # One look along an index for each number: the weeks are not sorted and grouped out of all clocks there are.
    counted = [_count(kind, kept, week.c.starts, week.c.ends, whose) for kind in ClockKind for kept in (True, False)]
    found = session.execute(select(week.c.number, *counted).order_by(week.c.number))
    return [Week(mondays[number], Tally(*numbers[:2]), Tally(*numbers[2:])) for number, *numbers in found]


def count(session: Session, kind: ClockKind, kept: bool | None, start: datetime, end: datetime, whose: Whose) -> int:
    """How many deadlines of a kind were decided in a stretch of time; `kept` None counts both."""
    found = select(func.count()).select_from(SlaClock).where(*_decided(kind, kept, whose, start, end))
    return session.scalar(found) or 0


def page(
    session: Session,
    kind: ClockKind,
    kept: bool | None,
    start: datetime,
    end: datetime,
    whose: Whose,
    after: Cursor | None = None,
    size: int = PAGE_SIZE,
) -> tuple[Sequence[SlaClock], Cursor | None]:
    """The clocks that `count` counts, last decided first, and where the next piece begins."""
    found = select(SlaClock).where(*_decided(kind, kept, whose, start, end))
    if after is not None:
        here = tuple_(literal(after[0], SlaClock.decided_at.type), literal(after[1]))
        found = found.where(tuple_(SlaClock.decided_at, SlaClock.id) < here)
    rows = session.scalars(found.order_by(SlaClock.decided_at.desc(), SlaClock.id.desc()).limit(size + 1)).all()
    more = len(rows) > size
    last = rows[size - 1] if more else None
    return rows[:size], (last.decided_at, last.id) if last is not None and last.decided_at is not None else None


def week_bounds(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """When the week of a day begins and ends."""
    monday = monday_of(day)
    return _midnight(monday, zone), _midnight(monday + WEEK, zone)


def _count(
    kind: ClockKind, kept: bool, start: ColumnElement[datetime], end: ColumnElement[datetime], whose: Whose
) -> ScalarSelect[int]:
    found = select(func.count()).select_from(SlaClock).where(*_decided(kind, kept, whose, start, end))
    return found.scalar_subquery().label(f"{kind}_{kept}")  # type: ignore[return-value]  # a labelled scalar


def _decided(kind: ClockKind, kept: bool | None, whose: Whose, start: object, end: object) -> list[ColumnElement[bool]]:
    conditions = [
        SlaClock.kind == kind,
        # Both are named where both are meant, so that the same index serves.
        SlaClock.is_kept.in_([True, False] if kept is None else [kept]),
        SlaClock.decided_at >= start,
        SlaClock.decided_at < end,
    ]
    if whose.team_ids is not None:
        conditions.append(SlaClock.decided_team_id.in_(whose.team_ids))
    if whose.customer_id is not None:
        conditions.append(SlaClock.decided_customer_id == whose.customer_id)
    return [and_(*conditions)]


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
