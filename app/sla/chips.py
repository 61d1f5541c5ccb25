"""How a deadline looks in a list: in time, soon, late, on another day, paused. Pure; the words are the template's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from app.sla.queries import LAST_MINUTES, ClockView

LOOKS = {"ok": "is-ok", "soon": "is-soon", "late": "is-late"}


@dataclass(frozen=True)
class Chip:
    """A deadline as a chip.

    Args:
        kind: `response`, `resolution`, or `task` for a task's own due time.
        state: `running`, `paused`, `met` or `stopped`.
        look: `is-ok`, `is-soon`, `is-late`, `is-far` (due another day), or nothing when it is paused.
        minutes_left: working minutes of a clock, plain minutes of a task's own due time.
        late_minutes: plain minutes since the deadline.
    """

    kind: str
    state: str
    look: str
    due_at: datetime | None
    warn_at: datetime | None
    minutes_left: int
    late_minutes: int = 0


def chip(view: ClockView, now: datetime, zone: tzinfo) -> Chip:
    """The chip of a clock."""
    look = LOOKS.get(view.mood, "")
    if look == "is-ok" and view.due_at is not None and _other_day(view.due_at, now, zone):
        look = "is-far"
    late = _minutes_between(view.due_at, now) if look == "is-late" and view.due_at is not None else 0
    return Chip(
        kind=str(view.kind),
        state=str(view.state),
        look=look,
        due_at=view.due_at,
        warn_at=view.warn_at,
        minutes_left=max(0, view.working_minutes_left),
        late_minutes=late,
    )


def chip_of_moment(due_at: datetime, now: datetime, zone: tzinfo) -> Chip:
    """The chip of a task that is due at a moment of its own, on no clock."""
    left = _minutes_between(now, due_at)
    if due_at <= now:
        look = "is-late"
    elif _other_day(due_at, now, zone):
        look = "is-far"
    else:
        look = "is-soon" if left <= LAST_MINUTES else "is-ok"
    late = _minutes_between(due_at, now) if look == "is-late" else 0
    return Chip("task", "running", look, due_at, None, max(0, left), late)


def _other_day(due_at: datetime, now: datetime, zone: tzinfo) -> bool:
    return due_at.astimezone(zone).date() != now.astimezone(zone).date()


def _minutes_between(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds() // 60)
