"""What the database finds is what the rules for a single task say: who may have it, its kind, deadline and group."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.engine.models import ProcessInstance, UserTask
from app.engine.team_sets import named, offer_to
from app.people.models import Person, Role, Team
from app.sla import service as sla
from app.sla.models import ClockKind
from app.tasklist import permissions, queries
from app.tasklist.grouping import GROUPS, Stretches, due_at
from app.tasklist.kinds import Kind, kind_of, of_kind
from app.tickets.models import Ticket
from tests.world import Build, add_person, add_team, add_ticket

BUCHAREST = ZoneInfo("Europe/Bucharest")
MORNING = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
# Teams of which one has a lead, one an approver, one nobody who decides, one only the author of the work.
TEAMS = ("led", "approving", "nobody", "alone")


@pytest.fixture
def company(session: Session) -> dict[str, Person]:
    """People of every standing."""
    people = {
        "agent": add_person(session, roles=[Role.AGENT]),
        "lead": add_person(session, roles=[Role.AGENT, Role.TEAM_LEAD]),
        "approver": add_person(session, roles=[Role.APPROVER]),
        "manager": add_person(session, roles=[Role.MANAGER]),
        "author": add_person(session, roles=[Role.APPROVER, Role.AGENT]),
        "stranger": add_person(session, roles=[Role.ANALYST]),
    }
    add_team(session, "led", members=[people["lead"], people["agent"]], lead=people["lead"])
    add_team(session, "approving", members=[people["approver"], people["agent"]])
    add_team(session, "nobody", members=[people["agent"]])
    add_team(session, "alone", members=[people["author"], people["agent"]])
    return people


@pytest.fixture
def tasks(session: Session, company: dict[str, Person]) -> list[UserTask]:
    """Tasks for every team and role, taken and not, barred to somebody and not."""
    instance = _instance(session, add_ticket(session))
    teams = ((), *((key,) for key in TEAMS), ("nobody", "alone"), ("led", "nobody"))
    roles = (None, "agent", "approver", "manager")
    owners = (None, company["agent"].id, company["approver"].id, company["manager"].id)
    barred = (None, company["author"].id, company["lead"].id, company["manager"].id)
    made = [
        _task(session, instance, f"t{at}", role=role, assignee_id=owner, excluded_person_id=excluded, teams=keys)
        for at, (keys, role, owner, excluded) in enumerate(product(teams, roles, owners, barred))
    ]
    session.flush()
    return made


def _instance(session: Session, ticket: Ticket) -> ProcessInstance:
    found = select(ProcessInstance).where(
        ProcessInstance.subject_kind == "ticket", ProcessInstance.subject_id == ticket.id
    )
    return session.scalars(found).one()


def _task(
    session: Session,
    instance: ProcessInstance,
    key: str,
    *,
    role: str | None = None,
    assignee_id: int | None = None,
    excluded_person_id: int | None = None,
    teams: tuple[str, ...] = (),
    subject: tuple[str, int] = ("ticket", 0),
    form: str | None = None,
    due: datetime | None = None,
) -> UserTask:
    task = UserTask(
        instance_id=instance.id,
        task_id=key,
        element=key,
        name={"en": key},
        form=form,
        subject_kind=subject[0],
        subject_id=subject[1] or instance.subject_id,
        assignee_id=assignee_id,
        candidate_role=role,
        excluded_person_id=excluded_person_id,
        due_at=due,
        opened_at=MORNING,
    )
    session.add(task)
    offer_to(session, task, named(teams))
    return task


def found(session: Session, condition: ColumnElement[bool]) -> set[str]:
    return set(session.scalars(select(UserTask.task_id).where(condition)))


@pytest.mark.parametrize("name", ["agent", "lead", "approver", "manager", "author", "stranger"])
def test_the_database_finds_what_somebody_may_have(
    session: Session, company: dict[str, Person], tasks: list[UserTask], name: str
) -> None:
    who = permissions.standing(session, company[name])

    assert found(session, permissions.meant_for(who)) == {
        task.task_id for task in tasks if permissions.is_candidate(task, who)
    }
    assert found(session, permissions.workable_by(who)) == {
        task.task_id for task in tasks if permissions.may_work_on(task, who)
    }


def test_approvals_come_to_a_manager_only_where_nobody_else_decides(
    session: Session, company: dict[str, Person], tasks: list[UserTask]
) -> None:
    """The author of the work, the only approver of the team, does not count."""
    who = permissions.standing(session, company["manager"])
    barred = {None: "", company["author"].id: "author"}
    ours = {
        (task.team_keys[0], barred[task.excluded_person_id])
        for task in tasks
        if task.candidate_role == "approver"
        and len(task.team_keys) == 1
        and task.excluded_person_id in barred
        and permissions.is_candidate(task, who)
    }

    assert ours == {("nobody", ""), ("nobody", "author"), ("alone", "author")}


def test_every_task_is_of_one_kind_and_the_database_knows_which(session: Session) -> None:
    instance = _instance(session, add_ticket(session))
    made = [
        _task(session, instance, f"{subject}-{form}-{role}", subject=(subject, 1), form=form, role=role)
        for subject, form, role in product(
            ("ticket", "work_entry", "escalation", "visit"), (None, "take_over", "work"), (None, "agent", "approver")
        )
    ]
    session.flush()

    by_kind = {kind: found(session, of_kind(kind)) for kind in Kind}

    assert by_kind == {kind: {task.task_id for task in made if kind_of(task) is kind} for kind in Kind}
    assert all(by_kind.values())


def _prepared(session: Session, ticket: Ticket, clocks: str) -> None:
    if clocks == "none":
        return
    sla.start_clocks(session, ticket, response_minutes=120, resolution_minutes=60)
    if clocks == "one paused":
        sla.pause(session, ticket, "waiting")
    if clocks == "all paused":
        for kind in ("response", "resolution"):
            sla.pause(session, ticket, "waiting", kind=ClockKind(kind))
    if clocks == "met":
        for kind in ("response", "resolution"):
            sla.meet(session, ticket, ClockKind(kind))


@pytest.mark.parametrize("own", [None, MORNING + timedelta(hours=3), datetime(9999, 12, 31, tzinfo=UTC)])
@pytest.mark.parametrize("clocks", ["running", "one paused", "all paused", "met", "none"])
@pytest.mark.parametrize("about", ["ticket", "work_entry"])
def test_tasks_are_sorted_by_the_deadline_that_their_chip_shows(
    session: Session, ticket: Build[Ticket], clocks: str, about: str, own: datetime | None
) -> None:
    """A running clock of the ticket comes before a task's own time; paused ones count nothing."""
    sla.ensure_calendar(session)
    on = ticket()
    _prepared(session, on, clocks)
    task = _task(session, _instance(session, on), "t", subject=(about, on.id), due=own)
    session.flush()
    who = permissions.standing(session, add_person(session))

    row = queries.rows_of(session, [task], who, BUCHAREST)[0]

    assert session.scalar(select(due_at()).where(UserTask.id == task.id)) == row.runs_until
    if about == "ticket" and clocks == "running":
        assert row.runs_until == MORNING + timedelta(hours=1)


def test_the_groups_of_the_database_are_those_of_the_page(session: Session, at: Callable[[datetime], None]) -> None:
    """Also an hour before midnight, when the next hour is tomorrow."""
    instance = _instance(session, add_ticket(session))
    minutes = (-500, -1, 0, 1, 59, 60, 61, 119, 121, 600, 3000)
    late_evening = datetime(2026, 11, 18, 21, 20, tzinfo=UTC)
    tasks = [
        _task(session, instance, f"t{at}", subject=("visit", 1), due=late_evening + timedelta(minutes=at))
        for at in minutes
    ] + [_task(session, instance, "none", subject=("visit", 1))]
    session.flush()
    at(late_evening)
    stretches = Stretches.of(BUCHAREST)

    by_group = {name: found(session, each) for name, each in stretches.conditions(due_at()).items()}

    assert by_group == {
        name: {task.task_id for task in tasks if stretches.group_of(task.due_at) == name} for name in GROUPS
    }
    assert by_group["late"] == {"t-500", "t-1", "t0"}
    assert by_group["next_hour"] == {"t1", "t59", "t60"}


def test_a_team_is_named_in_the_order_of_names(session: Session, team: Build[Team], person: Build[Person]) -> None:
    someone = person()
    for key in ("zulu", "alpha"):
        team(key, members=[someone])

    assert list(permissions.standing(session, someone).team_names) == ["alpha", "zulu"]
