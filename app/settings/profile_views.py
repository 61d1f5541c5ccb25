"""One's own account: how one is called, how the desk looks, and what one wants to hear of."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import refresh

from app.db import db
from app.notifications import kinds
from app.notifications.samples import reply_around_signature
from app.people import preferences
from app.people.current import current_person
from app.people.details import zones
from app.people.models import Person
from app.settings.blueprint import blueprint
from app.settings.sent import Sent
from app.settings.words import language_names, named_fields, role_names
from app.web.appearance import remember_theme

OF_ALL = ("name", "language", "zone", "theme", "single_keys")
# What customers have nothing of: they send no replies, and their lists are short.
OF_STAFF = ("signature", "density")


@blueprint.get("/profile")
def profile() -> str:
    """One's own name, language, time zone, signature and how the desk looks; the password has a page of its own."""
    return _profile_page(current_person(), Sent())


@blueprint.post("/profile")
def change_profile() -> ResponseReturnValue:
    """Change what is different on that page; the language changes at once."""
    person, sent = current_person(), Sent.read()
    asked = [field for field in (*OF_ALL, *(OF_STAFF if person.is_staff else ())) if field in sent.values]
    details = {field: sent.values[field] for field in asked}
    changed = sent.attempt(lambda: preferences.change_own(db.session(), person, details))
    if changed is None:
        return _profile_page(person, sent), 422
    # What is said now is said in the language that was chosen just now.
    refresh()
    flash(_("Saved: %(fields)s.", fields=named_fields(changed)) if changed else _("Nothing was different."))
    answer: Response = make_response(redirect(url_for(".profile"), 303))
    if "theme" in details:
        remember_theme(answer, person.theme)
    return answer


@blueprint.get("/profile/notifications")
def notices() -> str:
    """What one may be told, and how each reaches one."""
    person = current_person()
    rows = [(kind, kinds.chosen_way(person, kind.name)) for kind in kinds.kinds_for(person)]
    return render_template("settings/notices.html", person=person, rows=rows)


@blueprint.post("/profile/notifications")
def choose_notices() -> ResponseReturnValue:
    """Choose by which way each kind of notice comes; what somebody waits for comes all the same."""
    person = current_person()
    bell, mail = set(request.form.getlist("bell")), set(request.form.getlist("mail"))
    wanted = {
        kind.name: kinds.way_of(bell=kind.name in bell, mail=kind.name in mail) for kind in kinds.kinds_for(person)
    }
    changed = kinds.choose_ways(db.session(), person, wanted)
    flash(_("Saved: %(fields)s.", fields=kinds.titles(changed)) if changed else _("Nothing was different."))
    return redirect(url_for(".notices"), 303)


def _profile_page(person: Person, sent: Sent) -> str:
    known = {field: getattr(person, field) for field in ("name", "language", "zone", "signature", "theme", "density")}
    names = role_names()
    return render_template(
        "settings/profile.html",
        person=person,
        values={**known, "single_keys": "1" if person.single_keys else "", **sent.values},
        problems=sent.problems,
        languages=language_names(),
        zones=zones(),
        roles=[name for role, name in names.items() if role in person.roles],
        preview=reply_around_signature(person) if person.is_staff else None,
    )
