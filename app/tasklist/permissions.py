"""Who may work on a user task. The one place that says it; lists and pages ask here.

Each rule stands here twice: for a task that is at hand, and as a condition by which the database finds such tasks. A
test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from app.engine.models import UserTask, UserTaskTeam
from app.people.models import Membership, Person, PersonRole, Role, Team
from app.reading import read_once

# A task for this role is an approval: it also goes to the lead of the team, and to managers when a team has nobody.
APPROVING = frozenset({Role.APPROVER.value, Role.MANAGER.value})


@dataclass(frozen=True)
class Standing:
    """What decides about tasks: the person's roles, teams, the teams they lead, and who approves for each team.

    Two that decide the same are equal, so that a statement made for one serves the other.
    """

    person_id: int
    roles: frozenset[str]
    team_keys: frozenset[str]
    led_keys: frozenset[str]
    approvers: Mapping[str, Collection[int]] = field(hash=False)
    # What the teams are called, by key, in the order of their names.
    team_names: Mapping[str, str] = field(default_factory=dict, hash=False, compare=False)


@read_once
def standing(session: Session, person: Person) -> Standing:
    """Read somebody's standing, in three queries."""
    own = select(Team.key, Team.lead_id, Team.name).join(Membership, Membership.team_id == Team.id)
    own = own.where(Membership.person_id == person.id, Team.is_active).order_by(Team.name, Team.id)
    teams = session.execute(own).all()
    approvers: dict[str, set[int]] = {}
    if person.has_role(Role.MANAGER):
        found = (
            select(Team.key, Membership.person_id)
            .join(Membership, Membership.team_id == Team.id)
            .join(Person, Person.id == Membership.person_id)
            .outerjoin(PersonRole, (PersonRole.person_id == Person.id) & (PersonRole.role == Role.APPROVER))
            .where(Person.is_active, PersonRole.role.is_not(None) | (Team.lead_id == Person.id))
        )
        for key, person_id in session.execute(found):
            approvers.setdefault(key, set()).add(person_id)
    return Standing(
        person_id=person.id,
        roles=frozenset(str(role) for role in person.roles),
        team_keys=frozenset(key for key, _lead, _name in teams),
        led_keys=frozenset(key for key, lead, _name in teams if lead == person.id),
        approvers=approvers,
        team_names={key: name for key, _lead, name in teams},
    )


def may_work_on(task: UserTask, who: Standing) -> bool:
    """Whether this person may complete the task: theirs, or nobody's yet and meant for people like them."""
    if task.excluded_person_id == who.person_id:
        return False
    if task.assignee_id is not None and task.assignee_id != who.person_id:
        return False
    # Having taken an approval does not outlive the right to decide; other work stays with whoever was given it.
    mine = task.assignee_id is not None and not is_approval(task)
    return mine or is_candidate(task, who)


def may_release(task: UserTask, who: Standing) -> bool:
    """Whether this person may give the task back to its team: who has it, and who leads the team."""
    if task.assignee_id is None or not task.team_keys:
        return False
    return task.assignee_id == who.person_id or bool(frozenset(task.team_keys) & who.led_keys)


def is_candidate(task: UserTask, who: Standing) -> bool:
    """Whether the task is meant for people like this one, whoever has it now."""
    if task.excluded_person_id == who.person_id:
        return False
    teams = frozenset(task.team_keys)
    role = task.candidate_role
    if not teams:
        return role is not None and role in who.roles
    if teams & who.led_keys:
        return True
    if teams & who.team_keys and (role is None or role in who.roles):
        return True
    return role in APPROVING and Role.MANAGER.value in who.roles and not _somebody_approves(task, teams, who)


def may_see(task: UserTask, who: Standing) -> bool:
    """Whether the task may be looked at: by whoever may have it, its team, and managers."""
    mine = task.assignee_id == who.person_id or is_candidate(task, who)
    return mine or bool(frozenset(task.team_keys) & who.team_keys) or Role.MANAGER.value in who.roles


def is_approval(task: UserTask) -> bool:
    """Whether completing the task decides about somebody's work or wish."""
    return task.candidate_role in APPROVING


def _somebody_approves(task: UserTask, teams: frozenset[str], who: Standing) -> bool:
    able = {person_id for key in teams for person_id in who.approvers.get(key, ())}
    return bool(able - {task.excluded_person_id})


def meant_for(who: Standing) -> ColumnElement[bool]:
    """The condition on `UserTask` that says what `is_candidate` says."""
    role = func.coalesce(UserTask.candidate_role, "")
    roles = sorted(who.roles)
    own_role = role.in_(roles) if roles else false()
    ways = [and_(~_teams().exists(), own_role)]
    if who.led_keys:
        ways.append(_in_teams(who.led_keys))
    if who.team_keys:
        ways.append(and_(_in_teams(who.team_keys), or_(role == "", own_role)))
    if Role.MANAGER.value in who.roles:
        ways.append(and_(for_approval(), _teams().exists(), ~_approvers_of_its_teams().exists()))
    return and_(_is_not_barred(who), or_(*ways))


def workable_by(who: Standing) -> ColumnElement[bool]:
    """The condition on `UserTask` that says what `may_work_on` says."""
    taken = UserTask.assignee_id == who.person_id
    return and_(
        _is_not_barred(who),
        or_(UserTask.assignee_id.is_(None), taken),
        or_(and_(taken, ~for_approval()), meant_for(who)),
    )


def for_approval() -> ColumnElement[bool]:
    """The condition on `UserTask` that says what `is_approval` says."""
    return func.coalesce(UserTask.candidate_role, "").in_(sorted(APPROVING))


def _is_not_barred(who: Standing) -> ColumnElement[bool]:
    return func.coalesce(UserTask.excluded_person_id, 0) != who.person_id


def _teams() -> Select[Any]:
    return select(UserTaskTeam.team_key).where(UserTaskTeam.user_task_id == UserTask.id).correlate(UserTask)


def _in_teams(keys: Collection[str]) -> ColumnElement[bool]:
    return _teams().where(UserTaskTeam.team_key.in_(sorted(keys))).exists()


def _approvers_of_its_teams() -> Select[Any]:
    """Whoever may decide in the teams of a task, but for the one whose own work it is about."""
    found = (
        _teams()
        .join(Team, Team.key == UserTaskTeam.team_key)
        .join(Membership, Membership.team_id == Team.id)
        .join(Person, Person.id == Membership.person_id)
        .outerjoin(PersonRole, and_(PersonRole.person_id == Person.id, PersonRole.role == Role.APPROVER))
    )
    return found.where(
        Person.is_active,
        or_(PersonRole.role.is_not(None), Team.lead_id == Person.id),
        Person.id != func.coalesce(UserTask.excluded_person_id, 0),
    )
