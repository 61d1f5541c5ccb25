"""Other engines' expressions in our words, where that is a matter of spelling: `${x == 'a'}`, `=x = "a"`."""

from __future__ import annotations

import re
from typing import Final

from app.engine.expressions import ExpressionError, compile_expression

_WORDS: Final = {"&&": " and ", "||": " or ", "true": "True", "false": "False", "null": "None"}
# Text in quotes stays as it is; the rest is looked at piece by piece.
_PIECES: Final = re.compile(
    r"(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<word>&&|\|\||\b(?:true|false|null)\b)"
    r"|(?P<same>(?<![=!<>])=(?!=))|(?P<not>!(?!=))"
)


def translated(written: str) -> str | None:
    """The expression as this engine reads it: unchanged when it does already, None when nobody but a person can say."""
    if _is_readable(written):
        return written
    inner = written.strip()
    wrapped = re.fullmatch(r"[$#]\{(.*)\}", inner, re.DOTALL)
    if wrapped is not None:
        inner = wrapped[1].strip()
    elif inner.startswith("="):
        inner = inner[1:].strip()
    for attempt in (inner, " ".join(_PIECES.sub(_ours, inner).split())):
        if attempt and _is_readable(attempt):
            return attempt
    return None


def _ours(piece: re.Match[str]) -> str:
    if piece["text"] is not None:
        return piece["text"]
    if piece["same"] is not None:
        return "=="
    if piece["not"] is not None:
        return " not "
    return _WORDS[piece["word"]]


def _is_readable(text: str) -> bool:
    try:
        compile_expression(text)
    except ExpressionError:
        return False
    return True
