"""What one evaluation sees and may spend, and how it calls functions: with guards around each."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.engine.builtin_functions import BUILTINS, EXPLAINED
from app.engine.values import MAX_TEXT, Effort, ExpressionError, weight


@dataclass(slots=True)
class Scope:
    """What one evaluation sees and may spend."""

    names: Mapping[str, Any]
    functions: Mapping[str, Callable[..., Any]]
    effort: Effort
    # Assigned by a script, or the item of a comprehension; looked up first.
    local: dict[str, Any] = field(default_factory=dict)


Node = Callable[[Scope], Any]


def similar(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` when a known name is close to this one, else nothing."""
    close = difflib.get_close_matches(name[:60], list(known)[:500], n=1)
    return f"; did you mean `{close[0]}`?" if close else "."


def call_builtin(name: str, arguments: list[Node]) -> Node:
    """The closure that calls a function of the language."""
    function = BUILTINS[name]

    def call(scope: Scope) -> Any:
        scope.effort.spend(1)
        values = [argument(scope) for argument in arguments]
        try:
            return function(scope.effort, *values)
        except TypeError:
            usage, _ = EXPLAINED[name]
            raise ExpressionError(f"{name}() does not take {len(values)} like these; write `{usage}`.") from None

    return call


def call_provided(name: str, arguments: list[Node]) -> Node:
    """The closure that calls a function which the evaluation brings along."""

    def call(scope: Scope) -> Any:
        function = scope.functions.get(name)
        if function is None:
            raise ExpressionError(f"there is no function `{name}`{similar(name, [*BUILTINS, *scope.functions])}")
        # These may ask the database: many in one expression are a mistake.
        scope.effort.spend(1000)
        values = [argument(scope) for argument in arguments]
        for value in values:
            scope.effort.spend(weight(value))
        try:
            result = function(*values)
        except (TypeError, ValueError, OverflowError) as error:
            if not _takes(function, values):
                raise ExpressionError(f"{name}() does not take {len(values)} values.") from None
            raise ExpressionError(f"{name}() failed: {error}") from error
        if isinstance(result, str) and len(result) > MAX_TEXT:
            raise ExpressionError(f"{name}() answered with too long a text.")
        return result

    return call


def _takes(function: Callable[..., Any], values: list[Any]) -> bool:
    try:
        inspect.signature(function).bind(*values)
    except (TypeError, ValueError):
        return False
    return True
