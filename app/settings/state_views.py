"""The list of states, and what the priorities are."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.db import db
from app.people.current import current_person
from app.settings.blueprint import blueprint
from app.settings.sent import STEPS, Sent
from app.settings.words import category_hints, category_names, label_fields, labelled, named_fields, priority_names
from app.tickets import queries, state_list, usage
from app.tickets.models import Category, RequestType, TicketState
from app.web.access import may_open


@blueprint.get("/states")
def states() -> str:
    """All states in their order, with how many requests are in each."""
    session = db.session()
    return render_template(
        "settings/states.html",
        states=queries.states(session),
        counts=usage.by_state(session),
        built_in=state_list.is_built_in,
        categories=category_names(),
        may_change=may_open("settings.change_state"),
    )


@blueprint.get("/states/new")
def new_state() -> str:
    """The form for a new state."""
    return _state_page(None, Sent({"category": Category.OPEN.value}))


@blueprint.post("/states/new")
def add_state() -> ResponseReturnValue:
    """Add a state at the end of the list."""
    sent = Sent.read()
    added = sent.attempt(lambda: state_list.add_state(db.session(), sent.values, by=current_person()))
    if added is None:
        return _state_page(None, sent), 422
    flash(_("The state “%(name)s” is on the list.", name=labelled(added)))
    return redirect(url_for(".states", _anchor=added.key), 303)


@blueprint.get("/states/<key>")
def state(key: str) -> str:
    """One state."""
    return _state_page(state_list.get_state(db.session(), key), Sent())


@blueprint.post("/states/<key>")
def change_state(key: str) -> ResponseReturnValue:
    """Change what a state is called, or what it means while nothing depends on it."""
    found, sent = state_list.get_state(db.session(), key), Sent.read()
    changed = sent.attempt(lambda: state_list.edit_state(db.session(), found, sent.values, by=current_person()))
    if changed is None:
        return _state_page(found, sent), 422
    flash(_("Saved: %(fields)s.", fields=named_fields(changed)) if changed else _("Nothing was different."))
    return redirect(url_for(".states", _anchor=key), 303)


@blueprint.post("/states/<key>/move")
def move_state(key: str) -> ResponseReturnValue:
    """Move a state up or down."""
    found = state_list.get_state(db.session(), key)
    state_list.move_state(db.session(), found, STEPS.get(request.form.get("to", ""), 0), by=current_person())
    return redirect(url_for(".states", _anchor=key), 303)


@blueprint.post("/states/<key>/active")
def switch_state(key: str) -> ResponseReturnValue:
    """Let requests come into a state, or not any more."""
    found, on = state_list.get_state(db.session(), key), request.form.get("on") == "1"
    sent = Sent()
    sent.attempt(lambda: state_list.switch_state(db.session(), found, on, by=current_person()))
    if sent.problems:
        return _state_page(found, sent), 409
    name = labelled(found)
    flash(_("“%(name)s” is switched on.", name=name) if on else _("“%(name)s” is switched off.", name=name))
    return redirect(url_for(".states", _anchor=key), 303)


@blueprint.post("/states/<key>/remove")
def remove_state(key: str) -> ResponseReturnValue:
    """Take a state off the list that nothing used."""
    found, sent = state_list.get_state(db.session(), key), Sent()
    sent.attempt(lambda: state_list.remove_state(db.session(), found, by=current_person()))
    if sent.problems:
        return _state_page(found, sent), 409
    flash(_("The state “%(name)s” is off the list.", name=labelled(found)))
    return redirect(url_for(".states"), 303)


@blueprint.get("/priorities")
def priorities() -> str:
    """The priorities, with how many requests press so much now. They are the same at every desk: tables name them."""
    session = db.session()
    begins: dict[str, list[RequestType]] = {}
    for kind in queries.request_types(session):
        begins.setdefault(kind.default_priority, []).append(kind)
    return render_template(
        "settings/priorities.html",
        priorities=priority_names(),
        counts=usage.unsolved_by_priority(session),
        begins=begins,
    )


def _state_page(found: TicketState | None, sent: Sent) -> str:
    session = db.session()
    known = {**label_fields(found.labels), "category": found.category} if found else {}
    return render_template(
        "settings/state.html",
        state=found,
        values={**known, **sent.values},
        problems=sent.problems,
        categories=category_names(),
        hints=category_hints(),
        is_built_in=found is not None and state_list.is_built_in(found),
        may_mean_otherwise=found is None or state_list.may_mean_otherwise(session, found),
        count=usage.by_state(session).get(found.key, 0) if found else 0,
    )
