"""What is still to do: on open requests, by the estimates of their types, and what contracts have to bear of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Subquery, func, select
from sqlalchemy.orm import Session

from app.sql import Larger
from app.tickets.counting import ACTIVE
from app.tickets.filters import in_states_of
from app.tickets.models import RequestType, Ticket
from app.worklog.models import WorkEntry, WorkState
from app.worklog.queries import NOT_COUNTING

PAGE_SIZE = 100


@dataclass(frozen=True)
class Planned:
    """What a contract has still to bear.

    Args:
        waiting_entries: work that nobody has approved yet.
        waiting_minutes: the billed minutes of it.
        open_requests: requests under it that are not resolved.
        left_minutes: what these should still take, by the estimates of their types and the work done so far.
    """

    waiting_entries: int = 0
    waiting_minutes: int = 0
    open_requests: int = 0
    left_minutes: int = 0

    @property
    def minutes(self) -> int:
        """All of it."""
        return self.waiting_minutes + self.left_minutes


def left_to_do(session: Session, *of: ColumnElement[bool]) -> Subquery:
    """Tickets that are not resolved and meet some conditions: `ticket_id`, `assignee_id`, `contract_id`, `left`.

    `left` is what the estimate of the type has left after the work done so far, never below zero.
    """
    # Ticket by ticket: summed up for all of them at once, every work entry there ever was would be read.
    done = (
        select(func.coalesce(func.sum(WorkEntry.minutes), 0))
        .where(WorkEntry.ticket_id == Ticket.id, WorkEntry.state.not_in(NOT_COUNTING))
        .correlate(Ticket)
        .scalar_subquery()
    )
    left = Larger(0, func.coalesce(RequestType.estimated_minutes, 0) - done).label("left")
    found = select(Ticket.id.label("ticket_id"), Ticket.assignee_id, Ticket.contract_id, left)
    found = found.join(RequestType, RequestType.key == Ticket.type_key)
    return found.where(*of, in_states_of(session, *ACTIVE)).subquery()


def left_of_tickets(session: Session, ticket_ids: Collection[int]) -> dict[int, int]:
    """What is left of the estimates of some tickets, in minutes; resolved ones are left out."""
    each = left_to_do(session, Ticket.id.in_(ticket_ids))
    return {ticket_id: int(left) for ticket_id, left in session.execute(select(each.c.ticket_id, each.c.left))}


def of_contracts(session: Session, contract_ids: Collection[int]) -> dict[int, Planned]:
    """What some contracts have still to bear; those that bear nothing are left out."""
    summed = (
        select(Ticket.contract_id, func.count(), func.sum(WorkEntry.billed_minutes))
        .join(Ticket, Ticket.id == WorkEntry.ticket_id)
        .where(WorkEntry.state == WorkState.SUBMITTED, Ticket.contract_id.in_(contract_ids))
        .group_by(Ticket.contract_id)
    )
    waiting = {contract_id: (number, int(minutes)) for contract_id, number, minutes in session.execute(summed)}
    each = left_to_do(session, Ticket.contract_id.in_(contract_ids))
    summed = select(each.c.contract_id, func.count(), func.sum(each.c.left)).group_by(each.c.contract_id)
    still = {contract_id: (number, int(minutes)) for contract_id, number, minutes in session.execute(summed)}
    return {
        contract_id: Planned(*waiting.get(contract_id, (0, 0)), *still.get(contract_id, (0, 0)))
        for contract_id in {*waiting, *still}
        if contract_id is not None
    }


def waiting_entries(session: Session, contract_id: int, after: int | None = None) -> Sequence[WorkEntry]:
    """The work under a contract that nobody has approved yet, newest first; only what is older than the cursor."""
    found = select(WorkEntry).join(Ticket, Ticket.id == WorkEntry.ticket_id)
    found = found.where(WorkEntry.state == WorkState.SUBMITTED, Ticket.contract_id == contract_id)
    if after is not None:
        found = found.where(WorkEntry.id < after)
    return session.scalars(found.order_by(WorkEntry.id.desc()).limit(PAGE_SIZE)).all()


def open_requests(session: Session, contract_id: int, after: int | None = None) -> dict[int, int]:
    """The requests under a contract that are not resolved, newest first, with the minutes they should still take."""
    each = left_to_do(session, Ticket.contract_id == contract_id)
    found = select(each.c.ticket_id, each.c.left)
    if after is not None:
        found = found.where(each.c.ticket_id < after)
    rows = session.execute(found.order_by(each.c.ticket_id.desc()).limit(PAGE_SIZE))
    return {ticket_id: int(left) for ticket_id, left in rows}
