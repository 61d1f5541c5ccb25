"""Those who speak for customers: who they are, whom they speak for, whether they may come in."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.contracts import directory, queries, service
from app.contracts.models import Contact
from app.db import db
from app.errors import NotFound
from app.notifications import account_mail
from app.people import authority
from app.people import queries as people
from app.people.current import current_person
from app.settings.blueprint import blueprint
from app.settings.changes import changes_of
from app.settings.leaving import what_happens
from app.settings.people_views import ACTIVE
from app.settings.sent import Sent, number
from app.settings.words import language_names, named_fields
from app.web.access import may_open

DETAILS = ("name", "email", "language", "phone", "customer")


@blueprint.get("/contacts")
def contacts() -> str:
    """Those who speak for customers, by name."""
    session = db.session()
    words, active, customer = request.args.get("q", ""), request.args.get("active", ""), number("customer")
    page = directory.contacts(
        session, words=words, customer_id=customer, active=ACTIVE.get(active, True), after=number("after")
    )
    return render_template(
        "settings/contacts.html",
        page=page,
        q=words,
        customer=customer,
        active=active,
        customers=queries.customers(session),
        languages=language_names(),
    )


@blueprint.get("/contacts/<int:person_id>")
def contact(person_id: int) -> str:
    """One contact."""
    return _contact_page(_contact(person_id), Sent())


@blueprint.post("/contacts/<int:person_id>")
def change_contact(person_id: int) -> ResponseReturnValue:
    """Change a contact's details or customer; all of it or nothing."""
    found, sent = _contact(person_id), Sent.read()
    details = {field: sent.values[field] for field in DETAILS if field in sent.values}
    changed = sent.attempt(lambda: service.change_contact(db.session(), found, details, by=current_person()))
    if changed is None:
        return _contact_page(found, sent), 422
    flash(_("Saved: %(fields)s.", fields=named_fields(changed)) if changed else _("Nothing was different."))
    return redirect(url_for(".contact", person_id=person_id), 303)


def _contact(person_id: int) -> Contact:
    found = queries.contact_of(db.session(), people.get_person(db.session(), person_id))
    if found is None:
        raise NotFound(_("There is no such person."))
    return found


def _contact_page(found: Contact, sent: Sent) -> str:
    session = db.session()
    one = found.person
    known = {"name": one.name, "email": one.email, "language": one.language, "phone": found.phone or ""}
    return render_template(
        "settings/contact.html",
        contact=found,
        one=one,
        values={**known, "customer": str(found.customer_id), **sent.values},
        problems=sent.problems,
        may_change=authority.may_change(one, current_person()),
        is_self=one is current_person(),
        asked=what_happens(session, one).asked,
        customers=[(each.id, each.name) for each in queries.customers(session)],
        languages=language_names(),
        can_be_mailed=account_mail.can_be_mailed(),
        changes=changes_of(session, f"person:{one.id}") if may_open("settings.changes") else [],
    )
