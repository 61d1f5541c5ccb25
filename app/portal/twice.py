"""A form that comes in twice: its button was pressed twice, or its page was loaded anew. It counts once."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.people.models import Person
from app.tickets.conversation import storable
from app.tickets.models import Channel, Message, Ticket

# The same words again within this time are not meant as another message.
AT_ONCE: Final = timedelta(seconds=30)


def request_of(session: Session, person: Person, *, type_key: str, subject: str, text: str) -> Ticket | None:
    """The same request, when it is what somebody sent last, a moment ago."""
    last = _last_words(session, person, text)
    if last is None:
        return None
    asked = last.ticket.type_key == type_key and last.ticket.subject == " ".join(storable(subject).split())
    return last.ticket if asked and clock.now() - last.ticket.opened_at <= AT_ONCE else None


def message_on(session: Session, person: Person, ticket: Ticket, text: str) -> Message | None:
    """The same message on a request, or on the one it opened, when it is what somebody sent last, a moment ago."""
    last = _last_words(session, person, text)
    if last is None or ticket.id not in (last.ticket_id, last.ticket.previous_ticket_id):
        return None
    return last


def _last_words(session: Session, person: Person, text: str) -> Message | None:
    # Two presses reach two threads at once: the second waits here until the first is written.
    session.execute(select(Person.id).where(Person.id == person.id).with_for_update(key_share=True))
    theirs = select(Message).where(Message.author_id == person.id, Message.channel == Channel.PORTAL)
    last = session.scalar(theirs.options(joinedload(Message.ticket)).order_by(Message.id.desc()).limit(1))
    if last is None or last.text != storable(text) or clock.now() - last.sent_at > AT_ONCE:
        return None
    return last
