"""How many tickets there are: of each team in a list, and on everybody's hands."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.contracts.models import Contract
from app.people.models import Person
from app.tickets.filters import Filters, conditions, in_states_of
from app.tickets.models import Category, Ticket
from app.tickets.queries import visible_to

# What is not resolved yet.
ACTIVE = (Category.NEW, Category.OPEN, Category.PENDING)


def counts_by_team(session: Session, person: Person, filters: Filters) -> dict[int | None, int]:
    """How many tickets of a list each team has, by the team's id; None is no team. Teams without any are left out."""
    asked = (visible_to(person), *conditions(session, person, filters))
    return dict(session.execute(select(Ticket.team_id, func.count()).where(*asked).group_by(Ticket.team_id)).all())


def worked_on_by(team_ids: Collection[int]) -> ColumnElement[bool]:
    """The condition on `Contract` that requests under it are or were with one of these teams."""
    found = select(Ticket.id).where(Ticket.contract_id == Contract.id, Ticket.team_id.in_(team_ids))
    return found.correlate(Contract).exists()


def open_by_person(session: Session, person_ids: Iterable[int]) -> dict[int, int]:
    """How many tickets that are not resolved each of these people has; those without any are left out."""
    found = (
        select(Ticket.assignee_id, func.count())
        .where(Ticket.assignee_id.in_(set(person_ids)), in_states_of(session, *ACTIVE))
        .group_by(Ticket.assignee_id)
    )
    return {person_id: number for person_id, number in session.execute(found) if person_id is not None}
