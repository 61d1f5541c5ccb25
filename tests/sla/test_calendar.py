"""Working time: examples a person can check, and laws that hold for every calendar, zone and moment."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.sla.calendar import (
    WEEKDAYS,
    WorkingCalendar,
    add_working_days,
    add_working_minutes,
    add_working_time,
    next_working_moment,
    read_calendar,
    segments,
    windows_on,
    working_minutes_between,
    working_time_between,
)

BUCHAREST = ZoneInfo("Europe/Bucharest")
OFFICE = read_calendar(
    "office", "Office", "Europe/Bucharest", {key: [["09:00", "18:00"]] for key in WEEKDAYS[:5]}, "RO"
)
# Zones whose clocks change by an hour, by half an hour, over midnight, by a whole day, or never.
ZONES = (
    "Europe/Bucharest", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana", "Pacific/Apia",
    "Asia/Kathmandu", "America/St_Johns", "UTC",
)  # fmt: skip


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BUCHAREST)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-11-27 14:20", 60, "2026-11-27 15:20"),
        ("2026-11-27 17:30", 60, "2026-12-02 09:30"),  # weekend, Saint Andrew, National Day
        ("2026-11-27 17:00", 60, "2026-11-27 18:00"),  # the end of the day, not the next morning
        ("2026-11-28 03:00", 30, "2026-12-02 09:30"),
        ("2026-12-24 17:00", 120, "2026-12-28 10:00"),  # both days of Christmas
    ],
)
def test_deadlines_skip_nights_weekends_and_romanian_holidays(start: str, minutes: int, due: str) -> None:
    assert add_working_minutes(OFFICE, local(start), minutes) == local(due)
    assert working_minutes_between(OFFICE, local(start), local(due)) == minutes


def test_a_lunch_break_does_not_count() -> None:
    shop = read_calendar("shop", "Shop", "Europe/Bucharest", {"mon": [["09:00", "12:00"], ["13:00", "17:00"]]})

    assert add_working_minutes(shop, local("2026-11-23 11:30"), 60) == local("2026-11-23 13:30")


def test_hours_that_daylight_saving_skips_or_repeats_count_as_they_really_were() -> None:
    """Night shifts in Bucharest: 29 March loses 03:00 to 04:00, 25 October has it twice."""
    night = read_calendar("night", "Night", "Europe/Bucharest", {key: [["00:00", "06:00"]] for key in WEEKDAYS})

    assert working_minutes_between(night, local("2026-03-29 00:00"), local("2026-03-29 12:00")) == 5 * 60
    assert working_minutes_between(night, local("2026-10-25 00:00"), local("2026-10-25 12:00")) == 7 * 60


def test_hours_that_begin_in_a_skipped_hour_begin_when_the_clocks_change() -> None:
    early = read_calendar("early", "Early", "Europe/Bucharest", {"sun": [["03:15", "03:45"], ["03:45", "05:00"]]})

    windows = windows_on(early, date(2026, 3, 29))

    assert windows == ((datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 3, 29, 2, tzinfo=UTC)),)


def test_a_day_that_differs_wins_over_weekday_and_holiday() -> None:
    calendar = read_calendar(
        "x", "X", "Europe/Bucharest", {"mon": [["09:00", "18:00"]]}, "RO",
        {"2026-11-28": {"name": "Inventory", "hours": [["10:00", "12:00"]]},
         "2026-11-30": {"name": "We work", "hours": [["09:00", "10:00"]]},
         "2026-12-07": {"name": "Company day", "hours": []}},
    )  # fmt: skip

    assert working_minutes_between(calendar, local("2026-11-28 00:00"), local("2026-12-08 00:00")) == 180
    assert calendar.holiday_on(date(2026, 12, 7)) == "Company day"


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-23 14:20", 3, "2026-11-26 14:20"),
        ("2026-11-27 14:20", 1, "2026-12-02 14:20"),
        ("2026-11-28 11:00", 1, "2026-12-03 09:00"),  # a Saturday counts from the next opening
        ("2026-03-27 09:30", 1, "2026-03-30 09:30"),  # the same wall time across daylight saving
    ],
)
def test_working_days_keep_the_time_of_day(start: str, days: int, due: str) -> None:
    assert add_working_days(OFFICE, local(start), days) == local(due)


def test_the_stretches_around_holidays_read_as_people_say_them() -> None:
    """The panel shows: evening and weekend closed, each holiday by name up to the next morning."""
    found = segments(OFFICE, local("2026-11-27 17:00"), local("2026-12-02 10:00"))

    assert [(each.kind, each.end.astimezone(BUCHAREST).strftime("%d %H:%M")) for each in found] == [
        ("open", "27 18:00"), ("closed", "30 00:00"), ("holiday", "01 00:00"), ("holiday", "02 09:00"),
        ("open", "02 10:00"),
    ]  # fmt: skip
    assert [each.name for each in found if each.kind == "holiday"] == [
        OFFICE.holiday_on(date(2026, 11, 30)), OFFICE.holiday_on(date(2026, 12, 1)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"hours": {"monday": [["09:00", "18:00"]]}}, "hours"),
        ({"hours": {"mon": [["18:00", "09:00"]]}}, "hours"),
        ({"hours": {"mon": [["09:00", "13:00"], ["12:00", "18:00"]]}}, "hours"),
        ({"hours": {"mon": [["nine", "18:00"]]}}, "hours"),
        ({"hours": {"mon": [["09:00"]]}}, "hours"),
        ({"hours": {}}, "hours"),
        ({"country": "XX"}, "holidays_country"),
        ({"extra": {"tomorrow": {"name": "x", "hours": []}}}, "extra"),
        ({"extra": {"2026-12-24": {"name": "x"}}}, "extra"),
    ],
)
def test_a_calendar_with_mistakes_is_refused_by_field(change: dict[str, Any], field: str) -> None:
    values = {"zone": "Europe/Bucharest", "hours": {"mon": [["09:00", "18:00"]]}, **change}

    with pytest.raises(InvalidInput) as refused:
        read_calendar("x", "X", **values)

    assert set(refused.value.errors) == {field}


def test_an_allowance_longer_than_any_career_is_refused() -> None:
    with pytest.raises(InvalidInput):
        add_working_minutes(OFFICE, local("2026-11-27 14:20"), 10**9)


@st.composite
def hours_of_a_day(draw: st.DrawFn) -> list[list[str]]:
    marks = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
    texts = [f"{mark // 4:02d}:{mark % 4 * 15:02d}" for mark in marks]
    return [list(pair) for pair in zip(texts[::2], texts[1::2], strict=False)]


@st.composite
def calendars(draw: st.DrawFn) -> WorkingCalendar:
    hours = {weekday: draw(hours_of_a_day()) for weekday in WEEKDAYS}
    if not any(hours.values()):
        hours["wed"] = [["09:00", "18:00"]]
    return read_calendar("any", "Any", draw(st.sampled_from(ZONES)), hours, draw(st.sampled_from(("", "RO", "US"))))


# Around the Bucharest, New York and Apia changes of clocks, and anywhere in those years.
MOMENTS = st.one_of(
    st.integers(0, 4 * 24 * 60).map(lambda minutes: datetime(2026, 3, 27, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.integers(0, 11 * 24 * 60).map(lambda minutes: datetime(2026, 10, 23, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.integers(0, 5 * 24 * 60).map(lambda minutes: datetime(2011, 12, 28, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.integers(0, 200_000_000).map(lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)),
)
MINUTES = st.integers(1, 5000)
THOROUGH = settings(max_examples=150, deadline=None)


@THOROUGH
@given(calendars(), MOMENTS, MINUTES)
def test_adding_working_time_and_measuring_it_agree(calendar: WorkingCalendar, start: datetime, minutes: int) -> None:
    due = add_working_minutes(calendar, start, minutes)

    assert working_time_between(calendar, start, due) == timedelta(minutes=minutes)
    just_before = due - timedelta(seconds=1)
    assert working_time_between(calendar, start, just_before) < timedelta(minutes=minutes), "it is the earliest moment"


@THOROUGH
@given(calendars(), MOMENTS, MINUTES, MINUTES)
def test_adding_in_two_steps_is_adding_at_once(
    calendar: WorkingCalendar, start: datetime, first: int, second: int
) -> None:
    assert add_working_minutes(calendar, add_working_minutes(calendar, start, first), second) == add_working_minutes(
        calendar, start, first + second
    )


@THOROUGH
@given(calendars(), MOMENTS, MOMENTS, MOMENTS)
def test_measuring_is_additive_and_never_more_than_real_time(
    calendar: WorkingCalendar, first: datetime, second: datetime, third: datetime
) -> None:
    first, second, third = sorted((first, second, third))
    if third - first > timedelta(days=400):
        third = first + timedelta(days=400)
        second = min(second, third)

    whole = working_time_between(calendar, first, third)

    assert whole == working_time_between(calendar, first, second) + working_time_between(calendar, second, third)
    assert timedelta(0) <= whole <= third - first
    assert working_time_between(calendar, third, first) == -whole


@THOROUGH
@given(calendars(), MOMENTS, st.integers(0, 20), st.integers(0, 20))
def test_more_working_days_are_never_earlier_and_end_while_open(
    calendar: WorkingCalendar, start: datetime, fewer: int, more: int
) -> None:
    fewer, more = sorted((fewer, more))
    sooner, later = add_working_days(calendar, start, fewer), add_working_days(calendar, start, more)

    assert next_working_moment(calendar, start) <= sooner <= later
    day = sooner.astimezone(calendar.zone).date()
    around = [day - timedelta(days=1), day, day + timedelta(days=1)]
    assert any(opens <= sooner <= closes for each in around for opens, closes in windows_on(calendar, each))


@THOROUGH
@given(calendars(), MOMENTS, st.timedeltas(timedelta(minutes=1), timedelta(days=30)))
def test_stretches_cover_the_time_without_gaps_and_open_ones_are_the_working_time(
    calendar: WorkingCalendar, start: datetime, length: timedelta
) -> None:
    found = segments(calendar, start, start + length)

    assert found[0].start == start
    assert found[-1].end == start + length
    assert all(first.end == second.start for first, second in itertools.pairwise(found))
    assert all(each.start < each.end for each in found)
    worked = sum((each.end - each.start for each in found if each.kind == "open"), timedelta(0))
    assert worked == working_time_between(calendar, start, start + length)
    assert all(
        add_working_time(calendar, each.start, timedelta(seconds=1)) > each.end for each in found if each.kind != "open"
    )
