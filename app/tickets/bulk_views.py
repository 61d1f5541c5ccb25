"""Changing many tickets of the list at once, what became of each, and taking it back."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from app.db import db
from app.people.current import current_person
from app.tickets import bulk as many
from app.tickets.blueprint import blueprint
from app.tickets.flashes import with_button
from app.tickets.list_choices import read_choices
from app.tickets.list_models import BulkChange
from app.tickets.list_views import link_back


@blueprint.post("/bulk")
def bulk() -> ResponseReturnValue:
    """Assign, prioritise or tag the chosen tickets."""
    sent = request.form
    wish = many.Wish(
        team=sent.get("team", ""),
        person=sent.get("person", ""),
        priority=sent.get("priority", ""),
        add_tag=sent.get("add_tag", ""),
        remove_tag=sent.get("remove_tag", ""),
    )
    numbers = [number.strip()[:40] for number in sent.getlist("number")]
    done = many.change_many(
        db.session(), numbers, wish, by=current_person(), query=sent.get("query", ""), seen=_seen(sent.getlist("seen"))
    )
    return _told(done)


@blueprint.get("/bulk/fields")
def bulk_fields() -> str:
    """What can be changed of many tickets: the list asks for it when the first is selected."""
    return render_template("tickets/list/bulk_fields.html", choices=read_choices(db.session(), current_person()))


@blueprint.post("/selected")
def choose_bulk() -> ResponseReturnValue:
    """The same as a page, for the tickets that were selected: where no scripts run."""
    sent = request.form
    numbers = [number.strip()[:40] for number in sent.getlist("number")]
    query = sent.get("query", "")
    if not numbers:
        flash(_("Select some requests first."))
        return redirect(link_back(query))
    return render_template(
        "tickets/bulk_form.html",
        numbers=numbers,
        seen=[row for row in sent.getlist("seen") if row.partition(" ")[0] in numbers],
        query=query,
        back=link_back(query),
        choices=read_choices(db.session(), current_person()),
    )


@blueprint.get("/bulk/<int:change_id>")
def bulk_result(change_id: int) -> ResponseReturnValue:
    """What became of each ticket; only whoever did it sees it."""
    done = many.get(db.session(), change_id, by=current_person())
    return render_template("tickets/bulk.html", done=done, back=_back(done))


@blueprint.post("/bulk/<int:change_id>/undo")
def undo_bulk(change_id: int) -> ResponseReturnValue:
    """Put everything back that nobody has changed again since."""
    session, person = db.session(), current_person()
    undone = many.undo(session, many.get(session, change_id, by=person), by=person)
    return _told(undone)


def _told(done: BulkChange) -> ResponseReturnValue:
    """Back to the list when all went well; a page with the reasons when not."""
    changed = sum(result["why"] is None for result in done.results)
    if changed < len(done.results):
        return redirect(url_for(".bulk_result", change_id=done.id))
    if done.undoes_id is not None:
        flash(ngettext("%(num)d request is as it was.", "%(num)d requests are as they were.", changed))
    else:
        said = ngettext("%(num)d request is changed.", "%(num)d requests are changed.", changed)
        details = Markup('{} <a href="{}">{}</a>').format(
            said, url_for(".bulk_result", change_id=done.id), _("What was changed")
        )
        flash(with_button(details, url_for(".undo_bulk", change_id=done.id), _("Undo")))
    return redirect(_back(done))


def _back(done: BulkChange) -> str:
    # Another screen than the list says where it is by a path.
    return done.query if done.query.startswith("/") else link_back(done.query)


def _seen(rows: list[str]) -> dict[str, many.Seen]:
    """With which team and whom each ticket was when the list was drawn: `S-10022 4 12`, 0 for nobody."""
    seen: dict[str, many.Seen] = {}
    for row in rows[: many.MOST]:
        number, *ids = row.split(" ")
        if len(ids) == 2 and all(each.isdecimal() and len(each) < 10 for each in ids):
            seen[number] = (int(ids[0]) or None, int(ids[1]) or None)
    return seen
