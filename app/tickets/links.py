"""Tickets that go together: those that somebody linked, and the chain of late replies."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from app import clock, events
from app.errors import InvalidInput
from app.live import touch
from app.people.models import Person
from app.texts import gettext as _
from app.tickets.conversation import add_system_line
from app.tickets.events import TicketsLinked
from app.tickets.models import Ticket, TicketLink

MOST_OF_A_TICKET = 30


def link(session: Session, ticket: Ticket, other: Ticket, *, by: Person | None) -> None:
    """Say that two tickets go together; both tell it. Two that are linked already stay so.

    Raises:
        InvalidInput: it is the same ticket, or this one has very many links already.
    """
    if ticket.id == other.id:
        message = _("This is %(number)s itself.", number=ticket.number)
        raise InvalidInput(message, {"number": [message]})
    if session.get(TicketLink, _pair(ticket, other)) is not None:
        return
    if len(linked(session, ticket)) >= MOST_OF_A_TICKET:
        message = _("%(number)s has %(most)s links already.", number=ticket.number, most=MOST_OF_A_TICKET)
        raise InvalidInput(message, {"number": [message]})
    older, newer = _pair(ticket, other)
    session.add(TicketLink(older_id=older, newer_id=newer, by_id=by.id if by else None, made_at=clock.now()))
    _tell(session, ticket, other, "linked", by)


def unlink(session: Session, ticket: Ticket, other: Ticket, *, by: Person | None) -> None:
    """Say that two tickets do not go together after all; two that never did are no error."""
    row = session.get(TicketLink, _pair(ticket, other))
    if row is None:
        return
    session.delete(row)
    _tell(session, ticket, other, "unlinked", by)


def linked(session: Session, ticket: Ticket) -> Sequence[Ticket]:
    """The tickets that somebody linked with this one, oldest first, with their states."""
    newer = select(TicketLink.newer_id).where(TicketLink.older_id == ticket.id)
    others = newer.union(select(TicketLink.older_id).where(TicketLink.newer_id == ticket.id))
    found = select(Ticket).where(Ticket.id.in_(others)).options(joinedload(Ticket.state))
    return session.scalars(found.order_by(Ticket.id).limit(MOST_OF_A_TICKET)).all()


def chain(session: Session, ticket: Ticket) -> Sequence[Ticket]:
    """The closed ticket this one follows, and those that late replies to this one opened."""
    around = Ticket.previous_ticket_id == ticket.id
    if ticket.previous_ticket_id is not None:
        around = or_(around, Ticket.id == ticket.previous_ticket_id)
    found = select(Ticket).where(around).options(joinedload(Ticket.state))
    return session.scalars(found.order_by(Ticket.id).limit(MOST_OF_A_TICKET)).all()


def _pair(one: Ticket, other: Ticket) -> tuple[int, int]:
    return (one.id, other.id) if one.id < other.id else (other.id, one.id)


def _tell(session: Session, ticket: Ticket, other: Ticket, line: str, by: Person | None) -> None:
    add_system_line(session, ticket, line, by=by, number=other.number)
    add_system_line(session, other, line, by=by, number=ticket.number)
    touch(session, other.process_subject)
    is_linked = line == "linked"
    by_id = by.id if by else None
    events.record(session, TicketsLinked(ticket_id=ticket.id, other_id=other.id, is_linked=is_linked, by_id=by_id))
