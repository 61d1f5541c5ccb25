"""The ticket page and what may be done on it.

The list has files of its own (`list_views`, `saved_view_views`, `bulk_views`), and so has taking a request down
(`new_views`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone
from flask_babel import gettext as _
from marshmallow import Schema, ValidationError

from app.contracts import queries as contracts
from app.db import db
from app.errors import InvalidInput
from app.people import queries as people
from app.people.current import current_person
from app.people.models import Role
from app.tickets import (
    bulk_views,
    conversation,
    lines,
    list_views,
    new_views,
    page_panels,
    panels,
    queries,
    saved_view_views,
    schemas,
    service,
    tag_views,
)
from app.tickets.blueprint import blueprint
from app.tickets.models import Message, MessageKind, Priority, Ticket
from app.tickets.panels import Slot
from app.uploads import takes_files

# Importing them registers them.
OWN_PANELS = (page_panels.hours, page_panels.contract, page_panels.where_it_is, page_panels.history, tag_views.tags)
OWN_VIEWS = (list_views.index, bulk_views.bulk, saved_view_views.save_view, new_views.new)
Errors = Mapping[str, list[str]]


@blueprint.get("/<number>")
def show(number: str) -> ResponseReturnValue:
    """The ticket: both clocks, the conversation, the tasks that wait, and what every feature knows about it."""
    return ticket_page(_ticket(number))


def ticket_page(
    ticket: Ticket, typed: Mapping[str, str] | None = None, problems: Mapping[str, Errors] | None = None
) -> str:
    """The page of a ticket.

    Args:
        typed: what was sent by a form of the page that has to be looked at again, by field.
        problems: what is wrong with it: errors by field, under the name of the form (`note`, `documents`).
    """
    session, person = db.session(), current_person()
    messages = queries.conversation(session, ticket, for_customer=False)
    slots = panels.drawn(session, ticket, person)
    may_change = person.has_role(Role.AGENT, Role.TEAM_LEAD, Role.MANAGER)
    return render_template(
        "tickets/show.html",
        ticket=ticket,
        blocks=_blocks(messages, str(person.language)),
        waiting=queries.oldest_unanswered(session, ticket.id),
        attachments=panels.attachments_of(session, ticket),
        participants=queries.participants(session, ticket),
        following=queries.following(session, ticket),
        clocks=slots[Slot.CLOCKS],
        work=slots[Slot.WORK],
        side=slots[Slot.SIDE],
        may_change=may_change,
        choices=_choices() if may_change else None,
        typed=typed or {},
        problems=problems or {},
    )


@blueprint.post("/<number>/note")
@takes_files
def note(number: str) -> ResponseReturnValue:
    """Write an internal note, with files if there are any."""
    session, person, ticket = db.session(), current_person(), _ticket(number)
    try:
        written = conversation.add_note(session, ticket, _loaded(schemas.Note())["text"], author=person)
        panels.attach_files(session, written, request.files.getlist("files"), person)
    except InvalidInput as error:
        session.rollback()
        return ticket_page(_ticket(number), request.form.to_dict(), {"note": error.errors}), 422
    flash(_("Note added. Only staff read it."))
    return _back(ticket)


@blueprint.post("/<number>/assign")
def assign(number: str) -> ResponseReturnValue:
    """Hand the ticket to a team, to somebody, or to nobody in particular."""
    session, person, ticket = db.session(), current_person(), _ticket(number)
    sent = _loaded(schemas.Assignment())
    if not (sent["team"] or sent["person"]):
        flash(_("Nothing was chosen, so it stays as it is."))
        return _back(ticket)
    if sent["team"]:
        service.assign_to_team(session, ticket, people.get_team(session, sent["team"]), by=person)
    if sent["person"] == "nobody":
        service.assign_to_person(session, ticket, None, by=person)
    elif sent["person"]:
        service.assign_to_person(session, ticket, people.get_person(session, int(sent["person"])), by=person)
    who = ticket.assignee.name if ticket.assignee else ticket.team.name if ticket.team else _("nobody")
    flash(_("Assigned to %(who)s.", who=who))
    return _back(ticket)


@blueprint.post("/<number>/change")
def change(number: str) -> ResponseReturnValue:
    """Change the priority, the type or the customer; the clocks follow."""
    session, person, ticket = db.session(), current_person(), _ticket(number)
    sent = _loaded(schemas.Change())
    if sent["priority"]:
        service.change_priority(session, ticket, sent["priority"], by=person)
    if sent["type"]:
        service.change_type(session, ticket, sent["type"], by=person)
    if sent["customer"] is not None:
        service.change_customer(session, ticket, contracts.get_customer(session, sent["customer"]), by=person)
    flash(_("Changed. The deadlines follow."))
    return _back(ticket)


@blueprint.post("/<number>/cancel")
def cancel(number: str) -> ResponseReturnValue:
    """End a request that is not wanted any more."""
    ticket = _ticket(number)
    service.cancel(db.session(), ticket, _loaded(schemas.Cancellation())["reason"], by=current_person())
    flash(_("%(number)s is cancelled.", number=ticket.number))
    return _back(ticket)


def _choices() -> dict[str, Any]:
    """What the menus of the ticket page and the new form offer."""
    session = db.session()
    return {
        "teams": people.teams(session),
        "staff": people.everybody(session, staff_only=True),
        "types": queries.request_types(session),
        "customers": contracts.customers(session),
        "priorities": list(Priority),
    }


def _blocks(messages: list[Message], language: str) -> list[tuple[str, list[tuple[Message, str]]]]:
    """The conversation as blocks: single messages, and runs of system lines of one day, each with its words."""
    zone = get_timezone()
    blocks: list[tuple[str, list[tuple[Message, str]]]] = []
    for message in messages:
        is_line = message.kind == MessageKind.SYSTEM
        words = lines.text_in(language, message)
        last = blocks[-1] if blocks else None
        if is_line and last and last[0] == "lines" and _same_day(last[1][0][0], message, zone):
            last[1].append((message, words))
        else:
            blocks.append(("lines" if is_line else "message", [(message, words)]))
    return blocks


def _same_day(one: Message, other: Message, zone: tzinfo) -> bool:
    return one.sent_at.astimezone(zone).date() == other.sent_at.astimezone(zone).date()


def _ticket(number: str) -> Ticket:
    return queries.by_number(db.session(), number, seen_by=current_person())


def _loaded(schema: Schema) -> dict[str, Any]:
    try:
        return dict(schema.load(request.form.to_dict()))
    except ValidationError as error:
        messages = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        first = next((text for texts in messages.values() for text in texts), "")
        raise InvalidInput(_("Some fields need another look: %(first)s", first=first), messages) from error


def _back(ticket: Ticket) -> ResponseReturnValue:
    return redirect(url_for(".show", number=ticket.number))
