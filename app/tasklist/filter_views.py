"""Keeping filters of My work under a name, and changing, deleting and choosing them."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.db import db
from app.people.current import current_person
from app.tasklist import saved_filters
from app.tasklist.address import TEAMS, WorkAddress
from app.tasklist.blueprint import blueprint
from app.tasklist.list_views import link
from app.tasklist.models import SavedFilter
from app.tickets.flashes import with_button


@blueprint.post("/work/filters")
def save_filter() -> ResponseReturnValue:
    """Keep the filters under a name."""
    sent = request.form
    kept = saved_filters.save(
        db.session(), current_person(), name=sent.get("name", ""), query=sent.get("query", "")
    )  # fmt: skip
    flash(_("The filter “%(name)s” is saved.", name=kept.name))
    return _to(kept)


@blueprint.post("/work/filters/<int:filter_id>")
def change_filter(filter_id: int) -> ResponseReturnValue:
    """Rename a filter, or keep the present ones under its name."""
    session, sent = db.session(), request.form
    kept = saved_filters.get(session, filter_id, of=current_person())
    saved_filters.change(session, kept, name=sent.get("name"), query=sent.get("query"))
    flash(_("The filter “%(name)s” is saved.", name=kept.name))
    return _to(kept)


@blueprint.post("/work/filters/<int:filter_id>/delete")
def delete_filter(filter_id: int) -> ResponseReturnValue:
    """Delete a filter; the message offers to bring it back."""
    session = db.session()
    kept = saved_filters.get(session, filter_id, of=current_person())
    saved_filters.remove(session, kept)
    said = _("The filter “%(name)s” is deleted.", name=kept.name)
    flash(with_button(said, url_for(".restore_filter", filter_id=filter_id), _("Undo")))
    return redirect(url_for(".my_work", of=TEAMS))


@blueprint.post("/work/filters/<int:filter_id>/restore")
def restore_filter(filter_id: int) -> ResponseReturnValue:
    """Bring a deleted filter back."""
    kept = saved_filters.restore(db.session(), filter_id, of=current_person())
    flash(_("The filter “%(name)s” is back.", name=kept.name))
    return _to(kept)


@blueprint.post("/work/filters/<int:filter_id>/first")
def choose_first_filter(filter_id: int) -> ResponseReturnValue:
    """Let My work open with this filter, or no longer."""
    session = db.session()
    kept = saved_filters.get(session, filter_id, of=current_person())
    wanted = request.form.get("first") == "1"
    saved_filters.open_first(session, kept, wanted=wanted)
    said = _("My work now opens with “%(name)s”.", name=kept.name) if wanted else _("My work now opens with all tasks.")
    flash(said)
    return _to(kept)


def _to(kept: SavedFilter) -> ResponseReturnValue:
    return redirect(link(WorkAddress.read(kept.query), saved=kept))
