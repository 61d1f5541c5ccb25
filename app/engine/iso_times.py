"""ISO 8601 texts of timers: dates, moments, durations with months and years, and repetitions.

The library's own reading takes "-PT1H" for an hour ahead, gives times without an offset one that knows no summer, and
asks the machine's clock.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from app.engine.values import ExpressionError

# What a paused or absent deadline is due at: armed, but for ever away.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)

_AMOUNT = r"\d{1,9}(?:[.,]\d{1,9})?"
_SPAN = re.compile(
    rf"P(?=\d|T\d)(?:(?P<years>\d{{1,4}})Y)?(?:(?P<months>\d{{1,5}})M)?"
    rf"(?:(?P<weeks>{_AMOUNT})W)?(?:(?P<days>{_AMOUNT})D)?"
    rf"(?:T(?=\d)(?:(?P<hours>{_AMOUNT})H)?(?:(?P<minutes>{_AMOUNT})M)?(?:(?P<seconds>{_AMOUNT})S)?)?",
    re.ASCII,
)
_REPETITION = re.compile(r"R(?P<times>\d{0,9})(?P<rest>(?:/[^/]+){1,2})", re.ASCII)

_zone: tzinfo = UTC


def desk_zone() -> tzinfo:
    """The desk's own zone: what a date without an offset is meant in. UTC where no desk was built."""
    return _zone


def use_desk_zone(name: str) -> None:
    """Take over the zone of the desk's settings; whoever builds the application calls this."""
    global _zone
    _zone = ZoneInfo(name)


@dataclass(frozen=True)
class Span:
    """A length of time: months, whose length the calendar says, and the rest, which is always as long."""

    months: int
    rest: timedelta

    def after(self, start: datetime, zone: tzinfo, times: int = 1) -> datetime:
        """The moment so often this length after an aware `start`; months are those of `zone`.

        The 31st of a month without one is its last day.

        Raises:
            ExpressionError: the calendar ends before.
        """
        try:
            if self.months:
                local = start.astimezone(zone)
                year, month = divmod(local.year * 12 + local.month - 1 + self.months * times, 12)
                day = min(local.day, monthrange(year, month + 1)[1])
                start = local.replace(year=year, month=month + 1, day=day)
            return start.astimezone(UTC) + self.rest * times
        except (OverflowError, ValueError):
            raise ExpressionError("The duration is too long; the calendar ends in the year 9999.") from None


@dataclass(frozen=True)
class Cycle:
    """A repetition under way: `left` rounds (-1: without end), of which the next is number `number`, from 0."""

    left: int
    first: datetime
    length: Span
    zone: tzinfo
    number: int = 0

    @property
    def next_at(self) -> datetime:
        """When the next round is due."""
        return self._at(self.number)

    def _at(self, number: int) -> datetime:
        return self.length.after(self.first, self.zone, number) if number else self.first

    def rounds_until(self, now: datetime, *, strictly: bool = False) -> int:
        """How many rounds have come by now (strictly: before now), counted from the next."""

        def has_come(number: int) -> bool:
            at = self._at(number)
            return at < now if strictly else at <= now

        if not has_come(self.number):
            return 0
        # The rounds in between are not looked at: a cycle of minutes may have rested for years.
        shortest = timedelta(days=28) * self.length.months + self.length.rest
        low, high = self.number, self.number + 1 + int((now - self.next_at) / shortest)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if has_come(middle) else (low, middle - 1)
        return low + 1 - self.number

    def later(self, rounds: int) -> Cycle:
        """The same cycle after so many rounds."""
        left = self.left if self.left < 0 else max(0, self.left - rounds)
        if left == 0:
            return replace(self, left=0)
        if self.length.months:
            return replace(self, left=left, number=self.number + rounds)
        return replace(self, left=left, first=self._at(self.number + rounds), number=0)


def read_span(text: str) -> Span:
    """Read an ISO 8601 duration: "PT4H", "P1M", "P2W", "P1DT0,5H".

    Raises:
        ExpressionError: it is none, or negative.
    """
    if text.startswith("-"):
        raise ExpressionError(f'"{text[:40]}" lies in the past; a timer needs a duration without a minus sign.')
    match = _SPAN.fullmatch(text.removeprefix("+"))
    if match is None:
        raise ExpressionError(f'"{text[:40]}" is not a duration; write "PT4H", "P2D" or "P1M".')
    found = {unit: amount.replace(",", ".") for unit, amount in match.groupdict().items() if amount is not None}
    if any("." in amount for amount in list(found.values())[:-1]):
        raise ExpressionError(f'"{text[:40]}" is not a duration; only its last amount may have decimals.')
    months = 12 * int(found.pop("years", 0)) + int(found.pop("months", 0))
    try:
        return Span(months, timedelta(**{unit: float(amount) for unit, amount in found.items()}))
    except OverflowError:
        raise ExpressionError("The duration is too long; the calendar ends in the year 9999.") from None


def read_moment(text: str, zone: tzinfo) -> datetime:
    """Read an ISO 8601 date, week date or date and time; without an offset it is in `zone`, a date is its midnight.

    Raises:
        ExpressionError: it is none.
    """
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        example = '"2026-11-23" or "2026-11-23T14:00:00+02:00"'
        raise ExpressionError(f'"{text[:40]}" is not a moment; write {example}.') from None


def read_cycle(text: str, now: datetime, zone: tzinfo) -> Cycle:
    """Read an ISO 8601 repetition; the rounds that a fixed start or end puts before `now` are still in it.

    - "R3/PT1H": three rounds, the first an hour from now; "R/PT1H": without end
    - "R3/2026-11-23T09:00:00+02:00/PT1H": the first at that moment
    - "R3/PT1H/2026-11-23T18:00:00+02:00": the last at that moment; without a number, all that are still to come

    Raises:
        ExpressionError: it is none.
    """
    match = _REPETITION.fullmatch(text)
    if match is None:
        raise ExpressionError(f'"{text[:60]}" is not a repetition; write "R3/PT1H", "R/P1D" or "R3/(moment)/PT1H".')
    times = int(match["times"]) if match["times"] else -1
    if times == 0:
        raise ExpressionError(f'"{text[:60]}" never fires; write how often, or only "R/".')
    parts = match["rest"][1:].split("/")
    is_length = [part.lstrip("+-").startswith("P") for part in parts]
    if is_length == [True]:
        length = read_span(parts[0])
        _refuse_nothing(length)
        return Cycle(times, length.after(now, zone), length, zone)
    if is_length == [False, True]:
        start, length = read_moment(parts[0], zone), read_span(parts[1])
        _refuse_nothing(length)
        return Cycle(times, start, length, zone)
    if is_length == [True, False]:
        length, end = read_span(parts[0]), read_moment(parts[1], zone)
        _refuse_nothing(length)
        return _ending(times, length, end, now, zone)
    raise ExpressionError(f'"{text[:60]}" needs one duration, with at most one moment before or after it.')


def _ending(times: int, length: Span, end: datetime, now: datetime, zone: tzinfo) -> Cycle:
    """The rounds back from the last one."""
    if length.months:
        raise ExpressionError('A cycle with an end counts back from it; write its length in days, such as "P7D".')
    if times < 0:
        times = 1 + max(0, int((end - now) / length.rest))
    try:
        return Cycle(times, end - length.rest * (times - 1), length, zone)
    except OverflowError:
        raise ExpressionError("The cycle begins before the calendar does.") from None


def _refuse_nothing(length: Span) -> None:
    if not length.months and length.rest <= timedelta(0):
        raise ExpressionError("A cycle of no length never stops; give it a length.")
