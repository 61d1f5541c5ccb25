"""Where a search found its words: a piece of a message, with the words marked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.tickets.models import Message, MessageKind
from app.tickets.search import LONGEST_WORD, Wanted, normalized, wanted_words

# A page of tickets may have very long conversations: so much of them is looked through.
MOST_MESSAGES = 400
MOST_CHARACTERS = 3_000
BEFORE, LENGTH = 40, 160

# Pieces of text in order, each with whether it was looked for.
Pieces = list[tuple[str, bool]]

_WORD = re.compile(r"[^\W_]+")


def snippets(session: Session, ticket_ids: Sequence[int], written: str) -> dict[int, Pieces]:
    """A piece of the newest message that has most of the words, by ticket id, in one query.

    Tickets found by their subject or their people only have none.
    """
    wanted = wanted_words(written)
    if not wanted or not ticket_ids:
        return {}
    found = (
        select(Message.ticket_id, func.substr(Message.text, 1, MOST_CHARACTERS))
        .where(Message.ticket_id.in_(ticket_ids), Message.kind != MessageKind.SYSTEM)
        .order_by(Message.id.desc())
        .limit(MOST_MESSAGES)
    )
    best: dict[int, tuple[int, str]] = {}
    for ticket_id, text in session.execute(found):
        before = best.get(ticket_id, (0, ""))[0]
        if before == len(wanted):
            continue
        hits = len({each for each in wanted for word in _words(text) if each.is_in(word[2])})
        if hits > before:
            best[ticket_id] = (hits, text)
    return {ticket_id: marked(text, wanted) for ticket_id, (_hits, text) in best.items()}


def marked(text: str, wanted: Sequence[Wanted]) -> Pieces:
    """The stretch of a text around the first word that is looked for, in pieces; line ends become spaces."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    spans = [(start, end) for start, end, word in _words(text) if any(each.is_in(word) for each in wanted)]
    if not spans:
        return []
    first = max(0, spans[0][0] - BEFORE)
    if first:
        first = text.find(" ", first, spans[0][0]) + 1 or first
    last = min(len(text), first + LENGTH)
    if last < len(text):
        last = max(text.rfind(" ", first, last), spans[0][1])
    pieces: Pieces = [("…", False)] if first else []
    at = first
    for start, end in spans:
        if start < at or end > last:
            continue
        pieces += [(text[at:start], False), (text[start:end], True)]
        at = end
    pieces.append((text[at:last] + ("…" if last < len(text) else ""), False))
    return [piece for piece in pieces if piece[0]]


def _words(text: str) -> Iterable[tuple[int, int, str]]:
    """(start, end, the word without case and diacritics) of each word of a text."""
    for match in _WORD.finditer(text):
        yield match.start(), match.end(), normalized(match.group())[:LONGEST_WORD]
