"""Adding to a ticket's conversation: replies, notes, system lines, participants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app import clock, events
from app.errors import Conflict, InvalidInput
from app.people.models import Person
from app.texts import gettext as _
from app.tickets import lines, search
from app.tickets.events import NoteAdded, ParticipantAdded, ParticipantRemoved, TicketReplied
from app.tickets.models import Channel, Message, MessageKind, Participant, Ticket

PUBLIC_KINDS = (MessageKind.CUSTOMER, MessageKind.REPLY)


def add_message(
    session: Session,
    ticket: Ticket,
    kind: MessageKind,
    text: str,
    *,
    author: Person | None,
    channel: Channel | str,
    html: str | None = None,
    mail_message_id: str | None = None,
) -> Message:
    """Put a message at the end of the conversation, without telling anybody.

    Raises:
        InvalidInput: the message says nothing.
    """
    words = storable(text)
    if not words.strip() and not html:
        message = _("Write something first.")
        raise InvalidInput(message, {"text": [message]})
    written = Message(
        ticket_id=ticket.id,
        kind=kind,
        channel=Channel(channel),
        author=author,
        is_public=kind in PUBLIC_KINDS,
        text=words,
        html=storable(html) if html else None,
        sent_at=clock.now(),
        mail_message_id=mail_message_id,
    )
    session.add(written)
    ticket.updated_at = written.sent_at
    session.flush()
    search.add_words(session, ticket, words)
    return written


def reply(
    session: Session,
    ticket: Ticket,
    text: str,
    *,
    author: Person | None,
    html: str | None = None,
    files: Sequence[str] = (),
) -> Message:
    """Answer the customer; the requester and the participants get it by mail.

    Args:
        author: who answers; None when the process does.
        files: keys of documents on the ticket, put there by the author, that go with the answer.

    Raises:
        Conflict: the ticket is closed.
        InvalidInput: the reply says nothing.
    """
    if ticket.is_closed:
        raise Conflict(_("%(number)s is closed; reopen it before answering.", number=ticket.number))
    written = add_message(session, ticket, MessageKind.REPLY, text, author=author, channel=ticket.channel, html=html)
    if ticket.first_replied_at is None:
        ticket.first_replied_at = written.sent_at
        session.flush()
    events.record(
        session,
        TicketReplied(
            ticket_id=ticket.id,
            message_id=written.id,
            author_id=author.id if author else None,
            files=list(files),
        ),
    )
    return written


def add_note(session: Session, ticket: Ticket, text: str, *, author: Person | None) -> Message:
    """Write something down that only staff read; it is possible on closed tickets too."""
    written = add_message(session, ticket, MessageKind.NOTE, text, author=author, channel=Channel.DIRECT)
    events.record(
        session, NoteAdded(ticket_id=ticket.id, message_id=written.id, author_id=author.id if author else None)
    )
    return written


def add_system_line(session: Session, ticket: Ticket, key: str, *, by: Person | None = None, **values: Any) -> Message:
    """Tell in the conversation what happened.

    Args:
        key: a line registered in `tickets/lines.py`.
        values: what its sentence names: words, numbers, or a text per language.
    """
    line = Message(
        ticket_id=ticket.id,
        kind=MessageKind.SYSTEM,
        channel=Channel.DIRECT,
        author=by,
        is_public=lines.is_public(key),
        text=lines.sentence("en", key, values),
        line_key=key,
        line_values=values,
        sent_at=clock.now(),
    )
    session.add(line)
    ticket.updated_at = line.sent_at
    session.flush()
    return line


def add_participant(session: Session, ticket: Ticket, person: Person, *, by: Person | None = None) -> None:
    """Keep somebody in the conversation by mail; the requester and present participants stay what they are.

    Args:
        by: who put them there, which the conversation then tells; None when a mail named them.
    """
    if person.id == ticket.requester_id or session.get(Participant, (ticket.id, person.id)) is not None:
        return
    session.add(Participant(ticket_id=ticket.id, person_id=person.id))
    session.flush()
    if by is not None:
        add_system_line(session, ticket, "participant", by=by, person=person.name)
    events.record(session, ParticipantAdded(ticket_id=ticket.id, person_id=person.id, by_id=by.id if by else None))


def remove_participant(session: Session, ticket: Ticket, person: Person, *, by: Person | None) -> None:
    """Send somebody no further replies; one who got none anyway is no error."""
    row = session.get(Participant, (ticket.id, person.id))
    if row is None:
        return
    session.delete(row)
    session.flush()
    add_system_line(session, ticket, "no_participant", by=by, person=person.name)
    events.record(session, ParticipantRemoved(ticket_id=ticket.id, person_id=person.id, by_id=by.id if by else None))


def storable(text: str) -> str:
    """A text without NUL characters, which PostgreSQL refuses, and with plain line ends."""
    return text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
