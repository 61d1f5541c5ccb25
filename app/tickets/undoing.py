"""Taking back what was just done to a ticket: its values before, as long as nobody has changed them again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy.orm import Session

from app.contracts import queries as contracts
from app.errors import Conflict
from app.people import queries as people
from app.people.models import Person
from app.texts import gettext as _
from app.tickets import service
from app.tickets.models import Ticket

FIELDS: Final = ("team", "person", "priority", "type", "customer", "subject")
Values = Mapping[str, str]


def values_of(ticket: Ticket) -> dict[str, str]:
    """What can be taken back, as texts; empty for no team and nobody."""
    return {
        "team": ticket.team.key if ticket.team else "",
        "person": str(ticket.assignee_id or ""),
        "priority": str(ticket.priority),
        "type": ticket.type_key,
        "customer": str(ticket.customer_id),
        "subject": ticket.subject,
    }


def changes(before: Values, after: Values) -> dict[str, tuple[str, str]]:
    """(before, after) of the fields that differ."""
    return {name: (before[name], after[name]) for name in FIELDS if before[name] != after[name]}


def put_back(session: Session, ticket: Ticket, changed: Mapping[str, tuple[str, str]], *, by: Person) -> None:
    """Give fields the values they had.

    Args:
        changed: (before, after) by field; unknown fields are passed over.

    Raises:
        Conflict: one of them was changed again since; then none is put back.
    """
    wanted = {name: pair for name, pair in changed.items() if name in FIELDS}
    now = values_of(ticket)
    if any(now[name] != after for name, (_before, after) in wanted.items()):
        raise Conflict(_("%(number)s was changed again since; it stays as it is.", number=ticket.number))
    for name in FIELDS:
        if name in wanted and wanted[name][0] != values_of(ticket)[name]:
            _give(session, ticket, name, wanted[name][0], by)


def _give(session: Session, ticket: Ticket, name: str, value: str, by: Person) -> None:
    if name == "team":
        if value:
            service.assign_to_team(session, ticket, people.get_team(session, value), by=by)
        else:
            service.take_from_team(session, ticket, by=by)
    elif name == "person":
        person = people.get_person(session, int(value)) if value.isdecimal() else None
        service.assign_to_person(session, ticket, person, by=by)
    elif name == "priority":
        service.change_priority(session, ticket, value, by=by)
    elif name == "type":
        service.change_type(session, ticket, value, by=by)
    elif name == "customer" and value.isdecimal():
        service.change_customer(session, ticket, contracts.get_customer(session, int(value)), by=by)
    elif name == "subject":
        service.change_subject(session, ticket, value, by=by)
