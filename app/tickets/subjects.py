"""From what an instance is about to the ticket behind it: a work entry and an escalation belong to a ticket.

Features above tickets register how they find theirs, so that facts, operations and notices work on every subject.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy.orm import Session

from app.engine.subject import Subject
from app.errors import NotFound
from app.texts import gettext as _
from app.tickets.models import Ticket

FindTicketId = Callable[[Session, int], int | None]

_FINDERS: Final[dict[str, FindTicketId]] = {"ticket": lambda session, ticket_id: ticket_id}


def finds_ticket_of(kind: str) -> Callable[[FindTicketId], FindTicketId]:
    """Register how to find the ticket id of a kind of subject, from the subject's own id."""

    def register(finder: FindTicketId) -> FindTicketId:
        _FINDERS[kind] = finder
        return finder

    return register


def subject_kinds() -> tuple[str, ...]:
    """Every kind of subject that has a ticket behind it."""
    return tuple(_FINDERS)


def ticket_of(session: Session, subject: Subject) -> Ticket:
    """The ticket behind a subject.

    Raises:
        NotFound: the subject, or its ticket, does not exist.
    """
    finder = _FINDERS.get(subject.kind)
    ticket_id = finder(session, subject.id) if finder is not None else None
    ticket = session.get(Ticket, ticket_id) if ticket_id is not None else None
    if ticket is None:
        raise NotFound(_("There is no ticket behind %(subject)s.", subject=str(subject)))
    return ticket
