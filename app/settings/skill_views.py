"""The list of skills."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.db import db
from app.errors import NotFound
from app.people import directory, skill_list
from app.people.current import current_person
from app.people.models import Skill
from app.settings.blueprint import blueprint
from app.settings.sent import Sent


@blueprint.get("/skills")
def skills() -> str:
    """What people can be good at, with how many are."""
    return _skills_page(Sent())


@blueprint.post("/skills")
def add_skill() -> ResponseReturnValue:
    """Add a skill to the list."""
    sent = Sent.read()
    added = sent.attempt(lambda: skill_list.add_skill(db.session(), sent.values, by=current_person()))
    if added is None:
        return _skills_page(sent), 422
    flash(_("The skill “%(name)s” is on the list.", name=added.name))
    return redirect(url_for(".skills", _anchor=added.key), 303)


@blueprint.post("/skills/<key>")
def rename_skill(key: str) -> ResponseReturnValue:
    """Call a skill something else; diagrams and tables go on knowing it by its key."""
    found, sent = db.session().get(Skill, key), Sent.read()
    if found is None:
        raise NotFound(_("There is no skill “%(key)s”.", key=key[:50]))
    name = sent.values.get("rename", "")
    renamed = sent.attempt(lambda: [skill_list.rename_skill(db.session(), found, name, by=current_person())])
    if renamed is None:
        return _skills_page(sent, renaming=key), 422
    flash(_("Saved: %(fields)s.", fields=found.name) if renamed[0] else _("Nothing was different."))
    return redirect(url_for(".skills", _anchor=key), 303)


def _skills_page(sent: Sent, renaming: str = "") -> str:
    rows = directory.skill_rows(db.session())
    return render_template(
        "settings/skills.html", rows=rows, values=sent.values, problems=sent.problems, renaming=renaming
    )
