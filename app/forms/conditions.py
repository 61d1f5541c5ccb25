"""Conditions of form fields: the part of FEEL (DMN 1.3 §10) that hiding a field needs, evaluated on the server.

`=outcome = "escalate" and (minutes > 0 or not(billable))`: names are field keys; `=` `!=` `<` `<=` `>` `>=`, `in [..]`,
`and`, `or`, `not(…)`, numbers, "texts", true, false, null, lists, brackets, `+ - * /` on numbers, and the functions
`count`, `contains`, `list contains`, `string length`, `is empty`. A name without a value is null; what FEEL calls null
(a size compared with null, kinds that do not fit) does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

MAX_LENGTH: Final = 500
MAX_DEPTH: Final = 20

Values = Mapping[str, Any]
_Node = Callable[[Values], Any]
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<number>\d{1,12}(?:\.\d{1,6})?)|"(?P<text>(?:[^"\\]|\\.)*)"|
    (?P<word>list\ contains|string\ length|is\ empty|[^\W\d]\w*)|(?P<sign><=|>=|!=|[=<>()\[\],+*/-]))""",
    re.VERBOSE,
)


class ConditionError(Exception):
    """A condition that is no FEEL, or more of it than we have."""


@dataclass(frozen=True, eq=False)
class Condition:
    """A compiled condition."""

    text: str
    names: frozenset[str]
    _holds: _Node

    def holds(self, values: Values) -> bool:
        """Whether the condition is true for these values; anything else than true is not."""
        try:
            return self._holds(values) is True
        except ArithmeticError:
            # Numbers beyond what Python divides: null in FEEL.
            return False


@lru_cache(maxsize=2048)
def compile_condition(text: str) -> Condition:
    """Compile a condition; the `=` that form-js writes in front is optional.

    Raises:
        ConditionError: it cannot be read; the message says where.
    """
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"it is longer than {MAX_LENGTH} characters.")
    written = text.strip()
    parser = _Parser(_tokens(written.removeprefix("=")))
    node = parser.either()
    parser.end()
    return Condition(written, frozenset(parser.names), node)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens = []
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise ConditionError(f"`{text[place:].strip()[:20]}` is not understood.")
        kind = match.lastgroup or ""
        tokens.append((kind, match[kind]))
        place = match.end()
    return tokens


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


def _sized(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool | None]:
    def holds(left: Any, right: Any) -> bool | None:
        if (_is_number(left) and _is_number(right)) or (isinstance(left, str) and isinstance(right, str)):
            return compare(left, right)
        return None

    return holds


_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool | None]]] = {
    "=": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _sized(lambda left, right: left < right),
    "<=": _sized(lambda left, right: left <= right),
    ">": _sized(lambda left, right: left > right),
    ">=": _sized(lambda left, right: left >= right),
}
_SUMS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right if right else None,
}


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, str):
        return isinstance(part, str) and part in whole
    return isinstance(whole, list) and any(_equal(item, part) for item in whole)


_FUNCTIONS: Final[dict[str, tuple[int, Callable[..., Any]]]] = {
    "not": (1, lambda value: not value if isinstance(value, bool) else None),
    "count": (1, lambda values: len(values) if isinstance(values, list) else None),
    "contains": (2, _contains),
    "list contains": (2, _contains),
    "string length": (1, lambda text: len(text) if isinstance(text, str) else None),
    "is empty": (1, lambda value: value is None or value == "" or value == []),
}
_CONSTANTS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}


class _Parser:
    """Recursive descent; each method reads one level of precedence and returns a closure."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0
        self.names: set[str] = set()

    def end(self) -> None:
        if self._place < len(self._tokens):
            raise ConditionError(f"`{self._tokens[self._place][1]}` stands where the condition should end.")

    def either(self) -> _Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ConditionError("it is nested too deeply.")
        parts = [self._both()]
        while self._take("word", "or"):
            parts.append(self._both())
        self._depth -= 1
        if len(parts) == 1:
            return parts[0]
        return lambda values: any(part(values) is True for part in parts)

    def _both(self) -> _Node:
        parts = [self._comparison()]
        while self._take("word", "and"):
            parts.append(self._comparison())
        if len(parts) == 1:
            return parts[0]
        return lambda values: all(part(values) is True for part in parts)

    def _comparison(self) -> _Node:
        left = self._sum()
        if self._take("word", "in"):
            whole = self._sum()
            return lambda values: _contains(whole(values), left(values))
        kind, sign = self._peek()
        if kind != "sign" or sign not in _COMPARISONS:
            return left
        self._place += 1
        compare, right = _COMPARISONS[sign], self._sum()
        return lambda values: compare(left(values), right(values))

    def _sum(self) -> _Node:
        return self._chain("+-", self._product)

    def _product(self) -> _Node:
        return self._chain("*/", self._value)

    def _chain(self, signs: str, read: Callable[[], _Node]) -> _Node:
        first = read()
        steps: list[tuple[Callable[[Any, Any], Any], _Node]] = []
        while self._peek()[0] == "sign" and self._peek()[1] in signs:
            sign = self._peek()[1]
            self._place += 1
            steps.append((_SUMS[sign], read()))
        if not steps:
            return first

        def calculate(values: Values) -> Any:
            total = first(values)
            for combine, operand in steps:
                right = operand(values)
                if not _is_number(total) or not _is_number(right):
                    return None
                total = combine(total, right)
            return total

        return calculate

    def _value(self) -> _Node:
        kind, text = self._peek()
        self._place += 1
        if kind == "number":
            number = float(text) if "." in text else int(text)
            return lambda values: number
        if kind == "text":
            string = re.sub(r"\\(.)", r"\1", text)
            return lambda values: string
        if kind == "word":
            return self._word(text)
        if (kind, text) == ("sign", "-"):
            if self._peek() == ("sign", "-"):
                raise ConditionError("two minus signs follow each other.")
            negated = self._value()
            return lambda values: -number if _is_number(number := negated(values)) else None
        if (kind, text) == ("sign", "("):
            inner = self.either()
            self._expect(")")
            return inner
        if (kind, text) == ("sign", "["):
            return self._list()
        raise ConditionError("it ends too early." if not kind else f"`{text}` is not expected here.")

    def _word(self, word: str) -> _Node:
        if word in _CONSTANTS:
            constant = _CONSTANTS[word]
            return lambda values: constant
        if word in _FUNCTIONS and self._take("sign", "("):
            count, function = _FUNCTIONS[word]
            arguments = [self.either()]
            while self._take("sign", ","):
                arguments.append(self.either())
            self._expect(")")
            if len(arguments) != count:
                raise ConditionError(f"{word}() takes {count} value(s).")
            return lambda values: function(*(argument(values) for argument in arguments))
        if word in ("and", "or", "in") or " " in word:
            raise ConditionError(f"`{word}` is not expected here.")
        if self._peek() == ("sign", "("):
            raise ConditionError(f"there is no function `{word}` here; known are {', '.join(sorted(_FUNCTIONS))}.")
        self.names.add(word)
        return lambda values: values.get(word)

    def _list(self) -> _Node:
        items: list[_Node] = []
        if not self._take("sign", "]"):
            items.append(self.either())
            while self._take("sign", ","):
                items.append(self.either())
            self._expect("]")
        return lambda values: [item(values) for item in items]

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._place] if self._place < len(self._tokens) else ("", "")

    def _take(self, kind: str, text: str) -> bool:
        if self._peek() == (kind, text):
            self._place += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._take("sign", sign):
            raise ConditionError(f"`{sign}` is missing.")
