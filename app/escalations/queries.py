"""Looking up escalations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.escalations.models import OPEN, Escalation
from app.texts import gettext as _
from app.tickets.models import Ticket


def get(session: Session, escalation_id: int) -> Escalation:
    """The escalation with an id.

    Raises:
        NotFound: there is none.
    """
    escalation = session.get(Escalation, escalation_id)
    if escalation is None:
        raise NotFound(_("There is no such escalation."))
    return escalation


def open_escalation(session: Session, ticket_id: int) -> Escalation | None:
    """The escalation of a ticket that still waits for somebody."""
    found = select(Escalation).where(Escalation.ticket_id == ticket_id, Escalation.state.in_(OPEN))
    return session.scalar(found)


def of_ticket(session: Session, ticket: Ticket) -> Sequence[Escalation]:
    """The escalations of a ticket, oldest first."""
    return session.scalars(select(Escalation).where(Escalation.ticket_id == ticket.id).order_by(Escalation.id)).all()


def escalations_by_ids(session: Session, ids: Iterable[int]) -> dict[int, Escalation]:
    """Escalations by id, in one query; ids of none are left out."""
    wanted = set(ids)
    if not wanted:
        return {}
    return {each.id: each for each in session.scalars(select(Escalation).where(Escalation.id.in_(wanted)))}
