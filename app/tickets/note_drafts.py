"""What somebody has typed into the internal note of a ticket and not sent: there when they come back, wherever from."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import InvalidInput
from app.people.models import Person
from app.texts import gettext as _
from app.tickets.conversation import storable
from app.tickets.models import Message, MessageKind, NoteDraft, Ticket

MOST_CHARACTERS = 200_000


def save(session: Session, ticket: Ticket, person: Person, text: str) -> NoteDraft | None:
    """Keep a note as it is now; None for an empty one, and for one that was sent meanwhile: both are forgotten.

    Raises:
        InvalidInput: it is far more than a note can hold.
    """
    if len(text) > MOST_CHARACTERS:
        raise InvalidInput(_("This is too long to keep."))
    if not text.strip() or _was_sent(session, ticket, person, text):
        forget(session, ticket, person)
        return None
    draft = of(session, ticket, person)
    if draft is None:
        draft = NoteDraft(person_id=person.id, ticket_id=ticket.id)
        session.add(draft)
    draft.text, draft.saved_at = storable(text), clock.now()
    session.flush()
    return draft


def _was_sent(session: Session, ticket: Ticket, person: Person, text: str) -> bool:
    """Whether this is the newest note of theirs: a draft that was on its way while the note was sent came late."""
    newest = (
        select(Message.text)
        .where(Message.ticket_id == ticket.id, Message.kind == MessageKind.NOTE, Message.author_id == person.id)
        .order_by(Message.id.desc())
        .limit(1)
    )
    return session.scalar(newest) == storable(text).strip()


def forget(session: Session, ticket: Ticket, person: Person) -> None:
    """Forget a draft: it was sent, or is not wanted."""
    draft = of(session, ticket, person)
    if draft is not None:
        session.delete(draft)
        session.flush()


def of(session: Session, ticket: Ticket, person: Person) -> NoteDraft | None:
    """What somebody has typed and not sent."""
    return session.get(NoteDraft, (person.id, ticket.id))
