"""The panels of the ticket page that tell about the ticket itself: details, other requests, linked tickets, history."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.contracts import queries as contracts
from app.engine.models import TaskState, UserTask
from app.people.models import Person, Role
from app.texts import gettext as _
from app.texts import translated
from app.tickets import history, links, queries
from app.tickets.history import Happening
from app.tickets.models import Ticket
from app.tickets.panels import Content, panel

OTHER_REQUESTS = 5
CHANGING = (Role.AGENT, Role.TEAM_LEAD, Role.MANAGER)


@panel("details", order=0)
def details(session: Session, ticket: Ticket, _reader: Person) -> Content:
    """Whose request it is, how to reach them, and who has it."""
    values = {"contact": contracts.contact_of(session, ticket.requester_id)}
    return Content("tickets/panels/details.html", values, title=_("Details"))


@panel("others", order=60)
def others(session: Session, ticket: Ticket, _reader: Person) -> Content | None:
    """What else the same person asked for."""
    found = queries.other_requests(session, ticket, most=OTHER_REQUESTS)
    if not found:
        return None
    return Content("tickets/panels/others.html", {"tickets": found}, title=_("Other requests"))


@panel("links", order=65, is_open=False)
def linked(session: Session, ticket: Ticket, reader: Person) -> Content | None:
    """Tickets that go together with this one."""
    chain, found = links.chain(session, ticket), links.linked(session, ticket)
    may_change = reader.has_role(*CHANGING)
    if not (chain or found or may_change):
        return None
    values = {"chain": chain, "linked": found, "may_change": may_change}
    count = len(chain) + len(found)
    return Content("tickets/panels/links.html", values, title=_("Linked requests"), note=str(count) if count else "")


@panel("history", order=90, is_open=False)
def happened(_session: Session, _ticket: Ticket, _reader: Person) -> Content:
    """Who did what, read when it is opened."""
    return Content("tickets/panels/history.html", {}, title=_("History"))


@history.history_source("steps")
def steps(session: Session, ticket: Ticket, reader: Person, until: datetime, most: int) -> list[Happening]:
    """Steps of the ticket's processes that people completed."""
    subject = ticket.process_subject
    found = select(UserTask).where(
        UserTask.subject_kind == subject.kind,
        UserTask.subject_id == subject.id,
        UserTask.state == TaskState.COMPLETED,
        UserTask.completed_at <= until,
    )
    newest = session.scalars(found.order_by(UserTask.completed_at.desc(), UserTask.id.desc()).limit(most))
    return [
        Happening(
            at=task.completed_at or task.opened_at,
            key=task.id,
            words=_("Step completed: %(step)s", step=translated(task.name, str(reader.language))),
            icon="checklist",
            who_id=task.completed_by_id,
        )
        for task in newest
    ]
