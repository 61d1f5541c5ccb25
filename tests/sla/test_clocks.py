"""Clocks calculated from their history: a day a person can follow, and laws for any history whatever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sla.calendar import WEEKDAYS, read_calendar, working_time_between
from app.sla.clocks import Entry, counted_at, is_possible, reckon
from app.sla.explanation import adds_up, explain
from app.sla.models import ClockState, EntryKind

BUCHAREST = ZoneInfo("Europe/Bucharest")
EARLY = read_calendar(
    "early", "L–V 08–18", "Europe/Bucharest", {day: [["08:00", "18:00"]] for day in WEEKDAYS[:5]}, "RO"
)
ROUND = read_calendar("round", "Always", "America/New_York", {day: [["00:00", "24:00"]] for day in WEEKDAYS})
LUNCH = read_calendar(
    "lunch", "Lunch", "Europe/Bucharest", {day: [["09:00", "12:30"], ["13:15", "18:00"]] for day in WEEKDAYS[:6]}, "RO"
)
CALENDARS = {calendar.key: calendar for calendar in (EARLY, ROUND, LUNCH)}
find = CALENDARS.__getitem__


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BUCHAREST).astimezone(UTC)


def start(at: str, minutes: int, calendar: str = "early") -> Entry:
    return Entry(local(at), EntryKind.START, minutes, 75, calendar)


# The ticket of the design's mock: two holidays, a pause, a priority raised on the last day.
HISTORY = [
    start("2026-11-27 14:20", 1200),
    Entry(local("2026-11-27 15:10"), EntryKind.PAUSE, reason="You asked for the log"),
    Entry(local("2026-11-27 17:00"), EntryKind.RESUME),
    Entry(local("2026-12-02 08:15"), EntryKind.RETARGET, 480, 75, "early", reason="Priority"),
]
NOW = local("2026-12-02 10:42")


def test_a_raised_priority_moves_the_deadline_and_keeps_the_pause() -> None:
    before, after = reckon(HISTORY[:3], find), reckon(HISTORY, find)

    assert before.due_at == local("2026-12-03 16:10")
    assert after.due_at == local("2026-12-02 14:10")
    assert counted_at(after, find, NOW) == timedelta(hours=4, minutes=32)


def test_the_explanation_tells_the_same_story_in_rows() -> None:
    told = explain(HISTORY, find, NOW)

    assert [(row.kind, row.minutes) for row in told.rows] == [
        ("counted", 50), ("paused", 0), ("counted", 60), ("closed", 0), ("holiday", 0), ("holiday", 0),
        ("counted", 162), ("left", 208),
    ]  # fmt: skip
    assert adds_up(told)
    assert told.rows[1].name == "You asked for the log"
    (move,) = told.moves
    assert (move.target_before, move.target_after) == (1200, 480)
    assert (move.due_before, move.due_after) == (local("2026-12-03 16:10"), local("2026-12-02 14:10"))


def test_a_late_clock_shows_how_late_and_still_adds_up() -> None:
    told = explain([start("2026-11-25 09:00", 60)], find, local("2026-11-26 08:30"))

    assert [(row.kind, row.minutes, row.late_minutes) for row in told.rows] == [
        ("counted", 60, 0), ("late", 0, 480), ("closed", 0, 0), ("late", 0, 30),
    ]  # fmt: skip
    assert adds_up(told)


def test_a_night_cut_by_the_present_moment_is_one_row() -> None:
    told = explain([start("2026-11-25 17:00", 120)], find, local("2026-11-25 22:00"))

    assert [(row.kind, row.minutes) for row in told.rows] == [("counted", 60), ("closed", 0), ("left", 60)]


def test_a_paused_clock_has_time_left_and_no_deadline() -> None:
    entries = [start("2026-11-25 09:00", 60), Entry(local("2026-11-25 09:20"), EntryKind.PAUSE)]

    assert reckon(entries, find).due_at is None
    told = explain(entries, find, local("2026-11-25 12:00"))
    assert [(row.kind, row.minutes) for row in told.rows] == [("counted", 20), ("paused", 0), ("left", 40)]


def test_a_clock_that_was_met_goes_on_where_it_was_when_the_ticket_is_reopened() -> None:
    entries = [
        start("2026-11-25 09:00", 60),
        Entry(local("2026-11-25 09:30"), EntryKind.MEET),
        Entry(local("2026-11-26 09:00"), EntryKind.RESUME),
    ]

    assert reckon(entries[:2], find).met_at == local("2026-11-25 09:30")
    assert reckon(entries, find).met_at is None
    assert reckon(entries, find).due_at == local("2026-11-26 09:30")


def test_a_breach_stands_at_the_deadline_until_another_target_puts_the_deadline_ahead() -> None:
    breached = [start("2026-11-25 09:00", 60), Entry(local("2026-11-25 10:03"), EntryKind.BREACH)]
    relaxed = [*breached, Entry(local("2026-11-25 10:05"), EntryKind.RETARGET, 600, 75, "early")]

    assert reckon(breached, find).breached_at == local("2026-11-25 10:00")
    assert reckon(relaxed, find).breached_at is None


def test_a_breach_recorded_at_the_very_moment_of_the_deadline_counts() -> None:
    """Timers fire on the second."""
    entries = [start("2026-11-25 09:00", 60), Entry(local("2026-11-25 10:00"), EntryKind.BREACH)]

    assert reckon(entries, find).breached_at == local("2026-11-25 10:00")


def test_a_history_without_a_start_is_refused() -> None:
    with pytest.raises(ValueError, match="start"):
        reckon([Entry(NOW, EntryKind.PAUSE)], find)


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """Any entries in any order, sensible or not, some at the same moment."""
    begin = datetime(2026, 3, 20, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 20_000_000)))
    gaps = draw(st.lists(st.one_of(st.just(0), st.integers(0, 200_000)), max_size=12))
    moments = accumulate(gaps, lambda at, gap: at + timedelta(seconds=gap), initial=begin)
    entries = [
        Entry(next(moments), EntryKind.START, draw(st.integers(1, 3000)), 75, draw(st.sampled_from(list(CALENDARS))))
    ]
    for at in moments:
        kind = draw(st.sampled_from([kind for kind in EntryKind if kind is not EntryKind.START]))
        if kind is EntryKind.RETARGET:
            target = (draw(st.integers(1, 3000)), draw(st.integers(1, 100)), draw(st.sampled_from(list(CALENDARS))))
            entries.append(Entry(at, kind, *target))
        else:
            entries.append(Entry(at, kind))
    return entries


THOROUGH = settings(max_examples=250, deadline=None)


@THOROUGH
@given(histories(), st.integers(0, 2_000_000))
def test_counted_time_is_the_working_time_of_the_running_spans(entries: list[Entry], later: int) -> None:
    reckoning = reckon(entries, find)
    now = entries[-1].at + timedelta(seconds=later)
    calendar = find(reckoning.calendar_key)

    expected = sum(
        (working_time_between(calendar, span.start, span.end or now) for span in reckoning.spans if span.running),
        timedelta(0),
    )
    assert abs(counted_at(reckoning, find, now) - expected) <= timedelta(seconds=1)
    assert (reckoning.running_since is not None) == (reckoning.state is ClockState.RUNNING)
    assert all(first.end == second.start for first, second in pairwise(reckoning.spans))


@THOROUGH
@given(histories())
def test_at_the_deadline_exactly_the_allowance_is_used(entries: list[Entry]) -> None:
    reckoning = reckon(entries, find)
    calendar = find(reckoning.calendar_key)

    if reckoning.due_at is None:
        assert reckoning.state is not ClockState.RUNNING
        assert reckoning.counted_seconds < reckoning.target_minutes * 60
    else:
        used = sum(
            (
                working_time_between(calendar, span.start, min(span.end or reckoning.due_at, reckoning.due_at))
                for span in reckoning.spans
                if span.running and span.start < reckoning.due_at
            ),
            timedelta(0),
        )
        assert used == timedelta(minutes=reckoning.target_minutes)
        assert reckoning.warn_at is not None
        assert reckoning.warn_at <= reckoning.due_at


@THOROUGH
@given(histories())
def test_what_means_nothing_in_a_state_changes_nothing(entries: list[Entry]) -> None:
    sensible = entries[:1]
    for entry in entries[1:]:
        if is_possible(reckon(sensible, find).state, entry.kind):
            sensible.append(entry)

    assert reckon(entries, find) == reckon(sensible, find)


@THOROUGH
@given(histories(), st.integers(0, 2_000_000))
def test_the_rows_of_any_history_follow_each_other_and_add_up_to_the_allowance(
    entries: list[Entry], later: int
) -> None:
    now = entries[-1].at + timedelta(seconds=later)

    told = explain(entries, find, now)

    assert sum(row.minutes for row in told.rows) == told.target_minutes
    assert adds_up(told)
    assert all(row.minutes >= 0 and row.late_minutes >= 0 for row in told.rows)
    assert all(row.minutes == 0 for row in told.rows if row.kind not in ("counted", "left"))
    assert told.rows[0].start == entries[0].at
