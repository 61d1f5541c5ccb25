"""Settings: the first page, with what each group is for, and what a search finds.

The pages have files of their own: `people_views`, `team_views`, `state_views` and their likes.
"""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from app.db import db
from app.settings import (
    change_views,
    contact_views,
    mail_views,
    people_views,
    places,
    profile_views,
    queries,
    skill_views,
    state_views,
    team_views,
    type_views,
)
from app.settings.blueprint import blueprint
from app.settings.searching import search

# Importing them registers them.
OWN_VIEWS = (
    change_views.changes,
    contact_views.contacts,
    mail_views.mail,
    people_views.people,
    profile_views.profile,
    skill_views.skills,
    state_views.states,
    team_views.team,
    type_views.types,
)


@blueprint.get("/")
def index() -> str:
    """What can be set and watched, each with a figure; with words, what they find."""
    session, words = db.session(), request.args.get("q", "").strip()
    return render_template(
        "settings/index.html",
        q=words,
        hits=search(session, words) if words else [],
        figures={} if words else queries.figures(session),
    )


@blueprint.context_processor
def navigation() -> dict[str, Any]:
    """The settings' own navigation, for their frame."""
    return {"settings_groups": places.groups, "settings_here": places.here}
