"""A request taken down by staff.

The other screens of tickets have files of their own: the list `list_views`, `saved_view_views` and `bulk_views`, the
page of a ticket `page_views` and `change_views`.
"""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.contracts import queries as contracts
from app.contracts import service as contracts_service
from app.contracts.models import Customer
from app.db import db
from app.errors import Conflict, InvalidInput
from app.people.current import current_person
from app.people.models import Person
from app.tickets import bulk_views, change_views, list_trail, list_views, page_views, saved_view_views, schemas, service
from app.tickets.blueprint import blueprint
from app.tickets.models import Ticket
from app.tickets.page_views import choices, loaded

# Importing them registers them.
OWN_VIEWS = (list_views.index, bulk_views.bulk, saved_view_views.save_view, page_views.show, change_views.assign)
OWN_LISTS = (list_trail.tickets_of_list,)


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """The form for a request that came by phone, in person or in a chat."""
    return _new_form({"channel": "phone", "type": "incident"}, {})


@blueprint.post("/new")
def add() -> ResponseReturnValue:
    """Take a request down; an address the desk does not know yet becomes a contact."""
    session, person = db.session(), current_person()
    try:
        sent = loaded(schemas.NewTicket())
        ticket = _open(sent, person)
    except (InvalidInput, Conflict) as error:
        session.rollback()
        # The address of a colleague, or of somebody who is being added right now: told at the form, nothing is lost.
        errors = error.errors if isinstance(error, InvalidInput) else {"email": [error.message]}
        return _new_form(request.form.to_dict(), errors or {"": [error.message]}), 422
    flash(_("%(number)s is open; its process has begun.", number=ticket.number))
    return redirect(url_for(".show", number=ticket.number))


def _open(sent: dict[str, Any], person: Person) -> Ticket:
    session = db.session()
    wanted: Customer | None = None
    if sent["customer"] is not None:
        wanted = contracts.get_customer(session, sent["customer"])
    contact = contracts_service.contact_for_address(session, sent["email"], sent["name"])
    if wanted is not None and contact.customer.is_unknown:
        contracts_service.move_contact(session, contact, wanted)
    return service.open_ticket(
        session,
        subject=sent["subject"],
        text=sent["text"],
        requester=contact.person,
        channel=sent["channel"],
        type_key=sent["type"],
        priority=sent["priority"],
        customer=wanted,
        by=person,
    )


def _new_form(values: dict[str, str], errors: dict[str, list[str]]) -> str:
    return render_template(
        "tickets/new.html", values=values, errors=errors, choices=choices(), channels=schemas.TAKEN_DOWN_BY
    )
