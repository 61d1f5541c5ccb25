"""The list of request types."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.db import db
from app.engine import definitions
from app.people import queries as people
from app.people.current import current_person
from app.settings.blueprint import blueprint
from app.settings.sent import STEPS, Sent
from app.settings.words import label_fields, labelled, named_fields, priority_names
from app.texts import folded
from app.tickets import queries, type_list, usage
from app.tickets.lists import TYPE_OF_MAIL
from app.tickets.models import DEFAULT_PROCESS, Priority, RequestType
from app.web.access import may_open
from app.web.diagrams import process_names
from app.web.language import reader_language


@blueprint.get("/types")
def types() -> str:
    """All request types in their order, with how many requests of each are not solved."""
    session = db.session()
    return render_template(
        "settings/types.html",
        types=queries.request_types(session, all_of_them=True),
        counts=usage.unsolved_by_type(session),
        processes=_processes(session),
        teams={team.key: team for team in people.teams(session)},
        type_of_mail=TYPE_OF_MAIL,
        may_change=may_open("settings.change_type"),
    )


@blueprint.get("/types/new")
def new_type() -> str:
    """The form for a new request type."""
    return _type_page(None, Sent({"process": DEFAULT_PROCESS, "priority": Priority.NORMAL.value}))


@blueprint.post("/types/new")
def add_type() -> ResponseReturnValue:
    """Add a request type at the end of the list."""
    sent = Sent.read()
    added = sent.attempt(lambda: type_list.add_type(db.session(), sent.values, by=current_person()))
    if added is None:
        return _type_page(None, sent), 422
    flash(_("The request type “%(name)s” is on the list.", name=labelled(added)))
    return redirect(url_for(".types", _anchor=added.key), 303)


@blueprint.get("/types/<key>", endpoint="type")
def show_type(key: str) -> str:
    """One request type."""
    return _type_page(type_list.get_type(db.session(), key), Sent())


@blueprint.post("/types/<key>")
def change_type(key: str) -> ResponseReturnValue:
    """Change what a type is called and begins with; requests that run go on as they are."""
    found, sent = type_list.get_type(db.session(), key), Sent.read()
    changed = sent.attempt(lambda: type_list.edit_type(db.session(), found, sent.values, by=current_person()))
    if changed is None:
        return _type_page(found, sent), 422
    flash(_("Saved: %(fields)s.", fields=named_fields(changed)) if changed else _("Nothing was different."))
    return redirect(url_for(".types", _anchor=key), 303)


@blueprint.post("/types/<key>/move")
def move_type(key: str) -> ResponseReturnValue:
    """Move a request type up or down."""
    found = type_list.get_type(db.session(), key)
    type_list.move_type(db.session(), found, STEPS.get(request.form.get("to", ""), 0), by=current_person())
    return redirect(url_for(".types", _anchor=key), 303)


@blueprint.post("/types/<key>/active")
def switch_type(key: str) -> ResponseReturnValue:
    """Offer a request type, or not any more."""
    found, on, sent = type_list.get_type(db.session(), key), request.form.get("on") == "1", Sent()
    sent.attempt(lambda: type_list.switch_type(db.session(), found, on, by=current_person()))
    if sent.problems:
        return _type_page(found, sent), 409
    name = labelled(found)
    flash(_("“%(name)s” is offered again.", name=name) if on else _("“%(name)s” is not offered any more.", name=name))
    return redirect(url_for(".types", _anchor=key), 303)


@blueprint.post("/types/<key>/remove")
def remove_type(key: str) -> ResponseReturnValue:
    """Take a request type off the list that no request is of."""
    found, sent = type_list.get_type(db.session(), key), Sent()
    sent.attempt(lambda: type_list.remove_type(db.session(), found, by=current_person()))
    if sent.problems:
        return _type_page(found, sent), 409
    flash(_("The request type “%(name)s” is off the list.", name=labelled(found)))
    return redirect(url_for(".types"), 303)


def _type_page(found: RequestType | None, sent: Sent) -> str:
    session = db.session()
    known: dict[str, str] = {}
    if found is not None:
        known = {
            **label_fields(found.labels),
            **label_fields(found.descriptions, "description"),
            "process": found.process_key,
            "priority": found.default_priority,
            "team": found.default_team_key or "",
            "minutes": str(found.estimated_minutes or ""),
        }
    return render_template(
        "settings/type.html",
        kind=found,
        values={**known, **sent.values},
        problems=sent.problems,
        processes=list(_processes(session).items()),
        priorities=priority_names(),
        teams=[(team.key, team.name) for team in people.teams(session)],
        is_type_of_mail=found is not None and found.key == TYPE_OF_MAIL,
        count=usage.unsolved_by_type(session).get(found.key, 0) if found else 0,
    )


def _processes(session: Session) -> dict[str, str]:
    """What the deployed processes are called, by key and in the order of these names."""
    deployed = definitions.current_all(session)
    names = process_names(session, deployed, reader_language())
    return {each.key: names[each.id] for each in sorted(deployed, key=lambda each: folded(names[each.id]))}
