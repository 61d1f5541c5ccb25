"""A form that comes in twice: its button was pressed twice, or its page was loaded anew. It counts once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.documents import queries as documents
from app.documents.names import clean_name
from app.people.models import Person
from app.portal.asking import Asked
from app.tickets import details
from app.tickets.conversation import storable
from app.tickets.models import Channel, Message, Ticket

# The same words again within this time are not meant as another message.
AT_ONCE: Final = timedelta(seconds=30)
Names = Iterable[str | None]


def request_of(session: Session, person: Person, asked: Asked, files: Names) -> Ticket | None:
    """The request that asks exactly this, when it is what somebody sent last, a moment ago."""
    last = _last_words(session, person, asked.text, files)
    if last is None or clock.now() - last.ticket.opened_at > AT_ONCE:
        return None
    ticket = last.ticket
    there = (ticket.type_key, ticket.subject, ticket.requester_id, ticket.priority)
    subject, priority = " ".join(storable(asked.subject).split()), asked.priority or asked.kind.default_priority
    if there != (asked.kind.key, subject, asked.requester.id, priority):
        return None
    answers = [(each.key, dict(each.value)) for each in details.of_ticket(session, ticket)]
    return ticket if answers == [(each.key, dict(each.value)) for each in asked.details] else None


def message_on(session: Session, person: Person, ticket: Ticket, text: str, files: Names = ()) -> Message | None:
    """The same message on a request, or on the one it opened, when it is what somebody sent last, a moment ago."""
    last = _last_words(session, person, text, files)
    if last is None or ticket.id not in (last.ticket_id, last.ticket.previous_ticket_id):
        return None
    return last


def _last_words(session: Session, person: Person, text: str, files: Names) -> Message | None:
    # Two presses reach two threads at once: the second waits here until the first is written.
    session.execute(select(Person.id).where(Person.id == person.id).with_for_update(key_share=True))
    theirs = select(Message).where(Message.author_id == person.id, Message.channel == Channel.PORTAL)
    last = session.scalar(theirs.options(joinedload(Message.ticket)).order_by(Message.id.desc()).limit(1))
    if last is None or last.text != storable(text) or clock.now() - last.sent_at > AT_ONCE:
        return None
    # Files that a draft kept went with the first press; those that come along are there already, or it is another.
    there = {document.name for document in documents.of_message(session, last)}
    return last if {clean_name(name) for name in files} <= there else None
