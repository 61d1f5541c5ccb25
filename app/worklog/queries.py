"""Looking up work entries and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, literal, select, tuple_
from sqlalchemy.orm import Session, selectinload

from app.contracts import queries as contracts
from app.errors import NotFound
from app.texts import gettext as _
from app.tickets.models import Ticket
from app.worklog.models import WorkEntry, WorkState

COUNTING = (WorkState.SUBMITTED, WorkState.APPROVED)
# The others. Said this way round, a search by person or day is not tempted by the index of states.
NOT_COUNTING = (WorkState.REJECTED, WorkState.WITHDRAWN)


@dataclass(frozen=True)
class Totals:
    """Minutes of a ticket's entries that count, rejected and withdrawn ones left out."""

    minutes: int = 0
    billed_minutes: int = 0
    travel_minutes: int = 0
    travel_km: int = 0


def get(session: Session, entry_id: int) -> WorkEntry:
    """The work entry with an id.

    Raises:
        NotFound: there is none.
    """
    entry = session.get(WorkEntry, entry_id)
    if entry is None:
        raise NotFound(_("There is no such work entry."))
    return entry


def of_ticket(session: Session, ticket: Ticket) -> Sequence[WorkEntry]:
    """The work entries of a ticket with their corrections, oldest day first."""
    found = select(WorkEntry).where(WorkEntry.ticket_id == ticket.id).options(selectinload(WorkEntry.changes))
    return session.scalars(found.order_by(WorkEntry.worked_on, WorkEntry.id)).all()


@dataclass(frozen=True)
class Page:
    """A piece of a ticket's work entries, newest day first; `before` continues it, None at the end."""

    entries: Sequence[WorkEntry]
    before: int | None


def newest_of_ticket(session: Session, ticket: Ticket, *, most: int, before: int | None = None) -> Page:
    """The work entries of a ticket, newest day first, with their corrections.

    Args:
        before: go on after the entry with this id.
    """
    found = select(WorkEntry).where(WorkEntry.ticket_id == ticket.id).options(selectinload(WorkEntry.changes))
    last = session.get(WorkEntry, before) if before else None
    if last is not None:
        found = found.where(tuple_(WorkEntry.worked_on, WorkEntry.id) < tuple_(literal(last.worked_on), last.id))
    rows = session.scalars(found.order_by(WorkEntry.worked_on.desc(), WorkEntry.id.desc()).limit(most + 1)).all()
    return Page(rows[:most], rows[most - 1].id if len(rows) > most else None)


def count(session: Session, ticket: Ticket) -> int:
    """How many work entries a ticket has, whatever became of them."""
    return session.scalar(select(func.count()).select_from(WorkEntry).where(WorkEntry.ticket_id == ticket.id)) or 0


def waiting_for_approval(session: Session, ticket: Ticket) -> int:
    """Minutes of a ticket that count only when somebody approves them."""
    waiting = (WorkEntry.ticket_id == ticket.id, WorkEntry.state == WorkState.SUBMITTED)
    return session.scalar(select(func.coalesce(func.sum(WorkEntry.minutes), 0)).where(*waiting)) or 0


def entries_by_ids(session: Session, ids: Iterable[int]) -> dict[int, WorkEntry]:
    """Work entries by id, in one query; ids of none are left out."""
    wanted = set(ids)
    if not wanted:
        return {}
    return {entry.id: entry for entry in session.scalars(select(WorkEntry).where(WorkEntry.id.in_(wanted)))}


def totals(session: Session, ticket: Ticket) -> Totals:
    """What was worked, billed and travelled for a ticket."""
    columns = (WorkEntry.minutes, WorkEntry.billed_minutes, WorkEntry.travel_minutes, WorkEntry.travel_km)
    sums = select(*(func.coalesce(func.sum(column), 0) for column in columns))
    row = session.execute(sums.where(WorkEntry.ticket_id == ticket.id, WorkEntry.state.in_(COUNTING))).one()
    return Totals(*(int(value) for value in row))


def counted_minutes(session: Session, ticket: Ticket) -> int:
    """Minutes of a ticket's approved work that count against its contract."""
    approved = select(func.coalesce(func.sum(WorkEntry.billed_minutes), 0)).where(
        WorkEntry.ticket_id == ticket.id, WorkEntry.state == WorkState.APPROVED
    )
    return int(session.scalar(approved) or 0)


def is_over_budget(session: Session, entry: WorkEntry, ticket: Ticket) -> bool:
    """Whether counting the entry takes more than the contract has left in its period."""
    if ticket.contract is None or entry.state == WorkState.APPROVED:
        return False
    left = contracts.minutes_left(session, ticket.contract, entry.worked_on)
    return left is not None and entry.billed_minutes > left
