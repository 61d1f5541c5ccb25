"""Operators that cannot run long, grow large or fail with anything but an `ExpressionError`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from app.engine.values import (
    MAX_PARTS,
    MAX_TEXT,
    Effort,
    ExpressionError,
    alike,
    bounded_number,
    effort_of_text,
    in_order,
    is_number,
    kind_of,
    parse_duration,
    parse_moment,
    weight,
)


def _no_such(what: str, left: object, right: object) -> ExpressionError:
    return ExpressionError(f"`{what}` does not work on {kind_of(left)} and {kind_of(right)}.")


def _of_numbers(calculate: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    try:
        return bounded_number(calculate(left, right))
    except OverflowError:
        # A whole number that no fraction can stand beside.
        raise ExpressionError("The result is too large.") from None


def add(effort: Effort, left: Any, right: Any) -> Any:
    """Numbers, text with text, list with list, a moment or duration with a duration."""
    if is_number(left) and is_number(right):
        return _of_numbers(operator.add, left, right)
    if isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > MAX_TEXT:
            raise ExpressionError("The text is too long.")
        effort.spend(effort_of_text(left) + effort_of_text(right))
        return left + right
    if isinstance(left, list) and isinstance(right, list):
        if len(left) + len(right) > MAX_PARTS:
            raise ExpressionError("The list is too long.")
        effort.spend(len(left) + len(right))
        return left + right
    return _add_time(left, right)


def _add_time(left: Any, right: Any) -> Any:
    if isinstance(left, timedelta) and not isinstance(right, timedelta):
        left, right = right, left
    if not isinstance(right, timedelta):
        raise _no_such("+", left, right)
    if isinstance(left, str):
        left = parse_duration(left) if left.startswith("P") else parse_moment(left)
    if not isinstance(left, datetime | timedelta):
        raise _no_such("+", left, right)
    try:
        return left + right
    except OverflowError:
        raise ExpressionError("That moment lies beyond the calendar.") from None


def subtract(effort: Effort, left: Any, right: Any) -> Any:
    """Numbers; two moments give a duration; a moment or duration less a duration."""
    if is_number(left) and is_number(right):
        return _of_numbers(operator.sub, left, right)
    if isinstance(left, datetime) and isinstance(right, str) and right.startswith("P"):
        right = parse_duration(right)
    elif isinstance(left, str) and isinstance(right, timedelta) and not left.startswith("P"):
        left = parse_moment(left)
    left, right = alike(left, right)
    allowed = (isinstance(left, datetime) and isinstance(right, datetime | timedelta)) or (
        isinstance(left, timedelta) and isinstance(right, timedelta)
    )
    if not allowed:
        raise _no_such("-", left, right)
    try:
        return left - right
    except OverflowError:
        raise ExpressionError("That moment lies beyond the calendar.") from None
    except TypeError:
        raise ExpressionError("A moment without a time zone cannot be compared.") from None


def multiply(effort: Effort, left: Any, right: Any) -> Any:
    """Numbers, or a duration and a number. Text and lists are never repeated."""
    if is_number(left) and is_number(right):
        return _of_numbers(operator.mul, left, right)
    if is_number(left) and isinstance(right, timedelta):
        left, right = right, left
    if isinstance(left, timedelta) and is_number(right):
        return _scaled(left, right)
    raise _no_such("*", left, right)


def _scaled(length: timedelta, by: int | float) -> timedelta:
    try:
        return length * by
    except OverflowError:
        raise ExpressionError("The duration is too long.") from None


def divide(effort: Effort, left: Any, right: Any) -> Any:
    """Numbers, a duration by a number, or a duration by a duration."""
    divisible = is_number(left) and is_number(right)
    lengths = isinstance(left, timedelta) and (is_number(right) or isinstance(right, timedelta))
    if not divisible and not lengths:
        raise _no_such("/", left, right)
    if not right:
        raise ExpressionError("Nothing can be divided by zero.")
    try:
        result = left / right
    except OverflowError:
        raise ExpressionError("The result is too large.") from None
    return result if isinstance(result, timedelta) else bounded_number(result)


def divide_whole(effort: Effort, left: Any, right: Any) -> Any:
    """Whole division of numbers."""
    if not is_number(left) or not is_number(right):
        raise _no_such("//", left, right)
    if not right:
        raise ExpressionError("Nothing can be divided by zero.")
    return _of_numbers(operator.floordiv, left, right)


def remainder(effort: Effort, left: Any, right: Any) -> Any:
    """The remainder of numbers; `%` never formats text."""
    if not is_number(left) or not is_number(right):
        raise _no_such("%", left, right)
    if not right:
        raise ExpressionError("Nothing can be divided by zero.")
    return _of_numbers(operator.mod, left, right)


def negative(value: Any) -> Any:
    """A number or duration below zero."""
    if is_number(value) or isinstance(value, timedelta):
        try:
            return -value
        except OverflowError:
            raise ExpressionError("The duration is too long.") from None
    raise ExpressionError(f"`-` does not work on {kind_of(value)}.")


def _spend_on(effort: Effort, value: object) -> None:
    if isinstance(value, str):
        effort.spend(effort_of_text(value))
    elif isinstance(value, list | Mapping):
        effort.spend(weight(value))


def equal(effort: Effort, left: Any, right: Any) -> bool:
    """Whether two values are the same; a moment and its ISO text are."""
    _spend_on(effort, left)
    _spend_on(effort, right)
    if isinstance(left, datetime | timedelta) or isinstance(right, datetime | timedelta):
        try:
            left, right = alike(left, right)
        except ExpressionError:
            return False
    # True and 1 are different things to an analyst, as are False and 0.
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


def different(effort: Effort, left: Any, right: Any) -> bool:
    """The opposite of `equal`."""
    return not equal(effort, left, right)


def less(effort: Effort, left: Any, right: Any) -> bool:
    """`<` on two numbers, texts, moments or durations."""
    _spend_on(effort, left)
    left, right = in_order(left, right, "<")
    return bool(left < right)


def at_most(effort: Effort, left: Any, right: Any) -> bool:
    """`<=`, as `less`."""
    _spend_on(effort, left)
    left, right = in_order(left, right, "<=")
    return bool(left <= right)


def more(effort: Effort, left: Any, right: Any) -> bool:
    """`>`, as `less`."""
    _spend_on(effort, left)
    left, right = in_order(left, right, ">")
    return bool(left > right)


def at_least(effort: Effort, left: Any, right: Any) -> bool:
    """`>=`, as `less`."""
    _spend_on(effort, left)
    left, right = in_order(left, right, ">=")
    return bool(left >= right)


def is_in(effort: Effort, part: Any, whole: Any) -> bool:
    """Whether a list holds a value, a text another text, or named values a name."""
    if isinstance(whole, str):
        if not isinstance(part, str):
            raise ExpressionError(f"`in` looks for text in text, not for {kind_of(part)}.")
        effort.spend(2 * effort_of_text(whole))
        return part in whole
    if isinstance(whole, Mapping):
        return isinstance(part, str) and part in whole
    if isinstance(whole, list):
        effort.spend(len(whole))
        return any(equal(effort, part, item) for item in whole)
    raise ExpressionError(f"`in` looks into a list or text, not into {kind_of(whole)}.")


def is_not_in(effort: Effort, part: Any, whole: Any) -> bool:
    """The opposite of `is_in`."""
    return not is_in(effort, part, whole)


def same(effort: Effort, left: Any, right: Any) -> bool:
    """`is`: the compiler allows None, True and False on its right only."""
    return left is right


def not_same(effort: Effort, left: Any, right: Any) -> bool:
    """`is not`, as `same`."""
    return left is not right


def item_of(whole: Any, index: Any) -> Any:
    """`whole[index]` of a list, a text or named values."""
    if isinstance(whole, Mapping):
        if not isinstance(index, str) or index not in whole:
            raise ExpressionError(f"there is no {str(index)[:40]!r} in these values.")
        return whole[index]
    if not isinstance(whole, list | str):
        raise ExpressionError(f"{kind_of(whole)} has no parts to take with [ ].".capitalize())
    if not isinstance(index, int) or isinstance(index, bool):
        raise ExpressionError(f"A place in a list is a whole number, not {kind_of(index)}.")
    try:
        return whole[index]
    except IndexError:
        raise ExpressionError(f"There is no place {index}: it has {len(whole)}.") from None


def part_of(effort: Effort, whole: Any, lower: Any, upper: Any) -> Any:
    """`whole[lower:upper]` of a list or a text."""
    if not isinstance(whole, list | str):
        raise ExpressionError(f"Only a list or text can be cut, not {kind_of(whole)}.")
    for end in (lower, upper):
        if end is not None and (not isinstance(end, int) or isinstance(end, bool)):
            raise ExpressionError(f"A place in a list is a whole number, not {kind_of(end)}.")
    part = whole[lower:upper]
    effort.spend(effort_of_text(part) if isinstance(part, str) else 1 + len(part))
    return part
