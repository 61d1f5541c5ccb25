"""From an analyst's text to a syntax tree, by Python's own parser, on texts small enough for it."""

from __future__ import annotations

import ast
from typing import Final

from app.engine.values import ExpressionError

MAX_SOURCE: Final = 4000
MAX_DEPTH: Final = 40
_OPENING: Final = "([{"
_CLOSING: Final = ")]}"


def parse(text: str, *, script: bool) -> ast.Module | ast.Expression:
    """Python's syntax tree of a text that is small enough to be read safely."""
    if len(text) > MAX_SOURCE:
        raise ExpressionError(f"This is longer than {MAX_SOURCE} characters.")
    _check_nesting(text)
    try:
        if script:
            return ast.parse(text, "<script>", "exec")
        return ast.parse(text.strip(), "<expression>", "eval")
    except SyntaxError as error:
        place = f" (line {error.lineno})" if script and error.lineno else ""
        raise ExpressionError(f"`{text.strip()[:80]}` cannot be read{place}: {error.msg}.") from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"`{text.strip()[:80]}` cannot be read.") from None


def _check_nesting(text: str) -> None:
    depth = 0
    for character in text:
        if character in _OPENING:
            depth += 1
            if depth > MAX_DEPTH:
                raise ExpressionError("The brackets are nested too deeply.")
        elif character in _CLOSING:
            depth = max(0, depth - 1)
