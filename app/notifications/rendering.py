"""Notices from templates: `texts/<name>.<language>.txt`, the first line of which is the subject.

Templates see plain words and numbers only, a handful of filters, and stop at a limit: whoever writes one can neither
reach the desk's objects nor exhaust its memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

from app.errors import InvalidInput, NotFound
from app.texts import LANGUAGES

TEXTS = Path(__file__).parent / "texts"
# The folder of what the desk says about accounts; no diagram may send these.
ACCOUNT = "account"
LONGEST = 100_000
_NAME = re.compile(r"[a-z][a-z_]{0,39}")
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:)]")


@dataclass(frozen=True)
class Notice:
    """A rendered notice: one line, its text, and the same as HTML."""

    subject: str
    text: str
    html: str


class _Sandbox(SandboxedEnvironment):
    """No arithmetic (`"a" * 10**9`), no calls, nothing but the filters below."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        raise SecurityError(f"templates do not calculate ({operator})")

    def call(self, /, *args: Any, **kwargs: Any) -> Any:
        raise SecurityError("templates call nothing")


@cache
def _environment() -> SandboxedEnvironment:
    sandbox = _Sandbox(
        loader=FileSystemLoader(TEXTS),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    sandbox.globals.clear()
    sandbox.filters.clear()
    sandbox.filters.update({"line": _line, "duration": duration, "indent_quote": _quoted})
    return sandbox


def names() -> list[str]:
    """The templates there are."""
    return sorted({path.name.split(".")[0] for path in TEXTS.glob("*.txt")})


def render(name: str, language: str, values: Mapping[str, Any], *, folder: str = "") -> Notice:
    """Fill a template.

    Args:
        values: plain dicts, words and numbers.
        folder: where among the texts the template is.

    Raises:
        NotFound: there is no such template.
        InvalidInput: it asks for what it may not have, or grows too long.
    """
    try:
        return _notice(_bounded(_template(name, language, folder).generate(**values)), language)
    except TemplateError as error:
        raise InvalidInput(f"The text “{name}” ({language}) cannot be filled: {error}") from error


def titles(name: str, values: Callable[[str], Mapping[str, Any]]) -> dict[str, str]:
    """The first line of a template in each language of the desk; the rest of it is not filled.

    Args:
        values: what the template may use, in the language it is asked for.

    Raises:
        NotFound: there is no such template.
        InvalidInput: its first line asks for what it may not have, or grows too long.
    """
    return {language: _title(name, language, values(language)) for language in LANGUAGES}


def _title(name: str, language: str, values: Mapping[str, Any]) -> str:
    try:
        return _line(_first_line(_template(name, language, "").generate(**values)))
    except TemplateError as error:
        raise InvalidInput(f"The title of “{name}” ({language}) cannot be filled: {error}") from error


def _first_line(pieces: Iterable[str]) -> str:
    line = ""
    for piece in pieces:
        line = (line + piece).lstrip()
        if len(line) > LONGEST:
            raise InvalidInput("The text grows too long.")
        if "\n" in line:
            break
    return line.partition("\n")[0]


def _template(name: str, language: str, folder: str) -> Template:
    if not _NAME.fullmatch(name):
        raise NotFound(f"There is no text called “{name[:40]}”.")
    for one in (language, *LANGUAGES):
        file = f"{folder}/{name}.{one}.txt" if folder else f"{name}.{one}.txt"
        if (TEXTS / file).is_file():
            return _environment().get_template(file)
    raise NotFound(f"There is no text called “{name}”.")


def _bounded(pieces: Iterable[str]) -> str:
    written: list[str] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > LONGEST:
            raise InvalidInput("The text grows too long.")
        written.append(piece)
    return "".join(written)


def _notice(whole: str, language: str) -> Notice:
    subject, _, text = whole.strip().partition("\n")
    text = re.sub(r"\n{3,}", "\n\n", text.strip())
    return Notice(subject=_line(subject), text=text, html=framed(text, language))


def framed(text: str, language: str) -> str:
    """Plain text as an HTML mail that any program shows: paragraphs, links, one quiet frame."""
    paragraphs = "\n".join(
        f'<p style="margin:0 0 14px">{_linked(block)}</p>' for block in re.split(r"\n\s*\n", text) if block.strip()
    )
    return _frame().replace("{{ language }}", escape(language)).replace("{{ text }}", paragraphs)


@cache
def _frame() -> str:
    return (TEXTS / "frame.html").read_text(encoding="utf-8")


def _linked(block: str) -> str:
    pieces, end = [], 0
    for found in _LINK.finditer(block):
        address = escape(found[0])
        pieces += [escape(block[end : found.start()]), f'<a href="{address}" style="color:#2b50c8">{address}</a>']
        end = found.end()
    return "".join([*pieces, escape(block[end:])]).replace("\n", "<br>\n")


def _line(text: object) -> str:
    return " ".join(str(text).split())


def duration(minutes: object) -> str:
    """Minutes as people say them: `25 min`, `1 h 05`, with no-break spaces."""
    whole = int(minutes) if isinstance(minutes, int | float) else 0
    hours, rest = divmod(max(whole, 0), 60)
    if not hours:
        return f"{rest}\u00a0min"
    return f"{hours}\u00a0h\u00a0{rest:02d}" if rest else f"{hours}\u00a0h"


def _quoted(text: object) -> str:
    return "\n".join(f"> {line}".rstrip() for line in str(text).splitlines())
