"""Which tasks My work shows: filters, and the conditions they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, or_, select
from sqlalchemy.orm import Session

from app.engine.models import TeamSet, UserTask
from app.escalations.models import Escalation
from app.tasklist.grouping import Stretches, due_at
from app.tasklist.kinds import Kind, of_kinds
from app.tickets import search
from app.tickets.models import Ticket
from app.worklog.models import WorkEntry


@dataclass(frozen=True)
class TaskFilters:
    """Which tasks to list; empty means all. The conditions are joined by *and*, the values of one by *or*.

    Args:
        due: names of groups (`grouping.GROUPS`).
    """

    text: str = ""
    teams: Sequence[str] = ()
    customer_id: int | None = None
    types: Sequence[str] = ()
    priorities: Sequence[str] = ()
    kinds: Sequence[Kind] = ()
    due: Sequence[str] = ()


def conditions(session: Session, filters: TaskFilters, stretches: Stretches) -> dict[str, ColumnElement[bool]]:
    """The condition on `UserTask` of each filter that is set, by the filter's name in an address."""
    found: dict[str, ColumnElement[bool]] = {}
    if filters.text.strip():
        found["q"] = _of_ticket(search.found_by_staff(session, filters.text))
    if filters.teams:
        found["team"] = UserTask.team_set.in_(select(TeamSet.name).where(TeamSet.team_key.in_(filters.teams)))
    if filters.customer_id is not None:
        found["customer"] = _of_ticket(Ticket.customer_id == filters.customer_id)
    if filters.types:
        found["type"] = _of_ticket(Ticket.type_key.in_(filters.types))
    if filters.priorities:
        found["priority"] = _of_ticket(Ticket.priority.in_(filters.priorities))
    if filters.kinds:
        found["kind"] = of_kinds(filters.kinds)
    if filters.due:
        in_stretch = stretches.conditions(due_at())
        found["due"] = or_(*(in_stretch[name] for name in filters.due))
    return found


def ticket_id() -> ColumnElement[int | None]:
    """The ticket that a `UserTask` is about, directly or through an escalation or a work entry."""
    return case(
        (UserTask.subject_kind == "ticket", UserTask.subject_id),
        (UserTask.subject_kind == "work_entry", _through(WorkEntry)),
        (UserTask.subject_kind == "escalation", _through(Escalation)),
    )


def _through(model: type[WorkEntry] | type[Escalation]) -> Any:
    return select(model.ticket_id).where(model.id == UserTask.subject_id).correlate(UserTask).scalar_subquery()


def _of_ticket(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(Ticket.id).where(Ticket.id == ticket_id(), condition).correlate(UserTask).exists()
