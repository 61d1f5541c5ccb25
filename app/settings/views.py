"""Settings: outgoing and received mail, and one's own profile."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from flask import Blueprint, Response, current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.db import db
from app.mail import service as mail
from app.mail.models import OutgoingState, ReceivedState
from app.people import service as people
from app.people.current import current_person
from app.settings import queries
from app.texts import LANGUAGES
from app.web.security import content_policy

blueprint = Blueprint("settings", __name__, url_prefix="/settings", template_folder="templates")

# Of a mail's source this much is shown; the rest comes with the download.
SHOWN_BYTES = 64 * 1024
LANGUAGE_NAMES = {"en": "English", "ro": "Română"}
# A mail's HTML comes from outside: no scripts, no network, no forms, in a frame that counts as a foreign site.
FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"


@blueprint.get("/")
def index() -> str:
    """What can be set and watched."""
    outgoing, received = queries.outgoing_counts(db.session()), queries.received_counts(db.session())
    return render_template(
        "settings/index.html",
        failed_outgoing=outgoing.get(OutgoingState.FAILED, 0),
        failed_received=received.get(ReceivedState.FAILED, 0),
    )


@blueprint.get("/outgoing-mail")
def outgoing_mail() -> str:
    """Mail that went out, or should have."""
    session = db.session()
    state = _one_of(OutgoingState)
    page = queries.outgoing_page(session, state, request.args.get("before", type=int))
    return render_template(
        "settings/outgoing.html",
        page=page,
        state=state,
        states=[each.value for each in OutgoingState],
        counts=queries.outgoing_counts(session),
        numbers=queries.ticket_numbers(session, [each.ticket_id for each in page.rows]),
    )


@blueprint.get("/outgoing-mail/<int:mail_id>")
def outgoing_one(mail_id: int) -> Response:
    """One mail that went out: addresses, headers, text, and its HTML in a frame without rights."""
    session = db.session()
    sent = queries.outgoing(session, mail_id)
    number = queries.ticket_number(session, sent.ticket_id)
    answer = make_response(
        render_template(
            "settings/outgoing_one.html",
            mail=sent,
            number=number,
            can_send=bool(current_app.config["SETTINGS"].smtp_host),
        )
    )
    answer.headers["Content-Security-Policy"] = f"{content_policy()}; frame-src 'self'"
    return answer


@blueprint.get("/outgoing-mail/<int:mail_id>/html")
def outgoing_html(mail_id: int) -> Response:
    """The HTML of one mail, for the frame."""
    answer = make_response(queries.outgoing(db.session(), mail_id).html or "")
    answer.headers["Content-Security-Policy"] = FRAME_POLICY
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


@blueprint.post("/outgoing-mail/<int:mail_id>/retry")
def retry_outgoing(mail_id: int) -> ResponseReturnValue:
    """Send a failed or kept mail again."""
    mail.retry_outgoing(db.session(), queries.outgoing(db.session(), mail_id), by=current_person())
    flash(_("The mail is tried again now."))
    return redirect(url_for(".outgoing_one", mail_id=mail_id))


@blueprint.get("/received-mail")
def received_mail() -> str:
    """Mail that came in, and what became of it."""
    session = db.session()
    state = _one_of(ReceivedState)
    page = queries.received_page(session, state, request.args.get("before", type=int))
    return render_template(
        "settings/received.html",
        page=page,
        state=state,
        states=[each.value for each in ReceivedState],
        counts=queries.received_counts(session),
        numbers=queries.ticket_numbers(session, [each.ticket_id for each in page.rows]),
    )


@blueprint.get("/received-mail/<int:mail_id>")
def received_one(mail_id: int) -> str:
    """One mail as it came: what was read from it, and the beginning of its source."""
    session = db.session()
    came = queries.received(session, mail_id)
    head, body = _source(came.raw[:SHOWN_BYTES])
    return render_template(
        "settings/received_one.html",
        mail=came,
        number=queries.ticket_number(session, came.ticket_id),
        message=queries.message_text(session, came.message_id_created),
        head=head,
        body=body,
        is_cut=came.size > SHOWN_BYTES,
    )


@blueprint.get("/received-mail/<int:mail_id>/source")
def received_source(mail_id: int) -> Response:
    """The bytes of one mail, as a file to save."""
    answer = make_response(queries.received(db.session(), mail_id).raw)
    answer.headers["Content-Type"] = "application/octet-stream"
    answer.headers["Content-Disposition"] = f"attachment; filename=received-{mail_id}.eml"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@blueprint.post("/received-mail/<int:mail_id>/retry")
def retry_received(mail_id: int) -> ResponseReturnValue:
    """Read a failed mail again, or take an ignored one as a request."""
    mail.retry_received(db.session(), queries.received(db.session(), mail_id), by=current_person())
    flash(_("The mail is read again now."))
    return redirect(url_for(".received_one", mail_id=mail_id))


@blueprint.route("/profile", methods=["GET", "POST"])
def profile() -> ResponseReturnValue:
    """One's own language and time zone; the password has a page of its own."""
    person, problems = current_person(), dict[str, list[str]]()
    if request.method == "POST":
        language, zone = request.form.get("language", ""), request.form.get("zone", "")
        if language not in LANGUAGES:
            problems["language"] = [_("Choose one of the languages.")]
        if zone not in available_timezones():
            problems["zone"] = [_("Choose one of the time zones.")]
        if not problems:
            people.change_language(db.session(), person, language)
            people.change_zone(db.session(), person, ZoneInfo(zone))
            flash(_("Saved."))
            return redirect(url_for(".profile"))
    page = render_template(
        "settings/profile.html",
        person=person,
        languages=LANGUAGE_NAMES,
        zones=sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")),
        problems=problems,
    )
    return page, 422 if problems else 200


def _one_of(states: type[OutgoingState] | type[ReceivedState]) -> str:
    wanted = request.args.get("state", "")
    return wanted if wanted in {each.value for each in states} else ""


def _source(raw: bytes) -> tuple[str, str]:
    """Header lines and the rest, as text that anything can be shown as."""
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n").replace("\x00", "\ufffd")
    head, _blank, body = text.partition("\n\n")
    return head, body
