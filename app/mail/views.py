"""What a message leaves out of its mail, and who gets the mails of a ticket."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.db import db
from app.errors import InvalidInput
from app.mail import originals, participants
from app.people import queries as people
from app.people.current import current_person
from app.tickets import queries as tickets
from app.tickets.flashes import with_button
from app.tickets.page_views import ticket_page

blueprint = Blueprint("mail", __name__, template_folder="templates")

# A mail's HTML comes from outside: no scripts, no forms, and nothing is loaded unless the reader asked for its images.
# The frame counts as a foreign site; links open in tabs of their own, which know nothing of this one.
_RIGHTS: Final = "sandbox allow-popups allow-popups-to-escape-sandbox"
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; frame-ancestors 'self'; {rights}"


@blueprint.get("/messages/<uuid:message_uuid>/original")
def original(message_uuid: object) -> str:
    """The whole of a mail: what it quoted, and its sender's layout; a piece for the ticket page, or a page."""
    message = tickets.get_message(db.session(), str(message_uuid), seen_by=current_person())
    kept = originals.of(db.session(), message)
    g.shows_frames = True
    in_ticket = bool(request.headers.get("HX-Request"))
    template = "mail/quoted.html" if in_ticket else "mail/original.html"
    return render_template(template, message=message, original=kept, images=request.args.get("images") == "1")


@blueprint.get("/messages/<uuid:message_uuid>/html")
def html(message_uuid: object) -> Response:
    """The mail as its sender laid it out, for a frame without rights; images on other servers only when asked for."""
    message = tickets.get_message(db.session(), str(message_uuid), seen_by=current_person())
    asked = request.args.get("images") == "1"
    page = originals.shown_html(db.session(), originals.of(db.session(), message), remote_images=asked)
    answer = make_response(render_template("mail/frame.html", page=page, language=message.ticket.language))
    images = "data: https: http:" if asked else "data:"
    answer.headers["Content-Security-Policy"] = _POLICY.format(images=images, rights=_RIGHTS)
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


@blueprint.get("/messages/<uuid:message_uuid>/frame")
def frame(message_uuid: object) -> str:
    """The frame itself, to be put below the message."""
    message = tickets.get_message(db.session(), str(message_uuid), seen_by=current_person())
    kept = originals.of(db.session(), message)
    return render_template("mail/framed.html", message=message, original=kept, images=request.args.get("images") == "1")


@blueprint.post("/participants/of/<number>")
def add_participant(number: str) -> ResponseReturnValue:
    """Let another address get the replies of a ticket."""
    session, person = db.session(), current_person()
    ticket = tickets.by_number(session, number, seen_by=person)
    try:
        sent = request.form
        added = participants.add(session, ticket, sent.get("email", ""), sent.get("name", ""), by=person)
    except InvalidInput as error:
        session.rollback()
        ticket = tickets.by_number(session, number, seen_by=current_person())
        return ticket_page(ticket, request.form.to_dict(), {"people": error.errors}), 422
    said = _("%(name)s now gets the replies too.", name=added.name)
    flash(with_button(said, url_for(".remove_participant", number=number, person_id=added.id), _("Undo")))
    return redirect(url_for("tickets.show", number=ticket.number))


@blueprint.post("/participants/of/<number>/<int:person_id>/remove")
def remove_participant(number: str, person_id: int) -> ResponseReturnValue:
    """Send somebody no further replies of a ticket."""
    session, person = db.session(), current_person()
    ticket = tickets.by_number(session, number, seen_by=person)
    gone = people.get_person(session, person_id)
    participants.remove(session, ticket, gone, by=person)
    said = _("%(name)s gets no further replies.", name=gone.name)
    flash(with_button(said, url_for(".add_participant", number=number), _("Undo"), {"email": gone.email}))
    return redirect(url_for("tickets.show", number=ticket.number))
