"""What a diagram may do to a ticket. Every operation also works where the subject belongs to a ticket."""

from __future__ import annotations

from marshmallow import Schema, fields

from app.engine.operations import Call, operation
from app.people import queries as people
from app.people.models import Person
from app.tickets import service
from app.tickets.models import Ticket
from app.tickets.subjects import ticket_of


class Nothing(Schema):
    """No parameters."""


class TeamKey(Schema):
    """A team, by what diagrams call it."""

    team = fields.String(required=True, metadata={"title": "Team key", "title:ro": "Cheia echipei"})


class StateKey(Schema):
    """A state of the list."""

    state = fields.String(required=True, metadata={"title": "State key", "title:ro": "Cheia stării"})


class PersonId(Schema):
    """Somebody at the desk."""

    person = fields.Integer(required=True, allow_none=True, metadata={"title": "Person", "title:ro": "Persoana"})


class Words(Schema):
    """A text and who says it."""

    text = fields.String(required=True, allow_none=True, metadata={"title": "Text", "title:ro": "Text"})
    author = fields.Integer(
        load_default=None, allow_none=True, metadata={"title": "Author (person)", "title:ro": "Autor (persoana)"}
    )


class Answer(Words):
    """What the customer is told."""

    files = fields.List(
        fields.String(),
        load_default=None,
        allow_none=True,
        metadata={"title": "Files (documents of the author)", "title:ro": "Fișiere (documente ale autorului)"},
    )


class Reason(Schema):
    """Why."""

    reason = fields.String(load_default="", allow_none=True, metadata={"title": "Reason", "title:ro": "Motiv"})


@operation("ticket.assign_to_team", TeamKey, result=TeamKey)
def assign_to_team(call: Call, *, team: str) -> dict[str, str]:
    """Hand the ticket to a team. Returns `team`: the key of the team now responsible."""
    service.assign_to_team(call.session, _ticket(call), people.get_team(call.session, team), by=None)
    return {"team": team}


@operation("ticket.assign_to_person", PersonId)
def assign_to_person(call: Call, *, person: int | None) -> None:
    """Make a person responsible for the ticket; nobody in particular when `person` is empty."""
    service.assign_to_person(call.session, _ticket(call), _person(call, person), by=None)


@operation("ticket.take_over", PersonId)
def take_over(call: Call, *, person: int | None) -> None:
    """Let a person begin to work: they become responsible and the ticket is in progress."""
    who = _person(call, person)
    if who is None:
        service.change_state(call.session, _ticket(call), "in_progress", by=None)
    else:
        service.take_over(call.session, _ticket(call), who, by=who)


@operation("ticket.change_state", StateKey)
def change_state(call: Call, *, state: str) -> None:
    """Move the ticket to a state of the list; the state's category pauses, resumes or stops the clocks."""
    service.change_state(call.session, _ticket(call), state, by=None)


@operation("ticket.reply", Answer)
def reply(call: Call, *, text: str | None, author: int | None, files: list[str] | None) -> None:
    """Answer the customer in somebody's name; an empty text sends nothing.

    `files` are documents that the author put on the ticket, as a form's file field gives them: they go with the answer.
    """
    if text and text.strip():
        service.reply(call.session, _ticket(call), text, author=_person(call, author), files=files or ())


@operation("ticket.note", Words)
def note(call: Call, *, text: str | None, author: int | None) -> None:
    """Write something down that only staff read; an empty text writes nothing."""
    if text and text.strip():
        service.add_note(call.session, _ticket(call), text, author=_person(call, author))


@operation("ticket.resolve", Nothing)
def resolve(call: Call) -> None:
    """Say that the work is done; the customer may still confirm or reopen."""
    service.resolve(call.session, _ticket(call), by=None)


@operation("ticket.close", Nothing)
def close(call: Call) -> None:
    """Put the ticket away; a closed or cancelled ticket stays as it is."""
    service.close(call.session, _ticket(call), by=None)


@operation("ticket.cancel", Reason)
def cancel(call: Call, *, reason: str | None) -> None:
    """Cancel the ticket; a cancelled ticket stays as it is."""
    service.cancel(call.session, _ticket(call), reason or "", by=None)


@operation("ticket.reopen", Nothing)
def reopen(call: Call) -> None:
    """Open a resolved ticket again; an open ticket stays as it is."""
    service.reopen(call.session, _ticket(call), by=None)


def _ticket(call: Call) -> Ticket:
    return ticket_of(call.session, call.subject)


def _person(call: Call, person_id: int | None) -> Person | None:
    return people.get_person(call.session, person_id) if person_id is not None else None
