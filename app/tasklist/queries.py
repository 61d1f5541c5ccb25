"""Reading the tasks that wait for somebody, with all a list shows of them, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from app import clock
from app.engine.models import ProcessInstance, TaskState, UserTask
from app.errors import NotFound
from app.escalations.models import Escalation
from app.people import queries as people
from app.people.models import Person, Team
from app.sla import queries as sla
from app.sla.chips import Chip, chip_of_moment, first_chip
from app.sla.queries import ClockView
from app.tasklist.grouping import FAR_YEAR
from app.tasklist.kinds import Kind, kind_of
from app.tasklist.models import Draft
from app.tasklist.permissions import Standing, is_candidate, may_release, may_see, may_work_on, standing
from app.texts import gettext as _
from app.tickets import queries as tickets
from app.tickets.models import Ticket
from app.worklog.models import WorkEntry

# Whoever typed within this time counts as answering.
ANSWERING_FOR = timedelta(minutes=3)

M = TypeVar("M", WorkEntry, Escalation, Team)


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
    may_release: bool
    kind: Kind
    skill: str = ""
    # Whom an escalation would go to: a person, or a team.
    target: str = ""

    @property
    def runs_until(self) -> datetime | None:
        """The deadline it is sorted by; None when it has none, or none that counts down now."""
        return self.chip.due_at if self.chip is not None and self.chip.state == "running" else None


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
    meant = [each.to_person_id for each in asked.values()]
    persons = people.people_by_ids(session, [task.assignee_id for task in tasks] + list(authors.values()) + meant)
    teams = _by_id(session, Team, (each.to_team_id for each in asked.values() if each.to_team_id is not None))
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
            may_release=may_release(task, who),
            kind=kind_of(task),
            skill=_skill_name(about[task.id], skills),
            target=_target_name(about[task.id], persons, teams),
        )
        for task in tasks
    ]


def chip_of(task: UserTask, views: Iterable[ClockView], now: datetime, zone: tzinfo) -> Chip | None:
    """The deadline that comes first: of the ticket's clocks for a task on the ticket, else the task's own.

    `grouping.due_at` says the same to the database.
    """
    first = first_chip(views, now, zone) if task.subject_kind == "ticket" else None
    if first is not None:
        return first
    if task.due_at is not None and task.due_at.year < FAR_YEAR:
        return chip_of_moment(task.due_at, now, zone)
    return None


def _skill_name(about: WorkEntry | Escalation | None, names: dict[str, str]) -> str:
    """What the skill is called that an escalation asks for; its key when it was since removed."""
    key = about.skill if isinstance(about, Escalation) else None
    return names.get(key, key) if key else ""


def _target_name(about: WorkEntry | Escalation | None, persons: Mapping[int, Person], teams: Mapping[int, Team]) -> str:
    if not isinstance(about, Escalation):
        return ""
    meant = persons.get(about.to_person_id or 0) or teams.get(about.to_team_id or 0)
    return meant.name if meant is not None else ""


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


def visible_task(session: Session, task_uuid: str, reader: Person) -> UserTask:
    """The task of an address, if the reader may see it.

    Raises:
        NotFound: there is none, or it is not for their eyes.
    """
    found = select(UserTask).where(UserTask.uuid == task_uuid)
    task = session.scalar(found.options(selectinload(UserTask.instance)))
    if task is None or not may_see(task, standing(session, reader)):
        raise NotFound(_("There is no such task, or it is for another team."))
    return task


def answered_now(session: Session, ticket_ids: Collection[int], at: datetime) -> set[int]:
    """For which of these tickets somebody has typed into a step just now and has not sent it."""
    found = (
        select(ProcessInstance.subject_id)
        .join(Draft, Draft.instance_id == ProcessInstance.id)
        .where(
            ProcessInstance.subject_kind == "ticket",
            ProcessInstance.subject_id.in_(ticket_ids),
            Draft.saved_at > at - ANSWERING_FOR,
        )
    )
    return set(session.scalars(found))


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


def _author_id(thing: WorkEntry | Escalation | None) -> int | None:
    return thing.author_id if isinstance(thing, WorkEntry) else thing.asked_by_id if thing is not None else None


def _by_id(session: Session, model: type[M], ids: Iterable[int]) -> dict[int, M]:
    wanted = set(ids)
    return {row.id: row for row in session.scalars(select(model).where(model.id.in_(wanted)))} if wanted else {}
