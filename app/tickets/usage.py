"""What requests use of the lists: whatever something leads to cannot go away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.engine.models import TaskState, TeamSet, UserTask
from app.errors import Conflict
from app.people.models import Team
from app.texts import gettext as _
from app.tickets.filters import in_categories
from app.tickets.models import RequestType, Ticket
from app.tickets.queries import UNSOLVED


@dataclass(frozen=True)
class TeamUse:
    """What leads to a team: the types of request that go to it, and the work that is with it now."""

    types: Sequence[RequestType]
    requests: int
    tasks: int

    def __bool__(self) -> bool:
        return bool(self.types or self.requests or self.tasks)


def of_team(session: Session, team: Team) -> TeamUse:
    """What leads to a team."""
    types = select(RequestType).where(RequestType.default_team_key == team.key).order_by(RequestType.position)
    open_tasks = (
        select(func.count())
        .select_from(UserTask)
        .join(TeamSet, TeamSet.name == UserTask.team_set)
        .where(UserTask.state == TaskState.OPEN, TeamSet.team_key == team.key, UserTask.subject_kind != "ticket")
    )
    return TeamUse(
        types=session.scalars(types).all(),
        requests=_count_unsolved(session, Ticket.team_id == team.id),
        tasks=session.scalar(open_tasks) or 0,
    )


def refuse_team_in_use(session: Session, team: Team) -> None:
    """Let no team stop that something still leads to.

    Raises:
        Conflict: says what.
    """
    if of_team(session, team):
        message = _("Something still leads to %(team)s. Its page says what; change that first.", team=team.name)
        raise Conflict(message)


def types_by_team(session: Session) -> dict[str, list[RequestType]]:
    """The types of request that go to each team, by its key."""
    found: dict[str, list[RequestType]] = {}
    for each in session.scalars(select(RequestType).order_by(RequestType.position, RequestType.key)):
        if each.default_team_key:
            found.setdefault(each.default_team_key, []).append(each)
    return found


def unsolved_of(session: Session, person_id: int) -> int:
    """How many requests that are not solved somebody is responsible for."""
    return _count_unsolved(session, Ticket.assignee_id == person_id)


def by_state(session: Session) -> dict[str, int]:
    """How many requests stand in each state."""
    counts = select(Ticket.state_key, func.count()).group_by(Ticket.state_key)
    return dict(session.execute(counts).all())


def unsolved_by_type(session: Session) -> dict[str, int]:
    """How many requests of each type are not solved."""
    counts = select(Ticket.type_key, func.count()).where(in_categories(*UNSOLVED)).group_by(Ticket.type_key)
    return dict(session.execute(counts).all())


def unsolved_by_priority(session: Session) -> dict[str, int]:
    """How many requests of each priority are not solved."""
    counts = select(Ticket.priority, func.count()).where(in_categories(*UNSOLVED)).group_by(Ticket.priority)
    return dict(session.execute(counts).all())


def is_used(session: Session, condition: ColumnElement[bool]) -> bool:
    """Whether any request, however old, meets a condition."""
    return session.scalar(select(Ticket.id).where(condition).limit(1)) is not None


def _count_unsolved(session: Session, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Ticket).where(condition, in_categories(*UNSOLVED))) or 0
