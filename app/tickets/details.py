"""The answers of the form that a request came with: kept in words, in every language, for whoever reads the ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.tickets.models import Ticket, TicketDetail


@dataclass(frozen=True)
class Detail:
    """One answer: what the field is called, and what was said, each as a text per language."""

    key: str
    label: Mapping[str, str]
    value: Mapping[str, str]


def add_details(session: Session, ticket: Ticket, details: Sequence[Detail]) -> None:
    """Keep the answers of a form with a new ticket."""
    session.add_all(
        TicketDetail(
            ticket_id=ticket.id, position=position, key=each.key, label=dict(each.label), value=dict(each.value)
        )
        for position, each in enumerate(details)
    )


def spoken(details: Sequence[Detail]) -> list[str]:
    """What was said in them, to be searched."""
    return [text for each in details for text in each.value.values()]


def of_ticket(session: Session, ticket: Ticket) -> Sequence[TicketDetail]:
    """The answers a ticket came with, in the order of the form."""
    found = select(TicketDetail).where(TicketDetail.ticket_id == ticket.id)
    return session.scalars(found.order_by(TicketDetail.position)).all()
