"""What the settings screens read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, defer

from app.contracts.directory import count_contacts
from app.db import Model
from app.errors import NotFound
from app.mail.models import OutgoingMail, OutgoingState, ReceivedMail, ReceivedState
from app.people.directory import count_colleagues
from app.people.models import Skill, Team
from app.tickets.models import Message, Priority, RequestType, Ticket, TicketState

PAGE_SIZE = 50

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """A page of rows, newest first; `before` is the cursor of the next one, None at the end."""

    rows: list[Row]
    before: int | None


@dataclass(frozen=True)
class Figure:
    """How many there are, None where there are too many to count each time, and how many of them failed."""

    number: int | None
    failed: int = 0


def outgoing_page(session: Session, state: str, before: int | None, size: int = PAGE_SIZE) -> Page[OutgoingMail]:
    """Outgoing mail in a state (any when empty), newest first. Bodies are not read."""
    query = select(OutgoingMail).options(defer(OutgoingMail.text), defer(OutgoingMail.html))
    if state:
        query = query.where(OutgoingMail.state == state)
    if before is not None:
        query = query.where(OutgoingMail.id < before)
    return _page(list(session.scalars(query.order_by(OutgoingMail.id.desc()).limit(size + 1))), size)


def received_page(session: Session, state: str, before: int | None, size: int = PAGE_SIZE) -> Page[ReceivedMail]:
    """Received mail in a state (any when empty), newest first. Raw bytes are not read."""
    query = select(ReceivedMail)
    if state:
        query = query.where(ReceivedMail.state == state)
    if before is not None:
        query = query.where(ReceivedMail.id < before)
    return _page(list(session.scalars(query.order_by(ReceivedMail.id.desc()).limit(size + 1))), size)


def outgoing_counts(session: Session) -> dict[str, int]:
    """How many outgoing mails are in each state."""
    rows = session.execute(select(OutgoingMail.state, func.count()).group_by(OutgoingMail.state))
    return dict(rows.all())


def received_counts(session: Session) -> dict[str, int]:
    """How many received mails are in each state."""
    rows = session.execute(select(ReceivedMail.state, func.count()).group_by(ReceivedMail.state))
    return dict(rows.all())


def last_sent(session: Session) -> datetime | None:
    """When a mail last left the desk."""
    sent = select(OutgoingMail.sent_at).where(OutgoingMail.state == OutgoingState.SENT)
    return session.scalar(sent.order_by(OutgoingMail.id.desc()).limit(1))


def last_received(session: Session) -> datetime | None:
    """When a mail last came in."""
    return session.scalar(select(ReceivedMail.received_at).order_by(ReceivedMail.id.desc()).limit(1))


def figures(session: Session) -> dict[str, Figure]:
    """A figure for each page of the settings that has one, by the key of its place."""
    return {
        "people": Figure(count_colleagues(session)),
        "teams": Figure(_count(session, Team, Team.is_active.is_(True))),
        "contacts": Figure(count_contacts(session)),
        "skills": Figure(_count(session, Skill)),
        "types": Figure(_count(session, RequestType)),
        "states": Figure(_count(session, TicketState)),
        "priorities": Figure(len(Priority)),
        "outgoing_mail": Figure(None, _count(session, OutgoingMail, OutgoingMail.state == OutgoingState.FAILED)),
        "received_mail": Figure(None, _count(session, ReceivedMail, ReceivedMail.state == ReceivedState.FAILED)),
    }


def outgoing(session: Session, mail_id: int) -> OutgoingMail:
    """One outgoing mail.

    Raises:
        NotFound: there is none.
    """
    mail = session.get(OutgoingMail, mail_id)
    if mail is None:
        raise NotFound("There is no such mail.")
    return mail


def received(session: Session, mail_id: int) -> ReceivedMail:
    """One received mail.

    Raises:
        NotFound: there is none.
    """
    mail = session.get(ReceivedMail, mail_id)
    if mail is None:
        raise NotFound("There is no such mail.")
    return mail


def ticket_number(session: Session, ticket_id: int | None) -> str | None:
    """The number of one ticket."""
    return ticket_numbers(session, [ticket_id]).get(ticket_id or 0)


def ticket_numbers(session: Session, ticket_ids: Iterable[int | None]) -> dict[int, str]:
    """Ticket numbers by id."""
    ids = {ticket_id for ticket_id in ticket_ids if ticket_id is not None}
    if not ids:
        return {}
    rows = session.execute(select(Ticket.id, Ticket.number).where(Ticket.id.in_(ids)))
    return dict(rows.all())


def message_text(session: Session, message_id: int | None) -> str | None:
    """The text of the message that a received mail became."""
    return session.scalar(select(Message.text).where(Message.id == message_id)) if message_id is not None else None


def _count(session: Session, model: type[Model], *where: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def _page(found: list[Any], size: int) -> Page[Any]:
    rows = found[:size]
    return Page(rows, rows[-1].id if len(found) > size else None)
