"""Looking up people, teams and skills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, selectinload

from app.errors import NotFound
from app.people.models import Membership, Person, PersonRole, PersonSkill, Role, Skill, Team
from app.reading import read_once
from app.texts import gettext as _

# Digits of the largest id that a column holds for sure.
LONGEST_ID = 9
# Who takes requests over and works on them.
AT_WORK = (Role.AGENT, Role.TEAM_LEAD)


def get_person(session: Session, person_id: int) -> Person:
    """The person with an id.

    Raises:
        NotFound: nobody has it.
    """
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound(_("There is no such person."))
    return person


def person_by_email(session: Session, email: str) -> Person | None:
    """Whose address this is, however it is written."""
    found = select(Person).where(Person.email == email.strip().lower()).options(selectinload(Person.role_rows))
    return session.scalar(found)


def people_by_ids(session: Session, ids: Iterable[int | None]) -> dict[int, Person]:
    """People by id, in one query; ids of nobody are left out."""
    wanted = {each for each in ids if each is not None}
    if not wanted:
        return {}
    return {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(wanted)))}


@read_once
def everybody(session: Session, *, role: Role | str | None = None, staff_only: bool = False) -> Sequence[Person]:
    """Active people by name, with their roles loaded."""
    found = select(Person).where(Person.is_active).options(selectinload(Person.role_rows))
    if role is not None:
        found = found.where(Person.role_rows.any(PersonRole.role == role))
    if staff_only:
        found = found.where(Person.role_rows.any(PersonRole.role != Role.CUSTOMER))
    return session.scalars(found.order_by(Person.name, Person.id)).all()


def team_by_key(session: Session, key: str) -> Team | None:
    """The team that diagrams call by this key."""
    return session.scalar(select(Team).where(Team.key == key))


def get_team(session: Session, key: str) -> Team:
    """The team that diagrams call by this key.

    Raises:
        NotFound: no team has it.
    """
    team = team_by_key(session, key)
    if team is None:
        raise NotFound(_("There is no team “%(key)s”.", key=key))
    return team


def teams(session: Session) -> Sequence[Team]:
    """Active teams by name."""
    return session.scalars(select(Team).where(Team.is_active).order_by(Team.name, Team.id)).all()


def team_by_id(session: Session, team_id: int) -> Team:
    """The team with an id, whether it still takes requests or not.

    Raises:
        NotFound: there is none.
    """
    team = session.get(Team, team_id)
    if team is None:
        raise NotFound(_("There is no such team."))
    return team


def default_team(session: Session) -> Team | None:
    """The team that takes what no rule gives to another one: the oldest active one."""
    return session.scalars(select(Team).where(Team.is_active).order_by(Team.id).limit(1)).first()


def teams_of(session: Session, person: Person) -> Sequence[Team]:
    """The active teams somebody works in, by name."""
    found = select(Team).join(Membership, Membership.team_id == Team.id).where(Membership.person_id == person.id)
    return session.scalars(found.where(Team.is_active).order_by(Team.name, Team.id)).all()


def members(session: Session, team: Team) -> Sequence[Person]:
    """The active people of a team, by name."""
    return session.scalars(_members_of(team.id)).all()


def agents(session: Session, teams: Iterable[int] | None = None) -> Sequence[Person]:
    """Active people who take requests over, by name; only members of these teams (ids) when given."""
    found = select(Person).where(Person.is_active, Person.role_rows.any(PersonRole.role.in_(AT_WORK)))
    if teams is not None:
        members = select(Membership.person_id).where(Membership.team_id.in_(set(teams)))
        found = found.where(Person.id.in_(members))
    return session.scalars(found.order_by(Person.name, Person.id)).all()


def members_by_team(session: Session, team_ids: Iterable[int]) -> dict[int, list[Person]]:
    """The active people of many teams who take requests over, by name, in one query."""
    found = (
        select(Membership.team_id, Person)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.team_id.in_(set(team_ids)),
            Person.is_active,
            Person.role_rows.any(PersonRole.role.in_(AT_WORK)),
        )
    )
    members: dict[int, list[Person]] = {}
    for team_id, person in session.execute(found.order_by(Person.name, Person.id)):
        members.setdefault(team_id, []).append(person)
    return members


def led_by(session: Session, person: Person) -> Sequence[Team]:
    """The active teams somebody leads, by name."""
    return session.scalars(
        select(Team).where(Team.lead_id == person.id, Team.is_active).order_by(Team.name, Team.id)
    ).all()


def is_member(session: Session, team_id: int, person_id: int) -> bool:
    """Whether somebody works in a team."""
    return session.get(Membership, (team_id, person_id)) is not None


def staff_member(session: Session, written: str) -> Person | None:
    """The active person at the desk whose id a form names; None for nobody, or for what is no such person."""
    if not written.isdecimal() or len(written) > LONGEST_ID:
        return None
    person = session.get(Person, int(written))
    return person if person is not None and person.is_active and person.is_staff else None


def managers(session: Session) -> Sequence[Person]:
    """Active managers, by name."""
    return everybody(session, role=Role.MANAGER)


def approvers_for(
    session: Session, team_key: str | None, excluding: int | Iterable[int | None] | None = None
) -> Sequence[Person]:
    """Who may approve what a team did: its approvers and its lead, or the managers when it has none of them.

    Args:
        excluding: ids of people who may not, because it is their own work.
    """
    barred = {excluding} if excluding is None or isinstance(excluding, int) else set(excluding)
    team = team_by_key(session, team_key) if team_key else None
    if team is not None:
        may_approve = Person.role_rows.any(PersonRole.role == Role.APPROVER) | (Person.id == team.lead_id)
        own = [person for person in session.scalars(_members_of(team.id).where(may_approve)) if person.id not in barred]
        if own:
            return own
    return [person for person in managers(session) if person.id not in barred]


def skills(session: Session) -> Sequence[Skill]:
    """The list of skills, by name."""
    return session.scalars(select(Skill).order_by(Skill.name, Skill.key)).all()


def skill_levels(session: Session, person_ids: Iterable[int]) -> dict[int, list[tuple[Skill, int]]]:
    """What people are good at, the best first, in one query."""
    held = select(PersonSkill.person_id, Skill, PersonSkill.level).join(Skill, Skill.key == PersonSkill.skill_key)
    held = held.where(PersonSkill.person_id.in_(set(person_ids)))
    found: dict[int, list[tuple[Skill, int]]] = {}
    for person_id, skill, level in session.execute(held.order_by(PersonSkill.level.desc(), Skill.name)):
        found.setdefault(person_id, []).append((skill, level))
    return found


def skill_counts(session: Session) -> dict[str, int]:
    """How many active people have each skill."""
    held = select(PersonSkill.skill_key, func.count()).join(Person, Person.id == PersonSkill.person_id)
    return dict(session.execute(held.where(Person.is_active).group_by(PersonSkill.skill_key)).all())


def skilled(session: Session, skill_key: str, *, team: Team | None = None) -> list[tuple[Person, int]]:
    """Active people with a skill and their level, the best first; only those of one team when given."""
    found = (
        select(Person, PersonSkill.level)
        .join(PersonSkill, PersonSkill.person_id == Person.id)
        .where(PersonSkill.skill_key == skill_key, Person.is_active)
        .order_by(PersonSkill.level.desc(), Person.id)
    )
    if team is not None:
        found = found.join(Membership, Membership.person_id == Person.id).where(Membership.team_id == team.id)
    return [(person, level) for person, level in session.execute(found)]


def _members_of(team_id: int) -> Select[Person]:
    return (
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.team_id == team_id, Person.is_active)
        .options(selectinload(Person.role_rows))
        .order_by(Person.name, Person.id)
    )
