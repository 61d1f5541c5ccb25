"""Mail: how it comes in and goes out, a test, and every mail with what became of it."""

from __future__ import annotations

from flask import Response, current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.db import db
from app.errors import NotFound
from app.mail import service as mail_service
from app.mail.desk import desk_settings
from app.mail.models import OutgoingState, ReceivedState
from app.notifications import account_mail
from app.people.current import current_person
from app.settings import queries
from app.settings.blueprint import blueprint
from app.settings.mail_settings import groups_of_settings
from app.web.security import content_policy

# Of a mail's source this much is shown; the rest comes with the download.
SHOWN_BYTES = 64 * 1024
# A mail's HTML comes from outside: no scripts, no network, no forms, in a frame that counts as a foreign site.
FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"


@blueprint.get("/mail")
def mail() -> str:
    """How the desk's mail is set, as its environment says, and how mail fares."""
    session = db.session()
    return render_template(
        "settings/mail.html",
        groups=groups_of_settings(desk_settings()),
        can_send=account_mail.can_be_mailed(),
        outgoing=queries.outgoing_counts(session),
        received=queries.received_counts(session),
        last_sent=queries.last_sent(session),
        last_received=queries.last_received(session),
    )


@blueprint.post("/mail/test")
def send_test() -> ResponseReturnValue:
    """Mail oneself a few words, by the outbox, as all mail goes."""
    sent = account_mail.send_test(db.session(), current_person())
    flash(_("The test mail is on its way. This page says how far it is; look at it again in a moment."))
    return redirect(url_for(".outgoing_one", mail_id=sent.id), 303)


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
        can_send=account_mail.can_be_mailed(),
    )


@blueprint.post("/outgoing-mail/retry-failed")
def retry_failed_outgoing() -> ResponseReturnValue:
    """Send what failed again, once its reason is gone; so many at a time as a page can wait for."""
    again = mail_service.retry_failed_outgoing(db.session(), by=current_person())
    flash(ngettext("%(num)d mail is tried again now.", "%(num)d mails are tried again now.", again))
    return redirect(url_for(".outgoing_mail", state=OutgoingState.QUEUED.value), 303)


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
    written = queries.outgoing(db.session(), mail_id)
    if written.is_confidential:
        raise NotFound(_("There is no such mail."))
    answer = make_response(written.html or "")
    answer.headers["Content-Security-Policy"] = FRAME_POLICY
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


@blueprint.post("/outgoing-mail/<int:mail_id>/retry")
def retry_outgoing(mail_id: int) -> ResponseReturnValue:
    """Send a failed or kept mail again."""
    mail_service.retry_outgoing(db.session(), queries.outgoing(db.session(), mail_id), by=current_person())
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


@blueprint.post("/received-mail/retry-failed")
def retry_failed_received() -> ResponseReturnValue:
    """Read what failed again; so many at a time as a page can wait for."""
    again = mail_service.retry_failed_received(db.session(), by=current_person())
    flash(ngettext("%(num)d mail is read again now.", "%(num)d mails are read again now.", again))
    return redirect(url_for(".received_mail", state=ReceivedState.NEW.value), 303)


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
    mail_service.retry_received(db.session(), queries.received(db.session(), mail_id), by=current_person())
    flash(_("The mail is read again now."))
    return redirect(url_for(".received_one", mail_id=mail_id))


def _one_of(states: type[OutgoingState] | type[ReceivedState]) -> str:
    wanted = request.args.get("state", "")
    return wanted if wanted in {each.value for each in states} else ""


def _source(raw: bytes) -> tuple[str, str]:
    """Header lines and the rest, as text that anything can be shown as."""
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n").replace("\x00", "\ufffd")
    head, _blank, body = text.partition("\n\n")
    return head, body
