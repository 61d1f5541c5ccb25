"""How a deadline looks in a list: in time, soon, late, on another day, paused. Pure; the words are the template's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from app.sla.queries import LAST_MINUTES, ClockView, first_due

LOOKS = {"ok": "is-ok", "soon": "is-soon", "late": "is-late"}


@dataclass(frozen=True)
class Chip:
    """A deadline as a chip.

    Args:
        kind: `response`, `resolution`, or `task` for a task's own due time.
        state: `running`, `paused`, `met` or `stopped`.
        look: `is-ok`, `is-soon`, `is-late`, `is-far` (due another day), or nothing when it is paused.
        minutes_left: working minutes of a clock, plain minutes of a task's own due time.
        late_minutes: the same after the deadline; at least 1 when late.
        late_since: where lateness would start if all the time since had counted; a page counts on from there.
        ticks_until: lateness grows until then; None when it grows all the time.
        on_other_day: it is still to come, and not today. Such a chip says the moment: nobody reads minutes of working
            time right that begin on Monday.
    """

    kind: str
    state: str
    look: str
    due_at: datetime | None
    warn_at: datetime | None
    minutes_left: int
    late_minutes: int = 0
    late_since: datetime | None = None
    ticks_until: datetime | None = None
    on_other_day: bool = False


def chip(view: ClockView, now: datetime, zone: tzinfo) -> Chip:
    """The chip of a clock."""
    look = LOOKS.get(view.mood, "")
    on_other_day = look in ("is-ok", "is-soon") and view.due_at is not None and _other_day(view.due_at, now, zone)
    if look == "is-ok" and on_other_day:
        look = "is-far"
    late = max(1, -view.working_minutes_left) if look == "is-late" else 0
    return Chip(
        kind=str(view.kind),
        state=str(view.state),
        look=look,
        due_at=view.due_at,
        warn_at=view.warn_at,
        minutes_left=max(0, view.working_minutes_left),
        late_minutes=late,
        late_since=now - timedelta(minutes=late) if late else view.due_at,
        ticks_until=view.open_until or now,
        on_other_day=on_other_day,
    )


def first_chip(views: Iterable[ClockView], now: datetime, zone: tzinfo) -> Chip | None:
    """The chip of the clock that comes due first; of a paused one when none runs, None when none is left."""
    first = first_due(views)
    return chip(first, now, zone) if first is not None else None


def chip_of_moment(due_at: datetime, now: datetime, zone: tzinfo) -> Chip:
    """The chip of a task that is due at a moment of its own, on no clock."""
    left = _minutes_between(now, due_at)
    if due_at <= now:
        look = "is-late"
    elif _other_day(due_at, now, zone):
        look = "is-far"
    else:
        look = "is-soon" if left <= LAST_MINUTES else "is-ok"
    late = max(1, -left) if look == "is-late" else 0
    return Chip(
        "task", "running", look, due_at, None, max(0, left), late, late_since=due_at, on_other_day=look == "is-far"
    )


def _other_day(due_at: datetime, now: datetime, zone: tzinfo) -> bool:
    return due_at.astimezone(zone).date() != now.astimezone(zone).date()


def _minutes_between(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds() // 60)
