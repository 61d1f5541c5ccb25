"""What diagrams may tell people. Each call is a notice in the desk and a mail, once for each person."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from app.engine.operations import Call, operation
from app.notifications import recipients, rendering, service
from app.people import queries as people
from app.people.models import Person
from app.tickets.models import Ticket
from app.tickets.subjects import ticket_of


class Template(Schema):
    """Which text is sent."""

    template = fields.String(
        required=True, validate=validate.OneOf(rendering.names()), metadata={"title": "Text to send"}
    )


class PersonAndTemplate(Template):
    """Who gets it, and which text."""

    person = fields.Integer(required=True, allow_none=True, metadata={"title": "Person"})


def _tell(call: Call, template: str, find: Callable[[Session, Ticket], Sequence[Person]]) -> None:
    ticket = ticket_of(call.session, call.subject)
    service.notify(
        call.session,
        find(call.session, ticket),
        template,
        ticket=ticket,
        subject=call.subject,
        step=f"{call.instance_id}:{call.element}"[:200],
    )


@operation("notify.customer", Template)
def tell_customer(call: Call, *, template: str) -> None:
    """Tell the person who asked for the ticket, in their language."""
    _tell(call, template, lambda session, ticket: [ticket.requester])


@operation("notify.team", Template)
def tell_team(call: Call, *, template: str) -> None:
    """Tell everybody in the ticket's team; the managers when it has no team."""
    _tell(call, template, recipients.team_of)


@operation("notify.assignee", Template)
def tell_assignee(call: Call, *, template: str) -> None:
    """Tell whoever has the ticket; its team when nobody does."""
    _tell(call, template, recipients.assignee_of)


@operation("notify.managers", Template)
def tell_managers(call: Call, *, template: str) -> None:
    """Tell the managers."""
    _tell(call, template, lambda session, ticket: people.managers(session))


@operation("notify.responsible", Template)
def tell_responsible(call: Call, *, template: str) -> None:
    """Tell the person responsible for the contract or the customer; the managers when there is none."""
    _tell(call, template, recipients.responsible_for)


@operation("notify.approvers", Template)
def tell_approvers(call: Call, *, template: str) -> None:
    """Tell those who may decide about the work entry or the escalation, never whoever asked for it."""
    _tell(call, template, lambda session, ticket: recipients.approvers_of(session, ticket, call.subject))


@operation("notify.person", PersonAndTemplate)
def tell_person(call: Call, *, person: int | None, template: str) -> None:
    """Tell one person; nobody when there is none (a passed deadline asks for no answer)."""
    if person is not None:
        _tell(call, template, lambda session, ticket: [people.get_person(session, person)])
