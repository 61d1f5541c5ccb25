"""The user tasks of a ticket, docked on its page as forms."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.engine.models import TaskState, UserTask
from app.escalations.around import about, subjects_around
from app.people.models import Person
from app.tasklist import queries, service, worklist
from app.tasklist.address import WorkAddress
from app.tasklist.permissions import may_see, may_work_on, standing
from app.tasklist.taskform import shown_task
from app.texts import gettext as _
from app.tickets import queries as tickets
from app.tickets import trail
from app.tickets.models import Ticket
from app.tickets.panels import Content, Slot, panel


@panel("work", slot=Slot.WORK, order=10)
def work_on_ticket(session: Session, ticket: Ticket, reader: Person) -> Content:
    """Every open task of the ticket that the reader may see; those they may complete come as forms."""
    who = standing(session, reader)
    # Who may not decide because it is their own work reads in the work panel that it waits.
    around = [task for task in _open_tasks_around(session, ticket) if task.excluded_person_id != who.person_id]
    tasks = [task for task in around if may_see(task, who)]
    tasks.sort(key=lambda task: (not may_work_on(task, who), task.subject_kind != "ticket", task.id))
    rows = queries.rows_of(session, tasks, who, ZoneInfo(reader.zone))
    docked = [(row, shown_task(session, row.task, reader, who)) for row in rows]
    beside = queries.drafts_beside(session, reader, ticket, [row.task for row, shown in docked if shown.may_complete])
    copies = [person.name for person in tickets.participants(session, ticket) if person.is_active]
    values = {
        "docked": docked,
        "ticket": ticket,
        "answering": queries.answering(session, ticket, reader, clock.now()),
        "kept": [(task, words) for draft, task in beside if (words := service.words_of(session, task, draft))],
        "recipients": {"to": ticket.requester.name, "copies": copies},
        "is_open": any(shown.draft_saved_at is not None for _row, shown in docked),
    }
    return Content("tasklist/docked.html", values)


@trail.lists_tickets("/", title=lambda: str(_("My work")))
def tickets_of_my_work(session: Session, person: Person, query: str) -> Sequence[int]:
    """The tickets of My work, in the order in which their tasks stand there."""
    address, zone = WorkAddress.read(query), ZoneInfo(person.zone)
    filters = worklist.filters_of(session, address)
    work = worklist.my_work(session, person, whole_team=address.is_of_teams, zone=zone, filters=filters)
    return [row.ticket.id for row in work.rows if row.ticket is not None]


def _open_tasks_around(session: Session, ticket: Ticket) -> list[UserTask]:
    around = about(UserTask.subject_kind, UserTask.subject_id, subjects_around(session, [ticket.id]))
    found = select(UserTask).where(UserTask.state == TaskState.OPEN, around)
    return list(session.scalars(found.order_by(UserTask.id)))
