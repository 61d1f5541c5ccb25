"""The form for a request that somebody makes by phone or in person: who asks, what they need, and a draft of it all."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from app.contracts import callers
from app.contracts.callers import NewCaller
from app.contracts.models import Contact
from app.db import db
from app.errors import InvalidInput
from app.people import queries as people
from app.people.current import current_person
from app.people.models import Person
from app.texts import translated
from app.tickets import queries, schemas, taking_down
from app.tickets.blueprint import blueprint
from app.tickets.columns import CHANNELS
from app.tickets.list_choices import customer_names
from app.tickets.lists import PRIORITY_LABELS
from app.tickets.models import Channel, Priority, RequestType
from app.tickets.taking_down import Known, Told

# What the form holds. A program that answers calls may open it with the first four in the address.
FIELDS = (
    "caller", "channel", "requester", "subject", "name", "email", "phone", "company", "filled", "about", "text", "note",
    "type", "priority",
)  # fmt: skip
IN_ADDRESS = FIELDS[:4]
# Of somebody new; `filled` is what the field of the caller was when it was taken over into one of them.
ABOUT_NEW = ("name", "email", "phone")
NEW = "new"
FIND = "find"

Values = dict[str, str]
Errors = dict[str, list[str]]


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """The empty form, or what was typed before and not sent."""
    session, person = db.session(), current_person()
    draft = taking_down.draft_of(session, person)
    asked = {name: request.args[name][:200] for name in IN_ADDRESS if request.args.get(name)}
    values = {**(draft.values if draft else {}), **asked}
    if "caller" in asked and "requester" not in asked:
        values.pop("requester", None)
    return _page(values, {}, saved_at=draft.saved_at if draft else None)


@blueprint.post("/new")
def add() -> ResponseReturnValue:
    """Open the request, or add to the one it is about. Without scripts, the button beside the caller only looks."""
    session, person, typed = db.session(), current_person(), _typed()
    if request.form.get("do") == FIND:
        typed.pop("requester", None)
        taking_down.keep_draft(session, person, typed)
        return _page(typed, {})
    try:
        ticket, is_new = taking_down.take_down(session, _told(typed), by=person)
    except InvalidInput as error:
        session.rollback()
        return _page(typed, error.errors or {"": [error.message]}), 422
    if is_new:
        if ticket.team is None:
            flash(_("%(number)s is open. Take it over below, or leave it to a colleague.", number=ticket.number))
        else:
            words = {"number": ticket.number, "team": ticket.team.name}
            flash(_("%(number)s is open. Take it over below, or leave it to %(team)s.", **words))
    else:
        flash(_("Added to %(number)s.", number=ticket.number))
    return redirect(url_for(".show", number=ticket.number))


@blueprint.get("/new/callers")
def callers_found() -> str:
    """Who is meant by what was typed so far, and what is known of them if they are certain: two parts of the form."""
    session = db.session()
    values = {name: request.args.get(name, "")[:200] for name in FIELDS}
    shown = _found(session, values, keeps_chosen=False)
    known = _known(session, shown["values"])
    return render_template("tickets/new/found.html", errors={}, known=known, **shown)


@blueprint.get("/new/caller")
def caller() -> str:
    """What the desk knows of the chosen caller: a part of the form."""
    values = {name: request.args.get(name, "")[:200] for name in FIELDS}
    return render_template("tickets/new/caller.html", errors={}, values=values, known=_known(db.session(), values))


@blueprint.post("/new/draft")
def keep_new() -> ResponseReturnValue:
    """Keep what was typed so far; the answer says when."""
    draft = taking_down.keep_draft(db.session(), current_person(), _typed())
    return render_template("tickets/new/saved.html", saved_at=draft.saved_at if draft else None)


@blueprint.post("/new/draft/forget")
def forget_new() -> ResponseReturnValue:
    """Begin with an empty form."""
    taking_down.forget_draft(db.session(), current_person())
    return redirect(url_for(".new"))


def _page(values: Values, errors: Errors, saved_at: object = None) -> str:
    session, person = db.session(), current_person()
    shown = _found(session, {"channel": Channel.PHONE.value, **values})
    return render_template(
        "tickets/new.html",
        errors=errors,
        known=_known(session, shown["values"]),
        saved_at=saved_at,
        types=_types(session, person),
        priorities=[
            (str(each), translated(PRIORITY_LABELS[each], str(person.language))) for each in reversed(Priority)
        ],
        channels=[(str(each), str(CHANNELS[each])) for each in schemas.TAKEN_DOWN_BY],
        customers=customer_names(session),
        **shown,
    )


def _found(session: Session, values: Values, *, keeps_chosen: bool = True) -> dict[str, Any]:
    """The contacts to choose from; one who is certain is chosen.

    Args:
        keeps_chosen: whoever was chosen stays so, whatever words stand in the field. While one types, they only do as
            long as they are meant by the words.
    """
    words, chosen = values.get("caller", "").strip(), values.get("requester", "")
    found = list(callers.find(session, words))
    contact = _contact(session, chosen)
    if contact is not None and contact not in found and keeps_chosen:
        found.insert(0, contact)
    # What was only taken over from the field above is not yet said of somebody new.
    said = {name: values[name] for name in ABOUT_NEW if values.get(name) and values[name] != values.get("filled")}
    if contact not in found and (chosen != NEW or (found and not said and not keeps_chosen)):
        certain = [each for each in found if words and callers.is_exactly(each, words)]
        chosen = str(certain[0].person_id) if len(certain) == 1 else "" if found or not words else NEW
    taken_over = {"email" if "@" in words else "phone" if callers.is_number(words) else "name": words}
    shown = {**values, **dict.fromkeys(ABOUT_NEW, ""), **taken_over, **said, "requester": chosen, "filled": words}
    return {"values": shown, "found": found}


def _known(session: Session, values: Values) -> Known | None:
    contact = _contact(session, values.get("requester", ""))
    return taking_down.know(session, contact, values.get("subject", "")) if contact is not None else None


def _contact(session: Session, requester: str) -> Contact | None:
    is_id = requester.isascii() and requester.isdecimal() and len(requester) < 10
    return taking_down.contact_of(session, int(requester)) if is_id else None


def _types(session: Session, reader: Person) -> list[tuple[RequestType, str, str]]:
    """Each type with the priority and the team it starts with, in words."""
    teams = {team.key: team.name for team in people.teams(session)}
    return [
        (
            kind,
            translated(PRIORITY_LABELS[Priority(kind.default_priority)], str(reader.language)),
            teams.get(kind.default_team_key or "", ""),
        )
        for kind in queries.request_types(session)
    ]


def _typed() -> Values:
    return {name: request.form[name] for name in FIELDS if request.form.get(name, "").strip()}


def _told(typed: Values) -> Told:
    try:
        sent: dict[str, Any] = dict(schemas.NewRequest().load(typed))
    except ValidationError as error:
        messages = dict(error.messages) if isinstance(error.messages, dict) else {"": error.messages}
        if "requester" in messages:
            messages["caller"] = [_("Choose who is asking, or say who they are.")]
        raise InvalidInput(_("Some fields need another look."), messages) from error
    is_known = sent["requester"].isdecimal()
    is_new = sent["requester"] == NEW or (not is_known and bool(sent["email"] or sent["phone"]))
    return Told(
        text=sent["text"],
        channel=sent["channel"],
        subject=sent["subject"],
        type_key=sent["type"],
        priority=sent["priority"],
        contact_id=int(sent["requester"]) if is_known else None,
        caller=NewCaller(sent["name"], sent["email"], sent["phone"], sent["company"]) if is_new else None,
        about=sent["about"] if is_known else "",
        note=sent["note"],
    )
