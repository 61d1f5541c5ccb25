"""Working time: pure arithmetic on opening hours, time zones and holidays. No database, no clock.

All moments are aware; spans are real elapsed time. A day that loses or gains an hour to daylight saving is that much
shorter or longer when the change falls into its opening hours.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.errors import InvalidInput

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_PER_DAY = 24 * 60
# Farther than this no deadline is looked for: the calendar is closed for good, or the allowance is a typing error.
MOST_DAYS = 20 * 366

Hours = tuple[tuple[int, int], ...]
Window = tuple[datetime, datetime]


@dataclass(frozen=True)
class ExtraDay:
    """A single day that differs from its weekday: closed, or open at other hours."""

    name: str
    hours: Hours


@dataclass(frozen=True)
class WorkingCalendar:
    """Opening hours in minutes of the local day, Monday first.

    Args:
        zone: IANA name, "Europe/Bucharest".
        country: ISO 3166 country whose public holidays are closed; empty for none.
        extra: days that differ; they win over weekdays and holidays.
    """

    key: str
    name: str
    zone: ZoneInfo
    week: tuple[Hours, ...]
    country: str = ""
    extra: tuple[tuple[date, ExtraDay], ...] = ()
    _extra: Mapping[date, ExtraDay] = field(init=False, repr=False, compare=False, hash=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_extra", dict(self.extra))

    def hours_on(self, day: date) -> Hours:
        """The opening hours of one local day, holidays and extra days applied."""
        extra = self._extra.get(day)
        if extra is not None:
            return extra.hours
        return () if self.holiday_on(day) else self.week[day.weekday()]

    def holiday_on(self, day: date, language: str = "en") -> str | None:
        """The name of the holiday that closes this day, in a language if the country's holidays have names in it."""
        extra = self._extra.get(day)
        if extra is not None:
            return None if extra.hours else extra.name
        return public_holidays(self.country, day.year, language).get(day) if self.country else None


@lru_cache(maxsize=512)
def public_holidays(country: str, year: int, language: str = "en") -> Mapping[date, str]:
    """The public holidays of a country in one year, by day; named in the country's own language when in no other."""
    # Here, because the package brings the whole world along and the first page need not wait for it.
    import holidays

    spoken = {"en": "en_US"}.get(language, language)
    return dict(holidays.country_holidays(country, years=year, language=spoken).items())


def _countries_with_holidays() -> Collection[str]:
    import holidays

    return holidays.list_supported_countries()


def read_calendar(
    key: str,
    name: str,
    zone: str,
    hours: Mapping[str, list[list[str]]],
    country: str = "",
    extra: Mapping[str, Any] | None = None,
) -> WorkingCalendar:
    """Build a calendar from what is stored or typed.

    Raises:
        InvalidInput: unknown zone, country or weekday, hours that overlap or are no hours, or a week without any.
    """
    errors: dict[str, list[str]] = {}
    try:
        zone_info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone_info = ZoneInfo("UTC")
        errors["zone"] = [f"{zone} is not a time zone; write one such as Europe/Bucharest."]
    unknown = set(hours) - set(WEEKDAYS)
    if unknown:
        errors["hours"] = [f"{', '.join(sorted(unknown))} is not a weekday; write mon, tue, wed, thu, fri, sat or sun."]
    if country and country not in _countries_with_holidays():
        errors["holidays_country"] = [f"No holidays are known for {country}."]
    week: list[Hours] = []
    for weekday in WEEKDAYS:
        try:
            week.append(_read_hours(hours.get(weekday, [])))
        except ValueError as error:
            week.append(())
            errors.setdefault("hours", []).append(f"{weekday}: {error}")
    if not errors and not any(week):
        errors["hours"] = ["A calendar needs opening hours on at least one weekday."]
    days: list[tuple[date, ExtraDay]] = []
    for day, value in sorted((extra or {}).items()):
        try:
            days.append((date.fromisoformat(day), ExtraDay(str(value.get("name", "")), _read_hours(value["hours"]))))
        except (ValueError, KeyError, AttributeError) as error:
            errors.setdefault("extra", []).append(f"{day}: {error}")
    if errors:
        raise InvalidInput("This calendar cannot be used.", errors)
    return WorkingCalendar(key, name, zone_info, tuple(week), country, tuple(days))


def _read_hours(pairs: list[list[str]]) -> Hours:
    hours = tuple(sorted((_minute_of_day(start), _minute_of_day(end)) for start, end in pairs))
    for start, end in hours:
        if start >= end:
            raise ValueError("hours must end after they start; split a night shift at 24:00")
    for (_, end), (start, _) in itertools.pairwise(hours):
        if start < end:
            raise ValueError("hours overlap")
    return hours


def _minute_of_day(text: str) -> int:
    if text == "24:00":
        return MINUTES_PER_DAY
    at = time.fromisoformat(text)
    return at.hour * 60 + at.minute


@lru_cache(maxsize=8192)
def windows_on(calendar: WorkingCalendar, day: date) -> tuple[Window, ...]:
    """The opening hours of one local day as moments in UTC, in order, none empty."""
    moments = (
        (_moment(calendar.zone, day, start), _moment(calendar.zone, day, end)) for start, end in calendar.hours_on(day)
    )
    return tuple((start, end) for start, end in moments if start < end)


def _moment(zone: ZoneInfo, day: date, minute: int) -> datetime:
    """When a local clock shows this minute of the day; the moment of the change when it skips it.

    A time shown twice counts as its first showing, so that hours which touch never overlap.
    """
    days, minute = divmod(minute, MINUTES_PER_DAY)
    local = datetime.combine(day + timedelta(days=days), time(minute // 60, minute % 60), zone)
    early, late = local.replace(fold=1).astimezone(UTC), local.astimezone(UTC)
    if early >= late:
        return late
    # The clocks jumped over this time somewhere between the two readings.
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def _local_day(calendar: WorkingCalendar, moment: datetime) -> date:
    return moment.astimezone(calendar.zone).date()


def _windows_from(calendar: WorkingCalendar, moment: datetime) -> Iterator[Window]:
    """Opening hours from a moment on, the first one cut off at it."""
    moment = moment.astimezone(UTC)
    # A day early: where the clocks go back over midnight, one local day can begin before another has ended.
    day = _local_day(calendar, moment) - timedelta(days=1)
    for _ in range(MOST_DAYS):
        for start, end in windows_on(calendar, day):
            if end > moment:
                yield max(start, moment), end
        day += timedelta(days=1)


def add_working_time(calendar: WorkingCalendar, start: datetime, length: timedelta) -> datetime:
    """The earliest moment at which `length` of working time has passed since `start`.

    Raises:
        InvalidInput: there is not that much working time within twenty years.
    """
    if length <= timedelta(0):
        return start.astimezone(UTC)
    left = length
    for opens, closes in _windows_from(calendar, start):
        if closes - opens >= left:
            return opens + left
        left -= closes - opens
    raise InvalidInput(f"{calendar.name} has not that much working time in the next twenty years.")


def add_working_minutes(calendar: WorkingCalendar, start: datetime, minutes: int) -> datetime:
    """The earliest moment at which so many working minutes have passed since `start`."""
    return add_working_time(calendar, start, timedelta(minutes=minutes))


def working_time_between(calendar: WorkingCalendar, start: datetime, end: datetime) -> timedelta:
    """The working time from `start` to `end`; negative when `end` is earlier."""
    if end < start:
        return -working_time_between(calendar, end, start)
    total = timedelta(0)
    for opens, closes in _windows_from(calendar, start):
        if opens >= end:
            return total
        total += min(closes, end) - opens
    return total


def working_minutes_between(calendar: WorkingCalendar, start: datetime, end: datetime) -> int:
    """Whole working minutes from `start` to `end`, rounded towards zero; negative when `end` is earlier."""
    return int(working_time_between(calendar, start, end) / timedelta(minutes=1))


def next_working_moment(calendar: WorkingCalendar, moment: datetime) -> datetime:
    """The moment itself while open, else the next opening.

    Raises:
        InvalidInput: the calendar does not open within twenty years.
    """
    for opens, _ in _windows_from(calendar, moment):
        return opens
    raise InvalidInput(f"{calendar.name} does not open in the next twenty years.")


def open_until(calendar: WorkingCalendar, moment: datetime) -> datetime | None:
    """When the opening hours end that the moment lies in; None while closed."""
    windows = windows_on(calendar, _local_day(calendar, moment))
    return next((closes for opens, closes in windows if opens <= moment < closes), None)


def add_working_days(calendar: WorkingCalendar, start: datetime, days: int) -> datetime:
    """The same time of day, `days` working days later.

    A start outside opening hours counts from the next opening. Where the day reached is not open at that time, the
    nearest opening after it on that day is taken, else its closing time.
    """
    begin = next_working_moment(calendar, start)
    if days <= 0:
        return begin
    local = begin.astimezone(calendar.zone)
    day, left = local.date(), days
    for _ in range(MOST_DAYS):
        day += timedelta(days=1)
        windows = windows_on(calendar, day)
        if not windows:
            continue
        left -= 1
        if left == 0:
            return _within(windows, _moment(calendar.zone, day, local.hour * 60 + local.minute), local)
    raise InvalidInput(f"{calendar.name} has not that many working days in the next twenty years.")


def _within(windows: tuple[Window, ...], moment: datetime, local: datetime) -> datetime:
    moment += timedelta(seconds=local.second, microseconds=local.microsecond)
    for opens, closes in windows:
        if moment <= closes:
            return max(opens, moment)
    return windows[-1][1]


@dataclass(frozen=True)
class Segment:
    """A stretch of time that is open, closed or a holiday; `name` is the holiday's."""

    kind: str
    start: datetime
    end: datetime
    name: str = ""


def segments(calendar: WorkingCalendar, start: datetime, end: datetime) -> list[Segment]:
    """Cut the time from `start` to `end` into open, closed and holiday stretches without gaps.

    Evenings, nights and weekends in a row are one closed stretch. A holiday lasts from its midnight to the next
    stretch that is something else, so the night before the next opening belongs to it.
    """
    found: list[Segment] = []
    at = start.astimezone(UTC)
    end = end.astimezone(UTC)
    for opens, closes in _windows_from(calendar, start):
        if at < min(opens, end):
            found.extend(_closed(calendar, at, min(opens, end)))
        if opens >= end:
            break
        stop = min(closes, end)
        if found and found[-1].kind == "open" and found[-1].end == opens:
            found[-1] = Segment("open", found[-1].start, stop)
        else:
            found.append(Segment("open", opens, stop))
        at = stop
        if at >= end:
            break
    return found


def _closed(calendar: WorkingCalendar, start: datetime, end: datetime) -> Iterator[Segment]:
    """A stretch without opening hours, cut where holidays begin on days that would otherwise be worked."""
    kind, name, since = "closed", "", start
    first, last = _local_day(calendar, start), _local_day(calendar, end - timedelta(microseconds=1))
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        holiday = calendar.holiday_on(day) if calendar.week[day.weekday()] else None
        begins = max(start, _moment(calendar.zone, day, 0))
        if holiday:
            if begins > since:
                yield Segment(kind, since, begins, name)
            kind, name, since = "holiday", holiday, begins
        elif kind == "holiday" and not _opens_on(calendar, day):
            # A weekend after a holiday is a weekend again.
            if begins > since:
                yield Segment(kind, since, begins, name)
            kind, name, since = "closed", "", begins
    yield Segment(kind, since, end, name)


def _opens_on(calendar: WorkingCalendar, day: date) -> bool:
    return bool(windows_on(calendar, day))
