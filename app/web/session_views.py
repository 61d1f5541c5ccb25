"""Where one is signed in, and signing out there; and what scripts ask about the session of their page."""

from __future__ import annotations

from flask import flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from app.db import db
from app.people import sign_ins
from app.people.browsers import browser_and_system, is_pocketable
from app.people.current import current_person, current_sign_in
from app.web.blueprint import blueprint


@blueprint.get("/sessions")
def sessions() -> str:
    """Every browser in which the reader is signed in."""
    here = current_sign_in()
    rows = [
        {
            "id": each.id,
            "browser": browser_and_system(each.user_agent),
            "is_pocketable": is_pocketable(each.user_agent),
            "is_here": here is not None and each.id == here.id,
            "address": each.address,
            "way": each.way,
            "is_kept": each.is_kept,
            "created_at": sign_ins.shown_time(each.created_at),
            "last_seen_at": sign_ins.shown_time(each.last_seen_at),
            "expires_at": sign_ins.shown_time(each.expires_at),
        }
        for each in sign_ins.of_person(db.session(), current_person())
    ]
    # This one first: it is what the others are compared with.
    rows.sort(key=lambda row: not row["is_here"])
    return render_template("auth/sessions.html", rows=rows)


@blueprint.post("/sessions/<int:sign_in_id>/end")
def end_session(sign_in_id: int) -> ResponseReturnValue:
    """Sign out in one other browser, or here."""
    session, here = db.session(), current_sign_in()
    ended = sign_ins.own(session, current_person(), sign_in_id)
    is_here = here is not None and here.id == ended.id
    sign_ins.end(session, ended)
    if is_here:
        return redirect(url_for("web.sign_in"))
    flash(_("Signed out there. Whoever is at that browser has to sign in again."))
    return redirect(url_for(".sessions"))


@blueprint.post("/sessions/end-others")
def end_other_sessions() -> ResponseReturnValue:
    """Sign out in every other browser."""
    here = current_sign_in()
    ended = sign_ins.end_all(db.session(), current_person(), but=here.id if here is not None else None)
    flash(
        ngettext("Signed out in %(num)d other browser.", "Signed out in %(num)d other browsers.", ended)
        if ended
        else _("You are signed in nowhere else.")
    )
    return redirect(url_for(".sessions"))


@blueprint.get("/session")
def session_state() -> Response:
    """For scripts of an open page: who is signed in at this browser now, and the token that its forms need."""
    is_somebody = current_user.is_authenticated
    return jsonify(person=current_user.id if is_somebody else None, token=generate_csrf() if is_somebody else None)


@blueprint.get("/sign-in/done")
def signed_in() -> str:
    """Where signing in ends that another tab waits for."""
    return render_template("auth/signed_in.html")
