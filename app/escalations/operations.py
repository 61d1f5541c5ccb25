"""What diagrams may do with escalations."""

from __future__ import annotations

from marshmallow import Schema, fields

from app.engine.operations import Call, operation
from app.escalations import queries, service
from app.escalations.models import Escalation, EscalationKind
from app.people import queries as people
from app.people.models import Person
from app.tickets import service as tickets
from app.tickets.subjects import ticket_of


class Request(Schema):
    """Why, who wants it, and for which skill."""

    reason = fields.String(required=True, allow_none=True, metadata={"title": "Reason"})
    kind = fields.Enum(EscalationKind, by_value=True, load_default=EscalationKind.ASKED, metadata={"title": "Kind"})
    skill = fields.String(load_default=None, allow_none=True, metadata={"title": "Skill key"})
    by = fields.Integer(load_default=None, allow_none=True, metadata={"title": "Asked by (person)"})


class Requested(Schema):
    """The escalation that is now open."""

    escalation = fields.Integer(required=True, allow_none=True)


class Target(Schema):
    """Where to look for a receiver."""

    team = fields.String(load_default=None, allow_none=True, metadata={"title": "Team key"})
    skill = fields.String(load_default=None, allow_none=True, metadata={"title": "Skill key"})


class Decision(Schema):
    """Who decided, and why."""

    by = fields.Integer(required=True, allow_none=True, metadata={"title": "Decided by (person)"})
    reason = fields.String(load_default="", allow_none=True, metadata={"title": "Reason"})


class By(Schema):
    """Who does it."""

    by = fields.Integer(load_default=None, allow_none=True, metadata={"title": "Person"})


class Nothing(Schema):
    """No parameters."""


@operation("escalation.request", Request, result=Requested)
def request(
    call: Call, *, reason: str | None, kind: EscalationKind, skill: str | None, by: int | None
) -> dict[str, int | None]:
    """Ask that somebody else take the ticket. While an escalation is open it joins that one.

    Returns `escalation`: the id of the escalation that is now open; None when a deadline asks for a resolved ticket.
    """
    ticket = ticket_of(call.session, call.subject)
    if kind is EscalationKind.OVERDUE and ticket.is_resolved:
        return {"escalation": None}
    asker = _person(call, by if by is not None else call.by_id) if kind is EscalationKind.ASKED else None
    present = queries.open_escalation(call.session, ticket.id)
    if present is not None:
        # The process waits for the decision either way; the second reason must not be lost.
        if kind is EscalationKind.ASKED and reason and reason.strip():
            tickets.add_note(call.session, ticket, reason, author=asker)
        return {"escalation": present.id}
    escalation = service.request(call.session, ticket, reason=reason or "", kind=kind, skill=skill or None, by=asker)
    return {"escalation": escalation.id}


@operation("escalation.choose_target", Target)
def choose_target(call: Call, *, team: str | None, skill: str | None) -> None:
    """Find who could take the ticket: the best level of the skill, then the fewest open tickets, else the team."""
    named = people.get_team(call.session, team) if team else None
    service.choose_target(call.session, _escalation(call), team=named, skill=skill or None)


@operation("escalation.approve", Decision)
def approve(call: Call, *, by: int | None, reason: str | None) -> None:
    """Agree that the ticket may go to the chosen receiver."""
    service.approve(call.session, _escalation(call), by=_person(call, by), reason=reason)


@operation("escalation.refuse", Decision)
def refuse(call: Call, *, by: int | None, reason: str | None) -> None:
    """Keep the ticket where it is; the reason becomes an internal note."""
    service.refuse(call.session, _escalation(call), by=_person(call, by), reason=reason or "")


@operation("escalation.accept", By)
def accept(call: Call, *, by: int | None) -> None:
    """Take the ticket: it moves to the receiving team and person."""
    service.accept(call.session, _escalation(call), by=_person(call, by))


@operation("escalation.decline", Decision)
def decline(call: Call, *, by: int | None, reason: str | None) -> None:
    """Send the ticket back as the receiver; the reason becomes an internal note."""
    service.decline(call.session, _escalation(call), by=_person(call, by), reason=reason or "")


@operation("escalation.report_back", Nothing)
def report_back(call: Call) -> None:
    """Tell the ticket's process how the escalation ended (message `escalation_decided`)."""
    service.report_back(call.session, _escalation(call))


def _escalation(call: Call) -> Escalation:
    return queries.get(call.session, call.subject.id)


def _person(call: Call, person_id: int | None) -> Person | None:
    return people.get_person(call.session, person_id) if person_id is not None else None
