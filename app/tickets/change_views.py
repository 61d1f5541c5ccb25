"""What may be done to a ticket on its page: hand it over, change it, cancel it, link it, and take that back."""

from __future__ import annotations

from collections.abc import Callable

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.contracts import queries as contracts
from app.contracts.models import Customer
from app.db import db
from app.errors import InvalidInput, NotFound
from app.people import queries as people
from app.people.current import current_person
from app.tickets import links, queries, schemas, service, undoing
from app.tickets.blueprint import blueprint
from app.tickets.flashes import with_button
from app.tickets.models import Ticket
from app.tickets.page_views import back_to, loaded, ticket_named, ticket_page


@blueprint.post("/<number>/assign")
def assign(number: str) -> ResponseReturnValue:
    """Hand the ticket to a team, to somebody, or to nobody in particular."""
    session, person, ticket = db.session(), current_person(), ticket_named(number)
    sent = loaded(schemas.Assignment())
    if not (sent["team"] or sent["person"]):
        return back_to(ticket, _("Nothing was chosen, so it stays as it is."))
    before = undoing.values_of(ticket)
    if sent["team"]:
        service.assign_to_team(session, ticket, people.get_team(session, sent["team"]), by=person)
    if sent["person"] == "nobody":
        service.assign_to_person(session, ticket, None, by=person)
    elif sent["person"]:
        service.assign_to_person(session, ticket, people.get_person(session, int(sent["person"])), by=person)
    who = ticket.assignee.name if ticket.assignee else ticket.team.name if ticket.team else _("nobody")
    return back_to(ticket, _undoable(_("Assigned to %(who)s.", who=who), ticket, before))


@blueprint.post("/<number>/change")
def change(number: str) -> ResponseReturnValue:
    """Change the priority, the type or the customer; the clocks follow."""

    def act(ticket: Ticket) -> str | Markup:
        session, person = db.session(), current_person()
        sent, before = loaded(schemas.Change()), undoing.values_of(ticket)
        if sent["priority"]:
            service.change_priority(session, ticket, sent["priority"], by=person)
        if sent["type"]:
            service.change_type(session, ticket, sent["type"], by=person)
        # Of two customers with one name, the one that it is stays.
        named = sent["customer"].strip()
        if named and named != ticket.customer.name:
            service.change_customer(session, ticket, _customer(session, named), by=person)
        return _undoable(_("Changed. The deadlines follow."), ticket, before)

    return _done_or_shown_again(number, "change", act)


def _customer(session: Session, named: str) -> Customer:
    customer_id = queries.customer_named(session, named)
    if not customer_id:
        words = _("There is no customer “%(name)s”. Choose one of those that are offered while you type.", name=named)
        raise InvalidInput(words, {"customer": [words]})
    return contracts.get_customer(session, customer_id)


@blueprint.post("/<number>/subject")
def rename(number: str) -> ResponseReturnValue:
    """Call the ticket otherwise."""

    def act(ticket: Ticket) -> str | Markup:
        before = undoing.values_of(ticket)
        service.change_subject(db.session(), ticket, request.form.get("subject", ""), by=current_person())
        return _undoable(_("The subject is changed."), ticket, before)

    return _done_or_shown_again(number, "subject", act)


@blueprint.post("/<number>/undo")
def undo(number: str) -> ResponseReturnValue:
    """Give the fields of a change the values they had, unless somebody changed them again."""
    ticket, sent = ticket_named(number), request.form
    changed = {
        name: (sent[f"was_{name}"], sent.get(f"is_{name}", "")) for name in undoing.FIELDS if f"was_{name}" in sent
    }
    undoing.put_back(db.session(), ticket, changed, by=current_person())
    return back_to(ticket, _("It is as it was before."))


@blueprint.post("/<number>/reopen")
def reopen(number: str) -> ResponseReturnValue:
    """Open a solved or closed ticket again; a closed one begins a new process."""
    ticket = ticket_named(number)
    service.reopen(db.session(), ticket, by=current_person())
    return back_to(ticket, _("%(number)s is open again.", number=ticket.number))


@blueprint.post("/<number>/cancel")
def cancel(number: str) -> ResponseReturnValue:
    """End a request that is not wanted any more."""

    def act(ticket: Ticket) -> str:
        service.cancel(db.session(), ticket, loaded(schemas.Cancellation())["reason"], by=current_person())
        return str(_("%(number)s is cancelled.", number=ticket.number))

    return _done_or_shown_again(number, "cancel", act)


@blueprint.post("/<number>/links")
def link_other(number: str) -> ResponseReturnValue:
    """Say that another ticket goes together with this one."""

    def act(ticket: Ticket) -> str | Markup:
        other = _other(request.form.get("number", ""))
        links.link(db.session(), ticket, other, by=current_person())
        return str(_("Linked with %(number)s.", number=other.number))

    return _done_or_shown_again(number, "links", act)


@blueprint.post("/<number>/links/<other>/remove")
def unlink_other(number: str, other: str) -> ResponseReturnValue:
    """Say that another ticket does not go together with this one."""
    ticket, gone = ticket_named(number), ticket_named(other)
    links.unlink(db.session(), ticket, gone, by=current_person())
    said = _("No longer linked with %(number)s.", number=gone.number)
    target = url_for(".link_other", number=ticket.number)
    return back_to(ticket, with_button(said, target, _("Undo"), {"number": gone.number}))


def _other(written: str) -> Ticket:
    """The ticket that somebody named in the form of links.

    Raises:
        InvalidInput: there is none for them.
    """
    message = _("Write the number of another request, such as S-10482.")
    if not written.strip():
        raise InvalidInput(message, {"number": [message]})
    try:
        return queries.by_number(db.session(), written.strip()[:40], seen_by=current_person())
    except NotFound:
        message = _("There is no request with this number.")
        raise InvalidInput(message, {"number": [message]}) from None


def _done_or_shown_again(number: str, form: str, act: Callable[[Ticket], str | Markup]) -> ResponseReturnValue:
    """Do something; what is wrong with it stands at its form, with what was typed."""
    try:
        ticket = ticket_named(number)
        return back_to(ticket, act(ticket))
    except InvalidInput as error:
        db.session().rollback()
        return ticket_page(
            ticket_named(number), request.form.to_dict(), {form: error.errors or {"": [str(error)]}}
        ), 422


def _undoable(said: str, ticket: Ticket, before: undoing.Values) -> str | Markup:
    """What was done, with a button that takes it back; without one when nothing changed."""
    changed = undoing.changes(before, undoing.values_of(ticket))
    if not changed:
        return said
    fields = {f"was_{name}": was for name, (was, _is) in changed.items()}
    fields |= {f"is_{name}": now for name, (_was, now) in changed.items()}
    return with_button(said, url_for(".undo", number=ticket.number), _("Undo"), fields)
