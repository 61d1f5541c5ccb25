"""Saving a list of tickets as a view, and changing, sharing, deleting and choosing views."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.db import db
from app.people.current import current_person
from app.tickets import saved_views
from app.tickets.address import Address
from app.tickets.blueprint import blueprint
from app.tickets.flashes import with_button
from app.tickets.list_models import SavedView
from app.tickets.list_views import EVERYTHING, link

SHARE = "share"


@blueprint.post("/views")
def save_view() -> ResponseReturnValue:
    """Keep the list under a name."""
    sent = request.form
    view = saved_views.save(
        db.session(),
        current_person(),
        name=sent.get("name", ""),
        query=sent.get("query", ""),
        share=sent.get(SHARE, ""),
    )
    flash(_("The view “%(name)s” is saved.", name=view.name))
    return _to(view)


@blueprint.post("/views/<int:view_id>")
def change_view(view_id: int) -> ResponseReturnValue:
    """Rename a view, share it, or keep the present list under its name."""
    session, person, sent = db.session(), current_person(), request.form
    view = saved_views.get(session, view_id, seen_by=person)
    saved_views.change(
        session, view, by=person, name=sent.get("name"), query=sent.get("query"), share=sent.get(SHARE)
    )  # fmt: skip
    flash(_("The view “%(name)s” is saved.", name=view.name))
    return _to(view)


@blueprint.post("/views/<int:view_id>/delete")
def delete_view(view_id: int) -> ResponseReturnValue:
    """Delete a view; the message offers to bring it back."""
    session, person = db.session(), current_person()
    view = saved_views.get(session, view_id, seen_by=person)
    saved_views.remove(session, view, by=person)
    said = _("The view “%(name)s” is deleted.", name=view.name)
    flash(with_button(said, url_for(".restore_view", view_id=view_id), _("Undo")))
    return redirect(url_for(".index", view=EVERYTHING))


@blueprint.post("/views/<int:view_id>/restore")
def restore_view(view_id: int) -> ResponseReturnValue:
    """Bring a deleted view back."""
    view = saved_views.restore(db.session(), view_id, by=current_person())
    flash(_("The view “%(name)s” is back.", name=view.name))
    return _to(view)


@blueprint.post("/views/<int:view_id>/first")
def choose_first_view(view_id: int) -> ResponseReturnValue:
    """Let the list open with this view, or no longer."""
    session, person = db.session(), current_person()
    view = saved_views.get(session, view_id, seen_by=person)
    wanted = request.form.get("first") == "1"
    saved_views.open_first(session, person, view if wanted else None)
    flash(_("The list now opens with “%(name)s”.", name=view.name) if wanted else _("The list now opens with all."))
    return _to(view)


def _to(view: SavedView) -> ResponseReturnValue:
    return redirect(link(Address.read(view.query), view=view))
