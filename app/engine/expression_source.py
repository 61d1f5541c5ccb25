"""From an analyst's text to a syntax tree, by Python's own parser, on texts small enough for it."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from typing import Final

from app.engine.values import ExpressionError

MAX_SOURCE: Final = 4000
MAX_DEPTH: Final = 40
_OPENING: Final = "([{"
_CLOSING: Final = ")]}"
# As much of a text as a message quotes.
QUOTED: Final = 60

# Python's advice on texts such as "C:\\new" is for programmers; here it would end in some log.
warnings.filterwarnings("ignore", category=SyntaxWarning, module=r"<(expression|script)>")
warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"<(expression|script)>")


def parse(text: str, *, script: bool) -> ast.Module | ast.Expression:
    """Python's syntax tree of a text that is small enough to be read safely."""
    if len(text) > MAX_SOURCE:
        raise ExpressionError(f"This is longer than {MAX_SOURCE} characters.", about_all=True)
    _check_nesting(text)
    try:
        if script:
            return ast.parse(text, "<script>", "exec")
        return ast.parse(text.strip(), "<expression>", "eval")
    except SyntaxError as error:
        # The language has no assignment inside an expression to mean instead.
        reason = error.msg.replace(" or ':='", "").rstrip(".")
        if not script and (error.text or "")[max((error.offset or 0) - 1, 0) :].startswith("="):
            reason = "to compare, write `==`"
        failure = ExpressionError(f"`{quoted(text)}` cannot be read: {reason}.")
        failure.place("", _where(error.lineno or 1, error.offset or 1, script=script))
        raise failure from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"`{quoted(text)}` cannot be read.", about_all=True) from None


def _check_nesting(text: str) -> None:
    depth = 0
    for character in text:
        if character in _OPENING:
            depth += 1
            if depth > MAX_DEPTH:
                raise ExpressionError("The brackets are nested too deeply.", about_all=True)
        elif character in _CLOSING:
            depth = max(0, depth - 1)


def quoted(text: str) -> str:
    """The text as a message quotes it: one line, not too long."""
    line = " ".join(text[: 4 * QUOTED].split())
    return line if len(line) <= QUOTED and len(text) <= 4 * QUOTED else f"{line[:QUOTED]}…"


def _where(line: int, character: int, *, script: bool) -> str:
    if script:
        return f"line {line}"
    if line > 1:
        return f"line {line}, character {character}"
    return f"character {character}" if character > 1 else ""


@dataclass(frozen=True, slots=True)
class Part:
    """Where one node of a syntax tree stands in the analyst's text."""

    text: str
    script: bool
    # Lines count from 1, places within a line in bytes from 0, as Python's parser counts them.
    line: int
    start: int
    end_line: int
    end: int

    def tell(self, error: ExpressionError, *, quote: bool = True) -> ExpressionError:
        """The error, saying which part of the text it is about, unless it does already."""
        if error.placed:
            return error
        # As the parser splits: by line ends only, unlike splitlines().
        lines = [each.encode() for each in self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
        before = lines[self.line - 1][: self.start].decode(errors="replace")
        covered = lines[self.line - 1 : self.end_line]
        covered[-1] = covered[-1][: self.end]
        covered[0] = covered[0][self.start :]
        part = b" ".join(covered).decode(errors="replace")
        error.place(quoted(part) if quote else "", _where(self.line, len(before) + 1, script=self.script))
        return error


def part_of_text(text: str, node: ast.AST, *, script: bool) -> Part | None:
    """Where a node stands; None for a node that the engine put in itself."""
    line, start = getattr(node, "lineno", None), getattr(node, "col_offset", None)
    end_line, end = getattr(node, "end_lineno", None), getattr(node, "end_col_offset", None)
    if line is None or start is None or end_line is None or end is None:
        return None
    return Part(text, script, line, start, end_line, end)
