"""What the search box looks through: text without case and diacritics, so that "teava" finds "Țeavă"."""

from __future__ import annotations

import unicodedata

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from app.tickets.models import Message, Ticket

# Of a long first message only the beginning is searched: lists must stay quick.
SEARCHED_CHARACTERS = 4_000
MOST_WORDS = 8


def normalized(text: str) -> str:
    """A text without case, diacritics and superfluous spaces."""
    letters = (each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return " ".join("".join(letters).casefold().split())


def describe(ticket: Ticket, first_text: str) -> str:
    """The text to search a ticket by: number, subject, requester, customer, and how its first message begins."""
    parts = (
        ticket.number,
        ticket.subject,
        ticket.requester.name,
        ticket.requester.email,
        ticket.customer.name,
        first_text[:SEARCHED_CHARACTERS],
    )
    return normalized("\n".join(parts))


def refresh(session: Session, ticket: Ticket) -> None:
    """Write a ticket's search text anew after something it is made of has changed."""
    first = select(Message.text).where(Message.ticket_id == ticket.id).order_by(Message.id).limit(1)
    ticket.search_text = describe(ticket, session.scalar(first) or "")


def matches(text: str) -> ColumnElement[bool]:
    """The condition that a ticket's search text contains every word of a text."""
    words = normalized(text).split()[:MOST_WORDS]
    return and_(True, *(Ticket.search_text.contains(word, autoescape=True) for word in words))
