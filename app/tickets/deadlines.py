"""Deadlines as the ticket list filters and sorts by them; the feature that runs the clocks provides them.

`deadlines.provide(function)`: the function returns a selectable of what runs now, with `id`, `ticket_id` and `due_at`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, and_, false, func, or_, select
from sqlalchemy.orm import Session

from app.tickets.models import Ticket

Running = Callable[[], FromClause]

_providers: list[Running] = []


def provide(running: Running) -> Running:
    """Register who knows the running clocks."""
    _providers[:] = [running]
    return running


def are_known() -> bool:
    """Whether anything runs clocks here."""
    return bool(_providers)


def due(*, after: datetime | None = None, until: datetime | None = None) -> ColumnElement[bool]:
    """The condition on `Ticket` that one of its deadlines lies in a stretch of time; `after` is part of it."""
    if not _providers:
        return false()
    running = _providers[0]()
    found = select(running.c.ticket_id)
    if after is not None:
        found = found.where(running.c.due_at >= after)
    if until is not None:
        found = found.where(running.c.due_at < until)
    return Ticket.id.in_(found)


def first_of_each() -> tuple[FromClause, ColumnElement[bool]]:
    """The running clocks, and the condition that one is its ticket's first: to be joined on `ticket_id`."""
    running, other = _providers[0]().alias("running"), _providers[0]().alias("other")
    sooner = or_(other.c.due_at < running.c.due_at, and_(other.c.due_at == running.c.due_at, other.c.id < running.c.id))
    earlier = select(other.c.id).where(other.c.ticket_id == running.c.ticket_id, sooner)
    return running, ~earlier.exists()


def runs() -> ColumnElement[bool]:
    """The condition on `Ticket` that it has a deadline."""
    running = _providers[0]().alias("any_running")
    return select(running.c.id).where(running.c.ticket_id == Ticket.id).exists()


def first_due(session: Session, ticket_ids: Iterable[int]) -> dict[int, datetime]:
    """The first deadline of many tickets, in one query; those without one are left out."""
    wanted = set(ticket_ids)
    if not wanted or not _providers:
        return {}
    running = _providers[0]()
    found = select(running.c.ticket_id, func.min(running.c.due_at)).where(running.c.ticket_id.in_(wanted))
    return dict(session.execute(found.group_by(running.c.ticket_id)).all())
