"""Why a deadline is when it is: the stretches of time that add up to the allowance. Pure, like `sla.clocks`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil

from app.sla.calendar import WorkingCalendar, segments, working_time_between
from app.sla.clocks import Entry, FindCalendar, Reckoning, reckon
from app.sla.models import ClockState, EntryKind

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Row:
    """One stretch of time.

    Args:
        kind: `counted`, `paused`, `closed`, `holiday`, `left` (still to come) or `late` (after the deadline).
        minutes: what it adds to the allowance; counted and left rows add up to it exactly, the others add nothing.
        late_minutes: working minutes after the deadline; only on late rows.
        name: the holiday, or the reason of the pause.
        end: None for what is left on a clock that does not run.
    """

    kind: str
    start: datetime
    end: datetime | None
    minutes: int = 0
    late_minutes: int = 0
    name: str = ""


@dataclass(frozen=True)
class Move:
    """A change of the target and where it moved the deadline."""

    at: datetime
    reason: str
    actor_id: int | None
    target_before: int
    target_after: int
    due_before: datetime | None
    due_after: datetime | None


@dataclass(frozen=True)
class Explanation:
    """Everything the panel "Why this deadline?" shows."""

    state: ClockState
    target_minutes: int
    rows: tuple[Row, ...]
    moves: tuple[Move, ...]
    due_at: datetime | None
    calendar_key: str
    calendar_name: str
    rule: str | None


def explain(entries: Sequence[Entry], find_calendar: FindCalendar, now: datetime) -> Explanation:
    """Cut a clock's life into rows whose counted and left minutes add up to its target."""
    reckoning = reckon(entries, find_calendar)
    calendar = find_calendar(reckoning.calendar_key)
    rows = _joined([*_past(reckoning, find_calendar, now), *_left(reckoning, find_calendar, now)])
    return Explanation(
        state=reckoning.state,
        target_minutes=reckoning.target_minutes,
        rows=tuple(_in_whole_minutes(rows, reckoning, find_calendar)),
        moves=tuple(_moves(entries, find_calendar)),
        due_at=reckoning.due_at,
        calendar_key=calendar.key,
        calendar_name=calendar.name,
        rule=reckoning.rule,
    )


def in_language(explained: Explanation, calendar: WorkingCalendar, language: str) -> Explanation:
    """The same explanation with the holidays named in a language."""
    rows = (
        replace(row, name=calendar.holiday_on(row.start.astimezone(calendar.zone).date(), language) or row.name)
        if row.kind == "holiday"
        else row
        for row in explained.rows
    )
    return replace(explained, rows=tuple(rows))


def _past(reckoning: Reckoning, find_calendar: FindCalendar, now: datetime) -> Iterator[Row]:
    ended = reckoning.state in (ClockState.MET, ClockState.STOPPED)
    for span in reckoning.spans:
        if span.running:
            yield from _ran(reckoning, find_calendar, span.start, span.end or max(now, span.start))
        elif span.end is not None or not ended:
            end = span.end or max(now, span.start)
            if end > span.start:
                yield Row("paused", span.start, end, name=span.reason or "")


def _ran(reckoning: Reckoning, find_calendar: FindCalendar, start: datetime, end: datetime) -> Iterator[Row]:
    """A running stretch by opening hours; what is open after the deadline is late."""
    calendar = find_calendar(reckoning.calendar_key)
    for segment in segments(calendar, start, end):
        if segment.kind != "open":
            yield Row(segment.kind, segment.start, segment.end, name=segment.name)
            continue
        cut = max(segment.start, min(segment.end, reckoning.due_at or segment.end))
        if segment.start < cut:
            yield Row("counted", segment.start, cut)
        if cut < segment.end:
            yield Row("late", cut, segment.end)


def _left(reckoning: Reckoning, find_calendar: FindCalendar, now: datetime) -> Iterator[Row]:
    if reckoning.state is ClockState.RUNNING:
        if reckoning.due_at is not None and reckoning.due_at > now:
            yield from _to_come(reckoning, find_calendar, now)
    elif reckoning.due_at is None:
        stopped_at = reckoning.spans[-1].start
        yield Row("left", max(now, stopped_at) if reckoning.state is ClockState.PAUSED else stopped_at, None)


def _to_come(reckoning: Reckoning, find_calendar: FindCalendar, now: datetime) -> Iterator[Row]:
    calendar = find_calendar(reckoning.calendar_key)
    start = max(now, reckoning.spans[-1].start)
    for segment in segments(calendar, start, reckoning.due_at or start):
        yield Row("left" if segment.kind == "open" else segment.kind, segment.start, segment.end, name=segment.name)


def _joined(rows: Sequence[Row]) -> list[Row]:
    """One row for a night or a holiday that the present moment would cut in two."""
    joined: list[Row] = []
    for row in rows:
        last = joined[-1] if joined else None
        if last and row.kind in ("closed", "holiday") and (last.kind, last.name) == (row.kind, row.name):
            joined[-1] = replace(last, end=row.end)
        else:
            joined.append(row)
    return joined


def _in_whole_minutes(rows: Sequence[Row], reckoning: Reckoning, find_calendar: FindCalendar) -> Iterator[Row]:
    """Give each row its minutes so that rounding never makes the sum differ from the target."""
    calendar = find_calendar(reckoning.calendar_key)
    counted, late = timedelta(0), timedelta(0)
    for row in rows:
        if row.kind in ("counted", "left"):
            before = counted
            if row.end is None:
                counted = timedelta(minutes=reckoning.target_minutes)
            else:
                counted += working_time_between(calendar, row.start, row.end)
            yield replace(row, minutes=round(counted / MINUTE) - round(before / MINUTE))
        elif row.kind == "late" and row.end is not None:
            before = late
            late += working_time_between(calendar, row.start, row.end)
            # As everywhere, a minute that has begun is late: it never reads 0 late.
            yield replace(row, late_minutes=ceil(late / MINUTE) - ceil(before / MINUTE))
        else:
            yield row


def _moves(entries: Sequence[Entry], find_calendar: FindCalendar) -> Iterator[Move]:
    targets = [number for number, entry in enumerate(entries) if entry.kind is EntryKind.RETARGET]
    for number in targets:
        before, after = (reckon(entries[:stop], find_calendar) for stop in (number, number + 1))
        entry = entries[number]
        yield Move(
            at=entry.at,
            reason=entry.reason or "",
            actor_id=entry.actor_id,
            target_before=before.target_minutes,
            target_after=after.target_minutes,
            due_before=before.due_at,
            due_after=after.due_at,
        )


def adds_up(explanation: Explanation) -> bool:
    """Whether the rows follow each other and their minutes make the target; the tests and the repair ask this."""
    in_order = all(first.end == second.start for first, second in pairwise(explanation.rows))
    return in_order and sum(row.minutes for row in explanation.rows) == explanation.target_minutes
