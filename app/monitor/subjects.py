"""From what instances are about to the tickets behind it, and to the other instances about the same ticket."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, contains_eager, defer, joinedload

from app.engine.models import ProcessInstance
from app.engine.subject import Subject
from app.escalations.around import about, subjects_around
from app.escalations.models import Escalation
from app.sql import at_most
from app.tickets.models import Ticket
from app.worklog.models import WorkEntry

MOST_RELATED = 20


def tickets_of(session: Session, subjects: Iterable[Subject]) -> dict[Subject, Ticket]:
    """The ticket behind each subject: itself, that of a work entry, or that of an escalation."""
    by_kind: dict[str, set[int]] = {}
    for subject in subjects:
        by_kind.setdefault(subject.kind, set()).add(subject.id)
    ticket_ids = {Subject("ticket", each): each for each in by_kind.get("ticket", ())}
    for kind, model in (("work_entry", WorkEntry), ("escalation", Escalation)):
        wanted = by_kind.get(kind)
        if wanted:
            pairs = session.execute(select(model.id, model.ticket_id).where(model.id.in_(wanted)))
            ticket_ids.update({Subject(kind, own_id): ticket_id for own_id, ticket_id in pairs})
    wanted_ids = set(ticket_ids.values())
    found = session.scalars(select(Ticket).where(Ticket.id.in_(wanted_ids)).options(joinedload(Ticket.customer)))
    tickets = {ticket.id: ticket for ticket in found}
    return {subject: tickets[ticket_id] for subject, ticket_id in ticket_ids.items() if ticket_id in tickets}


def ticket_of(session: Session, subject: Subject) -> Ticket | None:
    """The ticket behind one subject."""
    return tickets_of(session, [subject]).get(subject)


def related(session: Session, instance: ProcessInstance, ticket: Ticket | None) -> list[ProcessInstance]:
    """The other instances about the same ticket (its own, those of work on it, of its escalations), newest first."""
    kind, key = ProcessInstance.subject_kind, ProcessInstance.subject_id
    same = and_(kind == instance.subject_kind, key == instance.subject_id)
    if ticket is not None:
        same = about(kind, key, subjects_around(session, [ticket.id]))
    query = (
        select(ProcessInstance)
        .join(ProcessInstance.definition)
        .options(defer(ProcessInstance.blob), contains_eager(ProcessInstance.definition))
        .where(same, ProcessInstance.id != instance.id)
    )
    return list(session.scalars(query.order_by(ProcessInstance.id.desc()).limit(at_most(MOST_RELATED))))
