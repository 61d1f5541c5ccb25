"""The history of everything: who did what to a ticket and when, newest first, out of what each feature keeps of it.

A feature registers a source in its `panels.py`. A source is asked for so many of its newest happenings up to a moment;
nothing is written for the history alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import InvalidInput
from app.people import queries as people
from app.people.models import Person
from app.texts import gettext as _
from app.tickets import lines
from app.tickets.models import Message, MessageKind, Ticket

LONGEST_EXCERPT: Final = 120


@dataclass(frozen=True)
class Happening:
    """One thing that happened.

    Args:
        key: tells it from others of its source at the same moment; the later one has the greater key.
        address: where it stands, if it can be looked at.
    """

    at: datetime
    key: int
    words: str
    icon: str
    who_id: int | None = None
    address: str = ""


@dataclass(frozen=True)
class Page:
    """A piece of a history, with the people in it, and where it goes on."""

    rows: Sequence[Happening]
    people: dict[int, Person]
    next_cursor: str | None


# The newest happenings of a ticket at or before a moment, at most so many, newest first.
Source = Callable[[Session, Ticket, Person, datetime, int], Sequence[Happening]]

_sources: dict[str, Source] = {}


def history_source(key: str) -> Callable[[Source], Source]:
    """Register a source under a key, which also settles the order within one moment."""

    def register(source: Source) -> Source:
        _sources[key] = source
        return source

    return register


def read(session: Session, ticket: Ticket, reader: Person, *, size: int, cursor: str | None = None) -> Page:
    """A page of a ticket's history.

    Raises:
        InvalidInput: the cursor is not one of ours.
    """
    until, passed = _read(cursor) if cursor else (clock.now(), 0)
    wanted = size + passed + 1
    found = [
        (happening, name)
        for name, source in _sources.items()
        for happening in source(session, ticket, reader, until, wanted)
    ]
    # Of one moment, what this page's predecessor has shown comes first again: it is passed over.
    found.sort(key=lambda pair: (pair[0].at, pair[1], pair[0].key), reverse=True)
    rows = [happening for happening, _name in found[passed : passed + size]]
    more = len(found) > passed + size
    who = people.people_by_ids(session, [row.who_id for row in rows])
    return Page(rows, who, _write(rows, until, passed) if more and rows else None)


def _write(rows: Sequence[Happening], until: datetime, passed: int) -> str:
    last = rows[-1].at
    same = sum(row.at == last for row in rows) + (passed if last == until else 0)
    return f"{last.isoformat()}~{same}"


def _read(cursor: str) -> tuple[datetime, int]:
    written, _mark, passed = cursor.partition("~")
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not passed.isdecimal() or len(passed) > 5:
        raise InvalidInput(_("This list cannot be continued; open it again."))
    return moment, int(passed)


LINE_ICONS: Final = {
    **dict.fromkeys(("resolved", "confirmed", "closed"), "circle-check"),
    "cancelled": "x",
    "reopened": "player-play",
    "assigned_team": "users",
    "no_team": "users",
    "assigned_person": "user",
    "unassigned": "user",
    "priority": "chevrons-up",
    "subject": "pencil",
    "tagged": "tag",
    "untagged": "tag",
    "linked": "link",
    "unlinked": "link",
    "follows": "link",
    "participant": "mail",
    "no_participant": "mail",
}


@history_source("conversation")
def conversation(session: Session, ticket: Ticket, reader: Person, until: datetime, most: int) -> Sequence[Happening]:
    """What was said, and what the desk wrote down between."""
    found = select(Message).where(Message.ticket_id == ticket.id, Message.sent_at <= until)
    newest = found.order_by(Message.sent_at.desc(), Message.id.desc()).limit(most)
    return [_told(message, str(reader.language)) for message in session.scalars(newest)]


def _told(message: Message, language: str) -> Happening:
    if message.kind == MessageKind.SYSTEM:
        icon = LINE_ICONS.get(message.line_key or "", "route")
        return Happening(message.sent_at, message.id, lines.text_in(language, message), icon, message.author_id)
    words, icon = {
        MessageKind.CUSTOMER: (_("Wrote: “%(text)s”", text=_excerpt(message.text)), "message"),
        MessageKind.REPLY: (_("Replied: “%(text)s”", text=_excerpt(message.text)), "corner-up-left"),
    }.get(MessageKind(message.kind), (_("Internal note: “%(text)s”", text=_excerpt(message.text)), "lock"))
    return Happening(message.sent_at, message.id, words, icon, message.author_id, f"#message-{message.uuid}")


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_EXCERPT else f"{line[:LONGEST_EXCERPT].rstrip()}…"
