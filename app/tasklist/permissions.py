"""Who may work on a user task. The one place that says it; lists and pages ask here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.engine.models import UserTask
from app.people.models import Membership, Person, PersonRole, Role, Team

# A task for this role is an approval: it also goes to the lead of the team, and to managers when a team has nobody.
APPROVING = frozenset({Role.APPROVER.value, Role.MANAGER.value})


@dataclass(frozen=True)
class Standing:
    """What decides about tasks: the person's roles, teams, the teams they lead, and who approves for each team."""

    person_id: int
    roles: frozenset[str]
    team_keys: frozenset[str]
    led_keys: frozenset[str]
    approvers: Mapping[str, Collection[int]]


def standing(session: Session, person: Person) -> Standing:
    """Read somebody's standing, in three queries."""
    own = select(Team.key, Team.lead_id).join(Membership, Membership.team_id == Team.id)
    teams = session.execute(own.where(Membership.person_id == person.id, Team.is_active)).all()
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
        team_keys=frozenset(key for key, _lead in teams),
        led_keys=frozenset(key for key, lead in teams if lead == person.id),
        approvers=approvers,
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
