"""What a clock says, calculated from what happened to it. Pure: no database, no reading of the time.

The stored clock is only a copy of `reckon(entries)`; `reckon` is the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.sla.calendar import WorkingCalendar, add_working_time, working_time_between
from app.sla.models import ClockState, EntryKind

FindCalendar = Callable[[str], WorkingCalendar]


@dataclass(frozen=True)
class Entry:
    """One thing that happened to a clock. A start and a retarget bring the target that holds from there on."""

    at: datetime
    kind: EntryKind
    target_minutes: int | None = None
    warn_percent: int | None = None
    calendar_key: str | None = None
    rule: str | None = None
    reason: str | None = None
    actor_id: int | None = None


@dataclass(frozen=True)
class Span:
    """A stretch in which the clock ran or was paused; `end` is None while it lasts."""

    running: bool
    start: datetime
    end: datetime | None
    reason: str | None = None


@dataclass(frozen=True)
class Reckoning:
    """The clock after its last entry.

    `due_at` is when the allowance is or was used up: None when a clock that does not run has some left.
    """

    state: ClockState
    target_minutes: int
    warn_percent: int
    calendar_key: str
    rule: str | None
    counted_seconds: int
    running_since: datetime | None
    started_at: datetime
    due_at: datetime | None
    warn_at: datetime | None
    met_at: datetime | None
    breached_at: datetime | None
    spans: tuple[Span, ...]

    @property
    def is_kept(self) -> bool | None:
        """Whether the deadline was kept; None as long as that is open, or when it stopped to matter."""
        if self.met_at is not None and (self.due_at is None or self.met_at <= self.due_at):
            return True
        return False if self.met_at is not None or self.breached_at is not None else None

    @property
    def decided_at(self) -> datetime | None:
        """When it was decided whether the deadline is kept: when it was met in time, or when it passed."""
        if self.is_kept is None:
            return None
        return self.met_at if self.is_kept else self.due_at


@dataclass(frozen=True)
class _Course:
    """State, target and spans as the entries leave them, before any calendar is asked."""

    state: ClockState
    target: Entry
    spans: tuple[Span, ...]
    met_at: datetime | None = None
    breach_recorded_at: datetime | None = None


def reckon(entries: Sequence[Entry], find_calendar: FindCalendar) -> Reckoning:
    """Calculate a clock from its entries, oldest first.

    The last target and calendar hold for the whole history: changing them keeps every pause. An entry that means
    nothing in the state it finds (a pause while paused) is passed over.

    Raises:
        ValueError: the first entry is not a start with a target.
    """
    course = _follow(entries)
    target = course.target
    if target.target_minutes is None or target.warn_percent is None or target.calendar_key is None:
        raise ValueError("a target needs minutes, a warning share and a calendar")
    calendar = find_calendar(target.calendar_key)
    running = [span for span in course.spans if span.running]
    allowance = timedelta(minutes=target.target_minutes)
    due_at = _used_up(calendar, running, allowance)
    breached = course.breach_recorded_at is not None and due_at is not None and course.breach_recorded_at >= due_at
    counted = sum((working_time_between(calendar, span.start, span.end) for span in running if span.end), timedelta(0))
    return Reckoning(
        state=course.state,
        target_minutes=target.target_minutes,
        warn_percent=target.warn_percent,
        calendar_key=target.calendar_key,
        rule=target.rule,
        counted_seconds=round(counted.total_seconds()),
        running_since=running[-1].start if course.state is ClockState.RUNNING else None,
        started_at=entries[0].at,
        due_at=due_at,
        warn_at=_used_up(calendar, running, whole_seconds(allowance * target.warn_percent / 100)),
        met_at=course.met_at,
        breached_at=due_at if breached else None,
        spans=course.spans,
    )


def whole_seconds(length: timedelta) -> timedelta:
    """The length without its fraction of a second: clocks count whole seconds."""
    return timedelta(seconds=int(length.total_seconds()))


def counted_at(reckoning: Reckoning, find_calendar: FindCalendar, moment: datetime) -> timedelta:
    """The working time used up to a moment after the last entry."""
    counted = timedelta(seconds=reckoning.counted_seconds)
    if reckoning.running_since is None:
        return counted
    return counted + working_time_between(find_calendar(reckoning.calendar_key), reckoning.running_since, moment)


def is_possible(state: ClockState | None, kind: EntryKind) -> bool:
    """Whether this can happen to a clock in this state; None is a clock without entries."""
    if state is None:
        return kind is EntryKind.START
    if kind is EntryKind.PAUSE:
        return state is ClockState.RUNNING
    if kind is EntryKind.RESUME:
        return state is not ClockState.RUNNING
    if kind in (EntryKind.MEET, EntryKind.STOP, EntryKind.RETARGET):
        return state in (ClockState.RUNNING, ClockState.PAUSED)
    return kind is EntryKind.BREACH


def _follow(entries: Sequence[Entry]) -> _Course:
    if not entries or entries[0].kind is not EntryKind.START:
        raise ValueError("a clock begins with a start")
    first = entries[0]
    course = _Course(ClockState.RUNNING, first, (Span(True, first.at, None, first.reason),))
    for entry in entries[1:]:
        if is_possible(course.state, entry.kind):
            course = _step(course, entry)
    return course


def _step(course: _Course, entry: Entry) -> _Course:
    if entry.kind is EntryKind.RETARGET:
        return replace(course, target=_retargeted(course.target, entry))
    if entry.kind is EntryKind.BREACH:
        return replace(course, breach_recorded_at=entry.at)
    if entry.kind is EntryKind.RESUME:
        # A clock that was met or stopped goes on where it was: the time between is no different from a pause.
        spans = (*_ended(course.spans, entry.at), Span(True, entry.at, None, entry.reason))
        return replace(course, state=ClockState.RUNNING, spans=spans, met_at=None)
    spans = (*_ended(course.spans, entry.at), Span(False, entry.at, None, entry.reason))
    if entry.kind is EntryKind.PAUSE:
        return replace(course, state=ClockState.PAUSED, spans=spans)
    if entry.kind is EntryKind.MEET:
        return replace(course, state=ClockState.MET, spans=spans, met_at=entry.at)
    return replace(course, state=ClockState.STOPPED, spans=spans)


def _retargeted(target: Entry, entry: Entry) -> Entry:
    return replace(
        target,
        target_minutes=entry.target_minutes if entry.target_minutes is not None else target.target_minutes,
        warn_percent=entry.warn_percent if entry.warn_percent is not None else target.warn_percent,
        calendar_key=entry.calendar_key or target.calendar_key,
        rule=entry.rule,
    )


def _ended(spans: tuple[Span, ...], at: datetime) -> tuple[Span, ...]:
    return (*spans[:-1], replace(spans[-1], end=at))


def _used_up(calendar: WorkingCalendar, running: Iterable[Span], allowance: timedelta) -> datetime | None:
    """When the running spans have used the allowance; None when they end before."""
    left = allowance
    for span in running:
        if span.end is None:
            return add_working_time(calendar, span.start, left)
        worked = working_time_between(calendar, span.start, span.end)
        if worked >= left:
            return add_working_time(calendar, span.start, left)
        left -= worked
    return None
