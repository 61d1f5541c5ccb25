"""Who may work on a user task. The one place that says it; lists and pages ask here.

Each rule stands here twice: for a task that is at hand, and as a condition by which the database finds such tasks. A
test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, bindparam, false, func, or_, select
from sqlalchemy.orm import Session

from app.engine.models import TaskState, TeamSet, UserTask
from app.people.models import Membership, Person, PersonRole, Role, Team
from app.reading import read_once
from app.statements import Question

# A task for this role is an approval: it also goes to the lead of the team, and to managers when a team has nobody.
APPROVING = frozenset({Role.APPROVER.value, Role.MANAGER.value})


# Teams among which nobody approves, by the name of their set; or nobody but one person, whose own work that is then.
Unapproved = frozenset[tuple[str, int | None]]


@dataclass(frozen=True)
class Standing:
    """What decides about tasks: the person's roles, teams, the teams they lead, and who approves for each team.

    Two that decide the same are equal, so that a statement made for one serves the other.

    Args:
        team_keys: of the person's teams; `led_keys` of those they lead.
        own_sets, led_sets: the names of the sets of teams (`engine.team_sets`) that one of these teams is in.
        approvers: by team; only managers need to know.
        unapproved: for managers, the sets of teams whose approvals come to them.
        team_names: what the person's teams are called, by key, in the order of their names.
    """

    person_id: int
    roles: frozenset[str]
    team_keys: frozenset[str]
    led_keys: frozenset[str]
    own_sets: frozenset[str] = frozenset()
    led_sets: frozenset[str] = frozenset()
    unapproved: Unapproved = frozenset()
    approvers: Mapping[str, Collection[int]] = field(default_factory=dict, hash=False, compare=False)
    team_names: Mapping[str, str] = field(default_factory=dict, hash=False, compare=False)


_TEAMS_OF = Question(
    select(Team.key, Team.lead_id, Team.name, TeamSet.name)
    .join(Membership, Membership.team_id == Team.id)
    .outerjoin(TeamSet, TeamSet.team_key == Team.key)
    .where(Membership.person_id == bindparam("person_id", None), Team.is_active)
    .order_by(Team.name, Team.id)
)


@read_once
def standing(session: Session, person: Person) -> Standing:
    """Read somebody's standing, in one query; a manager's in three."""
    teams = _TEAMS_OF.all(session, {"person_id": person.id})
    approvers = _approvers(session) if person.has_role(Role.MANAGER) else {}
    return Standing(
        person_id=person.id,
        roles=frozenset(str(role) for role in person.roles),
        team_keys=frozenset(key for key, _lead, _name, _set in teams),
        led_keys=frozenset(key for key, lead, _name, _set in teams if lead == person.id),
        own_sets=frozenset(each for _key, _lead, _name, each in teams if each),
        led_sets=frozenset(each for _key, lead, _name, each in teams if each and lead == person.id),
        unapproved=_unapproved(session, approvers) if person.has_role(Role.MANAGER) else frozenset(),
        approvers=approvers,
        team_names={key: name for key, _lead, name, _set in teams},
    )


def _approvers(session: Session) -> dict[str, set[int]]:
    """Who decides in each team: its approvers, and its lead."""
    found: dict[str, set[int]] = {}
    able = (
        select(Team.key, Membership.person_id)
        .join(Membership, Membership.team_id == Team.id)
        .join(Person, Person.id == Membership.person_id)
        .outerjoin(PersonRole, (PersonRole.person_id == Person.id) & (PersonRole.role == Role.APPROVER))
        .where(Person.is_active, PersonRole.role.is_not(None) | (Team.lead_id == Person.id))
    )
    for key, person_id in session.execute(able):
        found.setdefault(key, set()).add(person_id)
    return found


def _unapproved(session: Session, approvers: Mapping[str, Collection[int]]) -> Unapproved:
    able: dict[str, set[int]] = {}
    for name, key in session.execute(select(TeamSet.name, TeamSet.team_key)):
        able.setdefault(name, set()).update(approvers.get(key, ()))
    return frozenset((name, next(iter(people), None)) for name, people in able.items() if len(people) < 2)


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
    """The condition on `UserTask` that says of open tasks what `is_candidate` says."""
    return or_(*_ways_to(who))


def workable_by(who: Standing) -> ColumnElement[bool]:
    """The condition on `UserTask` that says of open tasks what `may_work_on` says."""
    # Said so that no index over assignees comes in question: most open tasks are nobody's yet.
    free = func.coalesce(UserTask.assignee_id, who.person_id) == who.person_id
    mine = and_(assigned_to(who), _is_not_barred(who), ~for_approval())
    return or_(mine, *(and_(free, way) for way in _ways_to(who)))


def assigned_to(who: Standing) -> ColumnElement[bool]:
    """The condition on `UserTask` for the open tasks that somebody has."""
    return and_(_is_open(), UserTask.assignee_id == who.person_id)


def _ways_to(who: Standing) -> list[ColumnElement[bool]]:
    """Everything that makes somebody one of those an open task is meant for.

    Each way is whole in itself: what the ways share stands in each, so that a database finds each way along an index,
    and does not look through every open task.
    """
    own_role = UserTask.candidate_role.in_(sorted(who.roles)) if who.roles else false()
    ways = [and_(UserTask.team_set == "", own_role)]
    if who.led_sets:
        ways.append(UserTask.team_set.in_(sorted(who.led_sets)))
    if who.own_sets:
        ways.append(and_(UserTask.team_set.in_(sorted(who.own_sets)), or_(UserTask.candidate_role.is_(None), own_role)))
    # Plainly, for the index; where it is neither true nor false, the way is none.
    approval = UserTask.candidate_role.in_(sorted(APPROVING))
    nobody = sorted(name for name, only in who.unapproved if only is None)
    if nobody:
        ways.append(and_(UserTask.team_set.in_(nobody), approval))
    own = sorted((name, only) for name, only in who.unapproved if only is not None)
    if own:
        theirs = or_(*(and_(UserTask.team_set == name, UserTask.excluded_person_id == only) for name, only in own))
        ways.append(and_(UserTask.team_set.in_([name for name, _only in own]), approval, theirs))
    return [and_(_is_open(), _is_not_barred(who), way) for way in ways]


def for_approval() -> ColumnElement[bool]:
    """The condition on `UserTask` that says what `is_approval` says."""
    return func.coalesce(UserTask.candidate_role, "").in_(sorted(APPROVING))


def _is_open() -> ColumnElement[bool]:
    return UserTask.state == TaskState.OPEN


def _is_not_barred(who: Standing) -> ColumnElement[bool]:
    return func.coalesce(UserTask.excluded_person_id, 0) != who.person_id
