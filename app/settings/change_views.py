"""The list of changes, for administrators."""

from __future__ import annotations

from flask import render_template

from app.db import db
from app.settings import changes as found
from app.settings.blueprint import blueprint
from app.settings.sent import number


@blueprint.get("/changes")
def changes() -> str:
    """Who changed what of the desk, newest first."""
    before = number("before")
    return render_template("settings/changes.html", page=found.changes(db.session(), before=before))
