"""What diagrams may tell people. Each call is a notice in the desk and a mail, once for each person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from marshmallow import Schema, fields, validate

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


class TemplateAndPeople(Template):
    """Which text is sent, and the words for those who get it."""

    to = fields.List(
        fields.String(validate=validate.OneOf(sorted(recipients.WORDS))),
        required=True,
        validate=validate.Length(min=1),
        metadata={"title": "Who is told"},
    )


class TemplateAndPerson(Template):
    """Which text is sent to whom; nobody is told when there is no such person."""

    person = fields.Integer(required=True, allow_none=True, metadata={"title": "Person"})


def _tell(call: Call, template: str, ticket: Ticket, readers: Sequence[Person]) -> None:
    step = f"{call.instance_id}:{call.element}:{call.visit}"[:200]
    service.notify(call.session, readers, template, ticket=ticket, subject=call.subject, step=step)


def _tell_staff(call: Call, template: str, words: Iterable[str]) -> None:
    ticket = ticket_of(call.session, call.subject)
    _tell(call, template, ticket, recipients.staff(call.session, ticket, call.subject, words))


@operation("notify.customer", Template)
def tell_customer(call: Call, *, template: str) -> None:
    """Tell the person who asked for the ticket, in their language."""
    ticket = ticket_of(call.session, call.subject)
    _tell(call, template, ticket, [ticket.requester])


@operation("notify.staff", TemplateAndPeople)
def tell_staff(call: Call, *, template: str, to: list[str]) -> None:
    """Tell colleagues, each once: assignee, team, team_if_unassigned, team_lead, responsible, managers, approvers,
    asker and receiver of an escalation, author of a work entry. When the words mean nobody, the managers are told.
    """
    _tell_staff(call, template, to)


@operation("notify.team", Template)
def tell_team(call: Call, *, template: str) -> None:
    """Tell everybody in the ticket's team; the managers when it has no team."""
    _tell_staff(call, template, ["team"])


@operation("notify.assignee", Template)
def tell_assignee(call: Call, *, template: str) -> None:
    """Tell whoever has the ticket; its team when nobody does."""
    _tell_staff(call, template, ["assignee", "team_if_unassigned"])


@operation("notify.managers", Template)
def tell_managers(call: Call, *, template: str) -> None:
    """Tell the managers."""
    _tell_staff(call, template, ["managers"])


@operation("notify.responsible", Template)
def tell_responsible(call: Call, *, template: str) -> None:
    """Tell the person responsible for the contract or the customer; the managers when there is none."""
    _tell_staff(call, template, ["responsible"])


@operation("notify.approvers", Template)
def tell_approvers(call: Call, *, template: str) -> None:
    """Tell those who may decide about the work entry or the escalation, never whoever asked for it."""
    _tell_staff(call, template, ["approvers"])


@operation("notify.person", TemplateAndPerson)
def tell_person(call: Call, *, person: int | None, template: str) -> None:
    """Tell one person; nobody when there is none (a passed deadline asks for no answer)."""
    if person is not None:
        readers = [people.get_person(call.session, person)]
        _tell(call, template, ticket_of(call.session, call.subject), readers)
