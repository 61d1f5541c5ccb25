"""The plain values of the expression language, and the guards that keep every calculation on them small.

Expressions know None, bool, int, float, str, list, dict (text keys), aware datetime and timedelta. A value is bounded
by what walking it would cost, so a list that holds itself many times over (`x = [x, x]`) counts as often as it is met.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

MAX_TEXT = 200_000
MAX_PARTS = 20_000
MAX_NESTING = 20
MAX_NUMBER = 10**15
# What one evaluation may do in all: list items looked at, pieces of text copied, rounds of a comprehension.
MAX_EFFORT = 200_000

_DURATION = re.compile(
    r"P(?!$)(?:(?P<weeks>\d{1,6})W)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,7})M)?(?:(?P<seconds>\d{1,9})S)?)?"
)


class ExpressionError(Exception):
    """An expression that cannot be compiled or calculated; the message is for the analyst."""

    def __init__(self, message: str, *, about_all: bool = False) -> None:
        super().__init__(message)
        self.message = message
        # Whether the message is complete: it says where, or it is about the whole text.
        self.placed = about_all

    def place(self, part: str, where: str) -> None:
        """Say which part of the text is wrong and where it stands; the first to say so is the closest."""
        if self.placed:
            return
        self.placed = True
        self.message = f"{f'`{part}`: ' if part else ''}{self.message}{f' ({where})' if where else ''}"
        self.args = (self.message,)


class Effort:
    """What is left of one evaluation's budget."""

    __slots__ = ("left",)

    def __init__(self, left: int = MAX_EFFORT) -> None:
        self.left = left

    def spend(self, amount: int) -> None:
        """Take from the budget.

        Raises:
            ExpressionError: nothing is left.
        """
        self.left -= amount
        if self.left < 0:
            raise ExpressionError("This takes too many steps; work on fewer or smaller values.")


def kind_of(value: object) -> str:
    """What an analyst calls this value: "a number", "text", "nothing"…"""
    if value is None:
        return "nothing (None)"
    if isinstance(value, bool):
        return "true/false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, datetime):
        return "a moment"
    if isinstance(value, timedelta):
        return "a duration"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, Mapping):
        return "a set of named values"
    return type(value).__name__


def is_number(value: object) -> bool:
    """A whole or decimal number; true and false are not numbers here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def bounded_number(value: int | float) -> int | float:
    """The number, when it is finite and within ±10¹⁵."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ExpressionError("The result is not a number.")
    if abs(value) > MAX_NUMBER:
        raise ExpressionError("The number is too large.")
    return value


def effort_of_text(text: str) -> int:
    """The steps that copying or searching this text costs."""
    return 1 + len(text) // 64


def weight(value: object, *, at_most: int = MAX_PARTS) -> int:
    """How many parts a value has when it is written out; shared parts count each time.

    Raises:
        ExpressionError: it has more than `at_most` parts, or is nested too deeply.
    """
    parts = 0
    stack: list[tuple[object, int]] = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        parts += 1
        if isinstance(item, str):
            parts += len(item) // 64
        elif isinstance(item, list | tuple):
            # Checked before the items are stacked: a wide list of wide lists must not fill the memory first.
            if parts + len(stack) + len(item) > at_most:
                raise ExpressionError("The value is too large.")
            stack.extend((part, depth + 1) for part in item)
        elif isinstance(item, Mapping):
            if parts + len(stack) + 2 * len(item) > at_most:
                raise ExpressionError("The value is too large.")
            for key, part in item.items():
                stack.append((key, depth + 1))
                stack.append((part, depth + 1))
        if depth > MAX_NESTING:
            raise ExpressionError("The value is nested too deeply.")
        if parts > at_most:
            raise ExpressionError("The value is too large.")
    return parts


def plain(value: object) -> Any:
    """A fresh copy fit for saving: JSON values only, moments and durations as ISO 8601 text.

    Raises:
        ExpressionError: the value is too large, too deep, or no plain value.
    """
    weight(value)
    return _plain(value)


def _plain(value: object) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _savable(value)
    if isinstance(value, int | float):
        return bounded_number(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    raise ExpressionError(f"A {type(value).__name__} is no plain value.")


def _savable(text: str) -> str:
    """The text, unless it holds what no database keeps: NUL characters and halves of surrogate pairs."""
    try:
        if "\x00" not in text and text.encode():
            return text
    except UnicodeEncodeError:
        pass
    if not text:
        return text
    raise ExpressionError("The text holds characters that cannot be saved.")


def parse_duration(text: str) -> timedelta:
    """Read an ISO 8601 duration in weeks, days, hours, minutes and seconds, such as "PT4H" or "P1DT30M".

    Months and years are refused: how long they are depends on when they start.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ExpressionError(f'"{text[:40]}" is not a duration; write "PT4H", "PT30M" or "P2D".')
    return timedelta(**{unit: int(amount) for unit, amount in match.groupdict().items() if amount is not None})


def duration_text(length: timedelta) -> str:
    """The ISO 8601 text of a duration; the sign stands in front when it is negative."""
    seconds = round(length.total_seconds())
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    clock = "".join(f"{amount}{unit}" for amount, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if amount)
    if not days and not clock:
        return "PT0S"
    return f"{sign}P{f'{days}D' if days else ''}{f'T{clock}' if clock else ''}"


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 date or date and time; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ExpressionError(f'"{text[:40]}" is not a moment; write "2026-11-23" or "2026-11-23T14:00:00Z".') from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def alike(left: object, right: object) -> tuple[Any, Any]:
    """Bring a moment or a duration and its ISO text (that is how variables keep them) to the same kind."""
    if isinstance(left, datetime) and isinstance(right, str):
        return left, parse_moment(right)
    if isinstance(left, str) and isinstance(right, datetime):
        return parse_moment(left), right
    if isinstance(left, timedelta) and isinstance(right, str):
        return left, parse_duration(right)
    if isinstance(left, str) and isinstance(right, timedelta):
        return parse_duration(left), right
    return left, right


def in_order(left: object, right: object, what: str) -> tuple[Any, Any]:
    """The two values when `<` means something for them.

    Raises:
        ExpressionError: they are of different kinds, or of a kind without an order.
    """
    left, right = alike(left, right)
    if is_number(left) and is_number(right):
        return left, right
    if isinstance(left, datetime) and isinstance(right, datetime):
        if (left.tzinfo is None) != (right.tzinfo is None):
            raise ExpressionError("A moment without a time zone cannot be compared.")
        return left, right
    for ordered in (str, timedelta):
        if isinstance(left, ordered) and isinstance(right, ordered):
            return left, right
    raise ExpressionError(f"`{what}` cannot compare {kind_of(left)} with {kind_of(right)}.")
