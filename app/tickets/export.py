"""A ticket as JSON: everything the desk knows about it, for commands and scripts.

Higher features add their own part with `@section("clocks")`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from app.people.models import Person
from app.tickets import queries
from app.tickets.models import Message, Ticket

Section = Callable[[Session, Ticket], object]

_SECTIONS: Final[dict[str, Section]] = {}


def section(name: str) -> Callable[[Section], Section]:
    """Register a part of a ticket's JSON: `function(session, ticket)` returns plain JSON values."""

    def register(function: Section) -> Section:
        _SECTIONS[name] = function
        return function

    return register


def summary(ticket: Ticket) -> dict[str, Any]:
    """The fields of a ticket as a list shows them; moments are ISO 8601 in UTC."""
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "type": ticket.type_key,
        "priority": str(ticket.priority),
        "state": ticket.state_key,
        "category": ticket.category.value,
        "channel": str(ticket.channel),
        "language": str(ticket.language),
        "customer": ticket.customer.name,
        "requester": _person(ticket.requester),
        "team": ticket.team.key if ticket.team else None,
        "assignee": _person(ticket.assignee),
        "opened_at": _moment(ticket.opened_at),
        "updated_at": _moment(ticket.updated_at),
        "first_replied_at": _moment(ticket.first_replied_at),
        "resolved_at": _moment(ticket.resolved_at),
        "closed_at": _moment(ticket.closed_at),
    }


def complete(session: Session, ticket: Ticket) -> dict[str, Any]:
    """All of a ticket: fields, conversation with what only staff read, open tasks, instances, and others' sections."""
    # Imported here: a list of tickets needs no engine.
    from app.engine import queries as engine

    subject = ticket.process_subject
    return {
        **summary(ticket),
        "contract": ticket.contract.number if ticket.contract else None,
        "previous_ticket": ticket.previous_ticket.number if ticket.previous_ticket else None,
        "following_tickets": [each.number for each in queries.following(session, ticket)],
        "reopened_count": ticket.reopened_count,
        "participants": [_person(each) for each in queries.participants(session, ticket)],
        "conversation": [_message(each) for each in queries.conversation(session, ticket, for_customer=False)],
        "open_tasks": [
            {
                "uuid": task.uuid,
                "element": task.element,
                "name": task.name,
                "form": task.form,
                "assignee_id": task.assignee_id,
                "due_at": _moment(task.due_at),
                "instance_id": task.instance_id,
            }
            for task in engine.open_tasks(session, subject)
        ],
        "instances": [
            {"id": each.id, "state": str(each.state), "started_at": _moment(each.started_at)}
            for each in engine.instances_of(session, subject)
        ],
        **{name: function(session, ticket) for name, function in _SECTIONS.items()},
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "uuid": message.uuid,
        "kind": str(message.kind),
        "channel": str(message.channel),
        "author": _person(message.author),
        "is_public": message.is_public,
        "text": message.text,
        "sent_at": _moment(message.sent_at),
        "mail_message_id": message.mail_message_id,
    }


def _person(person: Person | None) -> dict[str, Any] | None:
    return {"id": person.id, "name": person.name, "email": person.email} if person else None


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
