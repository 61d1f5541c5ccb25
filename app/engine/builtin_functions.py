"""The functions every expression may call. Each gets its arguments checked: none may run long or grow large."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from app.engine.values import (
    MAX_TEXT,
    Effort,
    ExpressionError,
    bounded_number,
    duration_text,
    effort_of_text,
    in_order,
    is_number,
    kind_of,
    parse_duration,
    parse_moment,
    weight,
)

# A built-in function gets the evaluation's effort, then its arguments.
Builtin = Callable[..., Any]
BUILTINS: Final[dict[str, Builtin]] = {}
# How each is called, and what it gives, for the reference.
EXPLAINED: Final[dict[str, tuple[str, str]]] = {}


def _builtin(usage: str, gives: str) -> Callable[[Builtin], Builtin]:
    name = usage.partition("(")[0]

    def register(function: Builtin) -> Builtin:
        BUILTINS[name] = function
        EXPLAINED[name] = (usage, gives)
        return function

    return register


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ExpressionError(f"{name}() needs text, not {kind_of(value)}.")
    return value


def _items(name: str, effort: Effort, value: object) -> list[Any]:
    if isinstance(value, tuple):
        value = list(value)
    if not isinstance(value, list):
        raise ExpressionError(f"{name}() needs a list, not {kind_of(value)}.")
    effort.spend(len(value) + 1)
    return value


@_builtin("len(x)", "how many items or characters")
def _len(effort: Effort, value: object) -> int:
    if isinstance(value, str | list | tuple | Mapping):
        return len(value)
    raise ExpressionError(f"len() needs text or a list, not {kind_of(value)}.")


def _outermost(name: str, effort: Effort, values: tuple[object, ...], *, largest: bool) -> Any:
    items = _items(name, effort, list(values) if len(values) != 1 else values[0])
    if not items:
        raise ExpressionError(f"{name}() of nothing has no answer.")
    best = items[0]
    in_order(best, best, name)
    for item in items[1:]:
        effort.spend(effort_of_text(item) if isinstance(item, str) else 1)
        challenger, champion = in_order(item, best, name)
        if (challenger > champion) if largest else (challenger < champion):
            best = item
    return best


@_builtin("min(a, b, …)", "the smallest; also of one list")
def _min(effort: Effort, *values: object) -> Any:
    return _outermost("min", effort, values, largest=False)


@_builtin("max(a, b, …)", "the largest; also of one list")
def _max(effort: Effort, *values: object) -> Any:
    return _outermost("max", effort, values, largest=True)


@_builtin("sum(list)", "the numbers added")
def _sum(effort: Effort, values: object) -> Any:
    total: Any = 0
    for item in _items("sum", effort, values):
        if not is_number(item):
            raise ExpressionError(f"sum() adds numbers, not {kind_of(item)}.")
        total = bounded_number(total + item)
    return total


@_builtin("round(x, digits)", "rounded to 0 to 12 digits; without digits a whole number")
def _round(effort: Effort, value: Any, digits: Any = 0) -> Any:
    if not is_number(value):
        raise ExpressionError(f"round() needs a number, not {kind_of(value)}.")
    # round(5, -10**9) would calculate 10 to that power first.
    if not isinstance(digits, int) or isinstance(digits, bool) or not 0 <= digits <= 12:
        raise ExpressionError("round() keeps 0 to 12 digits.")
    return round(value, digits) if digits else round(value)


@_builtin("abs(x)", "a number or duration without its sign")
def _abs(effort: Effort, value: Any) -> Any:
    if isinstance(value, timedelta) or is_number(value):
        return abs(value)
    raise ExpressionError(f"abs() needs a number, not {kind_of(value)}.")


@_builtin("any(list)", "whether one is true")
def _any(effort: Effort, values: object) -> bool:
    return any(_items("any", effort, values))


@_builtin("all(list)", "whether all are true")
def _all(effort: Effort, values: object) -> bool:
    return all(_items("all", effort, values))


@_builtin("str(x)", "as text; nothing for `None`")
def _str(effort: Effort, value: object) -> str:
    effort.spend(weight(value))
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return duration_text(value)
    text = "" if value is None else str(value)
    if len(text) > MAX_TEXT:
        raise ExpressionError("The text is too long.")
    return text


@_builtin("int(x)", "as a whole number")
def _int(effort: Effort, value: Any) -> int:
    if isinstance(value, str):
        effort.spend(effort_of_text(value))
    elif not isinstance(value, int | float):
        raise ExpressionError(f"int() cannot read {kind_of(value)}.")
    try:
        return int(bounded_number(int(value)))
    except (ValueError, OverflowError):
        raise ExpressionError(f"int() cannot read {str(value)[:40]!r} as a whole number.") from None


@_builtin("float(x)", "as a number")
def _float(effort: Effort, value: Any) -> float:
    if isinstance(value, str):
        effort.spend(effort_of_text(value))
    elif not isinstance(value, int | float):
        raise ExpressionError(f"float() cannot read {kind_of(value)}.")
    try:
        return float(bounded_number(float(value)))
    except (ValueError, OverflowError):
        raise ExpressionError(f"float() cannot read {str(value)[:40]!r} as a number.") from None


@_builtin("bool(x)", "false for `None`, zero and what is empty, else true")
def _bool(effort: Effort, value: object) -> bool:
    return bool(value)


@_builtin("sorted(list)", "in order; all of one kind")
def _sorted(effort: Effort, values: object) -> list[Any]:
    items = _items("sorted", effort, values)
    effort.spend(4 * len(items))
    for item in items:
        in_order(item, items[0], "sorted")
        if isinstance(item, str):
            effort.spend(effort_of_text(item))
    # Variables keep moments as text: a list that mixes both has no order that sorted() itself would find.
    if len({type(item) for item in items} - {int, float}) > 1:
        raise ExpressionError("sorted() needs a list of one kind.")
    return sorted(items)


@_builtin("lower(text)", "in small letters")
def _lower(effort: Effort, value: object) -> str:
    text = _text("lower", value)
    effort.spend(effort_of_text(text))
    return text.lower()


@_builtin("upper(text)", "in capitals")
def _upper(effort: Effort, value: object) -> str:
    text = _text("upper", value)
    effort.spend(effort_of_text(text))
    return text.upper()


@_builtin("strip(text)", "without spaces at the ends")
def _strip(effort: Effort, value: object) -> str:
    text = _text("strip", value)
    effort.spend(effort_of_text(text))
    return text.strip()


@_builtin("contains(x, part)", "whether a list holds a value, or a text another, whatever the case")
def _contains(effort: Effort, whole: object, part: object) -> bool:
    """Whether a text contains another, whatever the case, or a list contains a value."""
    if isinstance(whole, str):
        effort.spend(2 * effort_of_text(whole))
        return _text("contains", part).lower() in whole.lower()
    items = _items("contains", effort, whole)
    effort.spend(weight(items) + weight(part))
    return part in items


@_builtin("starts_with(text, part)", "whether it begins so")
def _starts_with(effort: Effort, whole: object, part: object) -> bool:
    return _text("starts_with", whole).startswith(_text("starts_with", part))


@_builtin("ends_with(text, part)", "whether it ends so")
def _ends_with(effort: Effort, whole: object, part: object) -> bool:
    return _text("ends_with", whole).endswith(_text("ends_with", part))


@_builtin('get(values, "name", otherwise)', "a named value, or the third argument when it is missing")
def _get(effort: Effort, values: object, name: object, otherwise: object = None) -> Any:
    """A named value, or the third argument when it is missing."""
    if not isinstance(values, Mapping):
        raise ExpressionError(f"get() needs a set of named values, not {kind_of(values)}.")
    return values.get(_text("get", name), otherwise)


@_builtin('duration("PT4H")', "a duration: weeks, days, hours, minutes, seconds in ISO 8601")
def _duration(effort: Effort, text: object) -> timedelta:
    return parse_duration(_text("duration", text))


@_builtin('moment("2026-11-23T14:00:00Z")', "a moment; without a zone it is UTC")
def _moment(effort: Effort, text: object) -> datetime:
    return text if isinstance(text, datetime) else parse_moment(_text("moment", text))


def _length(name: str, value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    return parse_duration(_text(name, value))


@_builtin("minutes(x)", "the length of a duration in minutes, as a number")
def _minutes(effort: Effort, value: object) -> float:
    return _length("minutes", value).total_seconds() / 60


@_builtin("hours(x)", "the same in hours")
def _hours(effort: Effort, value: object) -> float:
    return _length("hours", value).total_seconds() / 3600


@_builtin("days(x)", "the same in days of 24 hours")
def _days(effort: Effort, value: object) -> float:
    return _length("days", value).total_seconds() / 86400
