"""Reading the tasks that wait for somebody, with all a list shows of them, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import TypeVar

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, selectinload

from app import clock
from app.engine.models import ProcessInstance, TaskState, UserTask, UserTaskTeam
from app.escalations.models import Escalation
from app.people import queries as people
from app.people.models import Person, Role
from app.sla import queries as sla
from app.sla.chips import Chip, chip, chip_of_moment
from app.sla.queries import ClockView
from app.tasklist.models import Draft
from app.tasklist.permissions import APPROVING, Standing, is_approval, is_candidate, may_work_on, standing
from app.tickets import queries as tickets
from app.tickets.models import Ticket
from app.worklog.models import WorkEntry

# Whoever typed within this time counts as answering.
ANSWERING_FOR = timedelta(minutes=3)

M = TypeVar("M", WorkEntry, Escalation)

MOST_TASKS = 300
NEXT_HOUR = timedelta(hours=1)
# A paused clock is due in this year (`sla.facts`): never.
FAR = 9999
GROUPS = ("late", "next_hour", "today", "later")


@dataclass(frozen=True)
class Row:
    """A task in a list."""

    task: UserTask
    ticket: Ticket | None
    chip: Chip | None
    assignee: Person | None
    about: WorkEntry | Escalation | None
    author: Person | None
    may_claim: bool
    may_complete: bool
    skill: str = ""

    @property
    def due_at(self) -> datetime | None:
        """The deadline it is sorted by."""
        return self.chip.due_at if self.chip else None


@dataclass(frozen=True)
class Work:
    """Everything My work shows."""

    groups: dict[str, list[Row]] = field(default_factory=dict)
    approvals: list[Row] = field(default_factory=list)
    mine: int = 0
    teams: int = 0

    @property
    def rows(self) -> list[Row]:
        """All rows in the order in which they are shown."""
        return [row for name in GROUPS for row in self.groups.get(name, [])] + self.approvals


def my_work(session: Session, person: Person, *, whole_team: bool, zone: tzinfo) -> Work:
    """The open tasks of somebody, or of their teams, grouped by the deadline that comes first."""
    who = standing(session, person)
    tasks = _open_tasks(session, who)
    seen = [task for task in tasks if task.assignee_id == who.person_id or is_candidate(task, who)]
    mine = [task for task in seen if task.assignee_id == who.person_id]
    working = [task for task in seen if not is_approval(task)]
    approvals = [task for task in seen if is_approval(task) and may_work_on(task, who)]
    chosen = working if whole_team else [task for task in mine if not is_approval(task)]
    rows = rows_of(session, [*chosen, *approvals], who, zone)
    groups: dict[str, list[Row]] = {name: [] for name in GROUPS}
    now = clock.now()
    for row in rows[: len(chosen)]:
        groups[_group(row.chip, now, zone)].append(row)
    for name in GROUPS:
        groups[name].sort(key=_order)
    return Work(
        groups=groups,
        approvals=sorted(rows[len(chosen) :], key=_order),
        mine=sum(not is_approval(task) for task in mine),
        teams=len(working),
    )


def rows_of(session: Session, tasks: Sequence[UserTask], who: Standing, zone: tzinfo) -> list[Row]:
    """What a list shows of tasks: their tickets, clocks and people, each kind read in one query."""
    entries = _by_id(session, WorkEntry, (task.subject_id for task in tasks if task.subject_kind == "work_entry"))
    asked = _by_id(session, Escalation, (task.subject_id for task in tasks if task.subject_kind == "escalation"))
    about: dict[int, WorkEntry | Escalation | None] = {}
    ticket_ids: dict[int, int | None] = {}
    for task in tasks:
        thing: WorkEntry | Escalation | None = None
        if task.subject_kind == "work_entry":
            thing = entries.get(task.subject_id)
        elif task.subject_kind == "escalation":
            thing = asked.get(task.subject_id)
        about[task.id] = thing
        own = task.subject_id if task.subject_kind == "ticket" else None
        ticket_ids[task.id] = thing.ticket_id if thing is not None else own
    found = tickets.by_ids(session, (number for number in ticket_ids.values() if number is not None))
    clocks = sla.clocks_for(session, found)
    authors = {task.id: _author_id(about[task.id]) for task in tasks}
    skills = {each.key: each.name for each in people.skills(session)} if asked else {}
    persons = people.people_by_ids(session, [task.assignee_id for task in tasks] + list(authors.values()))
    now = clock.now()
    return [
        Row(
            task=task,
            ticket=found.get(ticket_ids[task.id] or 0),
            chip=chip_of(task, clocks.get(ticket_ids[task.id] or 0, {}).values(), now, zone),
            assignee=persons.get(task.assignee_id or 0),
            about=about[task.id],
            author=persons.get(authors[task.id] or 0),
            may_claim=task.assignee_id is None and is_candidate(task, who),
            may_complete=may_work_on(task, who),
            skill=_skill_name(about[task.id], skills),
        )
        for task in tasks
    ]


def chip_of(task: UserTask, views: Iterable[ClockView], now: datetime, zone: tzinfo) -> Chip | None:
    """The deadline that comes first: of the ticket's clocks for a task on the ticket, else the task's own."""
    if task.subject_kind == "ticket":
        live = [view for view in views if str(view.state) in ("running", "paused")]
        running = [view for view in live if view.due_at is not None and view.due_at.year < FAR]
        if running:
            return chip(min(running, key=lambda view: view.due_at or now), now, zone)
        if live:
            return chip(live[0], now, zone)
    if task.due_at is not None and task.due_at.year < FAR:
        return chip_of_moment(task.due_at, now, zone)
    return None


def count_waiting(session: Session, person: Person) -> tuple[int, bool]:
    """How many tasks wait for somebody, and whether one of them is late: what the rail shows."""
    who = standing(session, person)
    tasks = [task for task in _open_tasks(session, who) if may_work_on(task, who)]
    now = clock.now()
    return len(tasks), any(task.due_at is not None and task.due_at <= now for task in tasks)


def _skill_name(about: WorkEntry | Escalation | None, names: dict[str, str]) -> str:
    """What the skill is called that an escalation asks for; its key when it was since removed."""
    key = about.skill if isinstance(about, Escalation) else None
    return names.get(key, key) if key else ""


def answering(session: Session, ticket: Ticket, reader: Person, at: datetime) -> Sequence[Person]:
    """Who else has typed into a step of this ticket just now and has not sent it."""
    found = (
        select(Person)
        .join(Draft, Draft.person_id == Person.id)
        .join(ProcessInstance, ProcessInstance.id == Draft.instance_id)
        .where(
            ProcessInstance.subject_kind == "ticket",
            ProcessInstance.subject_id == ticket.id,
            Draft.saved_at > at - ANSWERING_FOR,
            Person.id != reader.id,
        )
        .order_by(Person.name)
    )
    return session.scalars(found.distinct()).all()


def draft_of(session: Session, person: Person, task: UserTask) -> Draft | None:
    """What somebody typed into this step of this instance and has not sent."""
    found = select(Draft).where(
        Draft.person_id == person.id, Draft.instance_id == task.instance_id, Draft.element == task.element
    )
    return session.scalar(found)


def drafts_beside(
    session: Session, person: Person, ticket: Ticket, shown: Collection[UserTask]
) -> list[tuple[Draft, UserTask]]:
    """What somebody typed into steps of this ticket that are not theirs to send any more, with the newest such step.

    Args:
        shown: the tasks whose forms they can send; those have their draft in them.
    """
    newest = (
        select(func.max(UserTask.id))
        .where(UserTask.instance_id == Draft.instance_id, UserTask.element == Draft.element)
        .correlate(Draft)
        .scalar_subquery()
    )
    found = (
        select(Draft, UserTask)
        .join(UserTask, UserTask.id == newest)
        .join(ProcessInstance, ProcessInstance.id == Draft.instance_id)
        .where(
            Draft.person_id == person.id,
            ProcessInstance.subject_kind == "ticket",
            ProcessInstance.subject_id == ticket.id,
        )
        .order_by(Draft.saved_at)
    )
    steps = {(task.instance_id, task.element) for task in shown}
    return [(draft, task) for draft, task in session.execute(found) if (draft.instance_id, draft.element) not in steps]


def same_step(session: Session, task: UserTask) -> UserTask | None:
    """The open task of the same step of the same instance: where a task that vanished was opened again."""
    found = select(UserTask).where(
        UserTask.instance_id == task.instance_id, UserTask.element == task.element, UserTask.state == TaskState.OPEN
    )
    return session.scalar(found.order_by(UserTask.id.desc()).limit(1))


def _open_tasks(session: Session, who: Standing) -> list[UserTask]:
    teams = exists().where(UserTaskTeam.user_task_id == UserTask.id)
    meant = [UserTask.assignee_id == who.person_id]
    if who.team_keys:
        meant.append(teams.where(UserTaskTeam.team_key.in_(who.team_keys)))
    if who.roles:
        meant.append(UserTask.candidate_role.in_(who.roles) & ~teams)
    if Role.MANAGER.value in who.roles:
        # Approvals come to managers when a team has nobody who may decide; `is_candidate` settles which.
        meant.append(UserTask.candidate_role.in_(APPROVING))
    found = select(UserTask).where(UserTask.state == TaskState.OPEN, or_(*meant)).options(selectinload(UserTask.teams))
    return list(session.scalars(found.order_by(UserTask.due_at, UserTask.id).limit(MOST_TASKS)))


def _group(chip: Chip | None, now: datetime, zone: tzinfo) -> str:
    if chip is None or chip.state != "running" or chip.due_at is None:
        return "later"
    if chip.look == "is-late":
        return "late"
    if chip.due_at - now <= NEXT_HOUR:
        return "next_hour"
    return "today" if chip.due_at.astimezone(zone).date() == now.astimezone(zone).date() else "later"


def _order(row: Row) -> tuple[bool, float, int]:
    due = row.due_at if row.chip is not None and row.chip.state == "running" else None
    return due is None, due.timestamp() if due else 0.0, row.task.id


def _author_id(thing: WorkEntry | Escalation | None) -> int | None:
    return thing.author_id if isinstance(thing, WorkEntry) else thing.asked_by_id if thing is not None else None


def _by_id(session: Session, model: type[M], ids: Iterable[int]) -> dict[int, M]:
    wanted = set(ids)
    return {row.id: row for row in session.scalars(select(model).where(model.id.in_(wanted)))} if wanted else {}
