"""What the search box looks through: words without case and diacritics, so that "teava" finds "Țeavă".

Staff search all the words of a ticket (`ticket_words`, with a full-text index of the database's own); customers search
`Ticket.search_text`, which has nothing that only staff may read. Both are written with what they are made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, column, false, select, table, text
from sqlalchemy.orm import Session

from app.people.addresses import has_mail
from app.texts import folded
from app.tickets.list_models import POSTGRESQL_WORDS, TicketWords
from app.tickets.models import Message, MessageKind, Ticket, TicketDetail

# Of a long first message only the beginning is searched by customers: their lists have no index for it.
SEARCHED_CHARACTERS = 4_000
MOST_WORDS = 8
# A longer word is no word of a language: it is cut, in the index and in what is looked for.
LONGEST_WORD = 40
# All words of one ticket together; PostgreSQL's index takes no more than a megabyte.
MOST_CHARACTERS = 300_000

_WORD = re.compile(r"[^\W_]+")


def normalized(written: str) -> str:
    """A text without case, diacritics and superfluous spaces."""
    return " ".join(folded(written).split())


def words_of(written: str) -> list[str]:
    """The different words of a text without case and diacritics, in the order in which they come."""
    return list(dict.fromkeys(each[:LONGEST_WORD] for each in _WORD.findall(folded(written))))


def describe(ticket: Ticket, first_text: str) -> str:
    """The text customers search a ticket by: number, subject, requester, customer, and how its first message begins."""
    return normalized("\n".join((*_said_of(ticket), first_text[:SEARCHED_CHARACTERS])))


def begin(session: Session, ticket: Ticket, first_text: str) -> None:
    """Write down the words of a new ticket."""
    ticket.search_text = describe(ticket, first_text)
    session.add(TicketWords(ticket_id=ticket.id, words=_joined([*_said_of(ticket), first_text])))


def add_words(session: Session, ticket: Ticket, written: str) -> None:
    """Add the words of a message to those its ticket is found by."""
    row = session.get(TicketWords, ticket.id)
    if row is None:
        refresh(session, ticket)
        return
    known = set(row.words.split(" "))
    new = [word for word in words_of(written) if word not in known]
    if new and len(row.words) < MOST_CHARACTERS:
        row.words = _cut(" ".join([row.words, *new]))


def refresh(session: Session, ticket: Ticket) -> None:
    """Write everything a ticket is found by anew, after something it is made of has changed."""
    found = select(Message.text).where(Message.ticket_id == ticket.id, Message.kind != MessageKind.SYSTEM)
    texts = [*session.scalars(found.order_by(Message.id)), *_said_in_form(session, ticket)]
    ticket.search_text = describe(ticket, texts[0] if texts else "")
    words = _joined([*_said_of(ticket), *texts])
    row = session.get(TicketWords, ticket.id)
    if row is None:
        session.add(TicketWords(ticket_id=ticket.id, words=words))
    else:
        row.words = words
    session.flush()


def matches(written: str) -> ColumnElement[bool]:
    """The condition that what customers may search of a ticket contains every word of a text."""
    words = normalized(written).split()[:MOST_WORDS]
    return and_(True, *(Ticket.search_text.contains(word, autoescape=True) for word in words))


@dataclass(frozen=True)
class Wanted:
    """A word that is looked for: the beginning of one, or, written in quotes, a whole one."""

    word: str
    whole: bool = False

    def is_in(self, other: str) -> bool:
        """Whether a word without case and diacritics is what is looked for."""
        return other == self.word or (not self.whole and other.startswith(self.word))


def wanted_words(written: str) -> list[Wanted]:
    """What a search asks for. Nothing but letters and digits is left: no search can be a query of its own."""
    wanted: dict[Wanted, None] = {}
    for position, part in enumerate(written.split('"')):
        quoted = position % 2 == 1
        for word in words_of(part):
            # One letter begins too many words: it is only looked for as a whole one.
            wanted[Wanted(word, whole=quoted or len(word) == 1)] = None
    return list(wanted)[:MOST_WORDS]


def found_by_staff(session: Session, written: str) -> ColumnElement[bool]:
    """The condition that a ticket, with all that staff read of it, has every word that a search asks for."""
    wanted = wanted_words(written)
    if not wanted:
        return false()
    if session.get_bind().dialect.name == "postgresql":
        query = " & ".join(f"'{each.word}'" if each.whole else f"'{each.word}':*" for each in wanted)
        condition = text(f"{POSTGRESQL_WORDS} @@ CAST(:wanted_words AS tsquery)").bindparams(wanted_words=query)
        return Ticket.id.in_(select(TicketWords.ticket_id).where(condition))
    query = " ".join(f'"{each.word}"' if each.whole else f'"{each.word}"*' for each in wanted)
    condition = text("ticket_words_index MATCH :wanted_words").bindparams(wanted_words=query)
    return Ticket.id.in_(select(column("rowid")).select_from(table("ticket_words_index")).where(condition))


def reindex(session: Session, after_id: int = 0, most: int = 500) -> int | None:
    """Write the words of the next tickets anew; the id of the last one, None when there are no more."""
    found = select(Ticket).where(Ticket.id > after_id).order_by(Ticket.id).limit(most)
    tickets: Sequence[Ticket] = session.scalars(found).all()
    for ticket in tickets:
        refresh(session, ticket)
    return tickets[-1].id if tickets else None


def _said_of(ticket: Ticket) -> tuple[str, ...]:
    return (
        ticket.number,
        # `S10482` is one word, `S-10482` two.
        ticket.number.replace("-", ""),
        ticket.subject,
        ticket.requester.name,
        ticket.requester.email if has_mail(ticket.requester.email) else "",
        ticket.customer.name,
    )


def _said_in_form(session: Session, ticket: Ticket) -> list[str]:
    values = session.scalars(select(TicketDetail.value).where(TicketDetail.ticket_id == ticket.id))
    return [text for value in values for text in value.values()]


def _joined(texts: Iterable[str]) -> str:
    return _cut(" ".join(words_of("\n".join(texts))))


def _cut(words: str) -> str:
    return words if len(words) <= MOST_CHARACTERS else words[:MOST_CHARACTERS].rpartition(" ")[0]
