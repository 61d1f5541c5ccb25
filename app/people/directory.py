"""The list of those who work at the desk, and of teams, with all that a page of settings shows of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session, joinedload, selectinload

from app.people import queries
from app.people.models import STAFF_ROLES, Membership, Person, PersonRole, Skill, Team
from app.texts import folded

PAGE_SIZE = 50
MOST_WORDS = 6


@dataclass(frozen=True)
class Colleague:
    """One row of the list of people."""

    person: Person
    teams: list[Team]


@dataclass(frozen=True)
class Colleagues:
    """A page of people by name; `after` is what the next page follows, None at the end."""

    rows: list[Colleague]
    after: int | None


@dataclass(frozen=True)
class TeamRow:
    """One row of the list of teams."""

    team: Team
    members: int


@dataclass(frozen=True)
class Member:
    """Somebody in a team, with what they are good at, the best first."""

    person: Person
    skills: list[tuple[Skill, int]]


def works_here() -> ColumnElement[bool]:
    """SQL for: has a role at the desk, active or not."""
    staff = select(PersonRole.person_id).where(PersonRole.role.in_(sorted(STAFF_ROLES)))
    return Person.id.in_(staff)


def named(words: str) -> list[ColumnElement[bool]]:
    """SQL for: each of these words is part of the name or the address, whatever its case and diacritics."""
    parts = folded(words.replace("\x00", "")).split()[:MOST_WORDS]
    return [Person.search_text.contains(part, autoescape=True) for part in parts]


def follows(session: Session, person_id: int | None) -> list[ColumnElement[bool]]:
    """SQL for: stands after this person in a list by name; nothing for the beginning, or when they are gone."""
    last = session.get(Person, person_id) if person_id is not None and 0 < person_id < 2**31 else None
    if last is None:
        return []
    return [tuple_(Person.search_text, Person.id) > (last.search_text, last.id)]


def in_order(query: Select[Any]) -> Select[Any]:
    """People by name, in the order that `follows` goes on in."""
    return query.order_by(Person.search_text, Person.id)


def colleagues(
    session: Session,
    *,
    words: str = "",
    role: str = "",
    team_id: int | None = None,
    active: bool | None = True,
    after: int | None = None,
    size: int = PAGE_SIZE,
) -> Colleagues:
    """Those who work at the desk, by name, in a constant number of queries.

    Args:
        active: only those who may come in, only those who may not any more, or, with None, all.
    """
    query = select(Person).where(works_here(), *named(words), *follows(session, after))
    if role:
        query = query.where(Person.id.in_(select(PersonRole.person_id).where(PersonRole.role == role)))
    if team_id is not None:
        query = query.where(Person.id.in_(select(Membership.person_id).where(Membership.team_id == team_id)))
    if active is not None:
        query = query.where(Person.is_active.is_(active))
    query = in_order(query).options(selectinload(Person.role_rows)).limit(size + 1)
    found = list(session.scalars(query))
    teams = _teams_of(session, [person.id for person in found[:size]])
    rows = [Colleague(person, teams.get(person.id, [])) for person in found[:size]]
    return Colleagues(rows, rows[-1].person.id if len(found) > size else None)


def count_colleagues(session: Session) -> int:
    """How many people work at the desk and may come in."""
    return session.scalar(select(func.count()).select_from(Person).where(works_here(), Person.is_active)) or 0


def team_rows(session: Session) -> list[TeamRow]:
    """All teams with how many active people work in them: those that take requests first, by name."""
    members = select(Membership.team_id, func.count()).join(Person, Person.id == Membership.person_id)
    counts: dict[int, int] = dict(session.execute(members.where(Person.is_active).group_by(Membership.team_id)).all())
    query = select(Team).options(joinedload(Team.lead)).order_by(Team.is_active.desc(), Team.name, Team.id)
    return [TeamRow(team, counts.get(team.id, 0)) for team in session.scalars(query)]


def members(session: Session, team: Team) -> list[Member]:
    """The active people of a team by name, with their skills."""
    people = queries.members(session, team)
    skills = queries.skill_levels(session, [person.id for person in people])
    return [Member(person, skills.get(person.id, [])) for person in people]


def skill_rows(session: Session) -> Sequence[tuple[Skill, int]]:
    """The list of skills by name, with how many active people have each."""
    held = queries.skill_counts(session)
    return [(skill, held.get(skill.key, 0)) for skill in queries.skills(session)]


def _teams_of(session: Session, person_ids: Iterable[int]) -> dict[int, list[Team]]:
    joined = select(Membership.person_id, Team).join(Team, Team.id == Membership.team_id)
    joined = joined.where(Membership.person_id.in_(list(person_ids)), Team.is_active).order_by(Team.name, Team.id)
    teams: dict[int, list[Team]] = {}
    for person_id, team in session.execute(joined):
        teams.setdefault(person_id, []).append(team)
    return teams
