"""What the settings screens read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from app.errors import NotFound
from app.mail.models import OutgoingMail, ReceivedMail
from app.tickets.models import Message, Ticket

PAGE_SIZE = 50

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """A page of rows, newest first; `before` is the cursor of the next one, None at the end."""

    rows: list[Row]
    before: int | None


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


def _page(found: list[Any], size: int) -> Page[Any]:
    rows = found[:size]
    return Page(rows, rows[-1].id if len(found) > size else None)
