"""Where a reply ends and the mail it answers begins.

The headers mail programs put above what they quote come from mail-parser-reply; Romanian is added here. Only its header
expression is used: its signature rules cut real text away.
"""

from __future__ import annotations

import re

from mailparser_reply import EmailReplyParser
from mailparser_reply.constants import MAIL_LANGUAGES, QUOTED_MATCH_INCLUDE

_DAYS = r"(?:luni|marți|marti|mar\.|miercuri|mie\.|joi|vineri|vin\.|sâmbătă|sambata|duminică|duminica)"
MAIL_LANGUAGES.setdefault(
    "ro",
    {
        # "Pe mar., 1 dec. 2026 la 10:42, Ana Pop <ana@pop.ro> a scris:", on one line or two.
        "wrote_header": r"^("
        + QUOTED_MATCH_INCLUDE
        + rf"(?:Pe|La|[ÎI]n data de|[ÎI]n|{_DAYS},?)\s[^\n]{{2,300}}(?:\n[^\n]{{1,300}})?"
        + r"\s?\ba scris\s?:)\s*$",
        "from_header": r"((?:(?:^|\n|\n"
        + QUOTED_MATCH_INCLUDE
        + r")[* ]*(?:De la|De|Trimis|Expediat|Către|Catre|La|Subiect|Data|Cc):[ *]*(?:\s{,2}).*){2,}(?:\n.*){,1})",
        "disclaimers": [],
        "signatures": [],
        "sent_from": "Trimis de pe|Trimis din",
    },
)
_SEPARATOR = re.compile(
    r"^[>\s]*-{3,}\s*(?:Original Message|Forwarded message|Mesaj original|Mesajul original|Mesaj redirecționat)"
    r"\s*-{3,}\s*$",
    re.IGNORECASE | re.MULTILINE,
)
# The expressions look back and forth within a line: lines longer than any header are hidden from them.
_LONGEST_HEADER_LINE = 600


def _header_expression() -> re.Pattern[str]:
    pattern = EmailReplyParser(languages=["en", "ro"]).read("").HEADER_REGEX
    return re.compile(pattern.pattern, pattern.flags)


_HEADER = _header_expression()


def split_quoted(text: str) -> tuple[str, str]:
    """(what was written now, the quoted history).

    Answers between quoted lines stay where they are, with the quotes: without them they say nothing. When nothing but
    history would be left (a forwarded mail), the whole text is what was written.
    """
    whole = text.strip()
    if _answers_between(whole):
        return whole, ""
    seen = "\n".join("x" * len(line) if len(line) > _LONGEST_HEADER_LINE else line for line in whole.split("\n"))
    starts = [found.start() for found in (_HEADER.search(seen), _SEPARATOR.search(seen)) if found]
    written, history = (whole[: min(starts)], whole[min(starts) :]) if starts else _without_last_quotes(whole)
    if not written.strip() or whole.startswith(">"):
        below = _below_quotes(whole)
        return (below, whole[: -len(below)].strip()) if below else (whole, "")
    return written.strip(), history.strip()


def _answers_between(history: str) -> bool:
    """Whether somebody wrote between the quoted lines: unquoted lines with quoted ones before and after."""
    quoted = [line.lstrip().startswith(">") for line in history.split("\n") if line.strip()]
    if True not in quoted:
        return False
    first = quoted.index(True)
    last = len(quoted) - 1 - quoted[::-1].index(True)
    return not all(quoted[first:last])


def _without_last_quotes(text: str) -> tuple[str, str]:
    """Cut the run of quoted lines at the end; there was no header above them."""
    lines = text.rstrip().split("\n")
    end = len(lines)
    while end and (lines[end - 1].lstrip().startswith(">") or not lines[end - 1].strip()):
        end -= 1
    return "\n".join(lines[:end]), "\n".join(lines[end:])


def _below_quotes(text: str) -> str:
    """What stands under a quote that opens the mail; empty when nothing is quoted with ">"."""
    lines = text.rstrip().split("\n")
    quoted = [number for number, line in enumerate(lines) if line.lstrip().startswith(">")]
    return "\n".join(lines[quoted[-1] + 1 :]).strip() if quoted else ""
