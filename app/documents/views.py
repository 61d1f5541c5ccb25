"""Downloading documents and looking at them, and adding them to a ticket or taking them off again."""

from __future__ import annotations

from io import BytesIO
from typing import cast

from flask import Blueprint, Response, flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.db import db
from app.documents import previews, queries, service
from app.errors import InvalidInput, NotFound
from app.people.current import current_person
from app.tickets import queries as tickets
from app.tickets.flashes import with_button
from app.tickets.page_views import ticket_page
from app.uploads import takes_files

blueprint = Blueprint("documents", __name__, url_prefix="/documents", template_folder="templates")

# Browsers are told to save, never to show: what a stranger sent must not run on our address.
_SAFE = frozenset(
    {"application/pdf", "application/zip", "image/gif", "image/jpeg", "image/png", "image/webp", "text/plain"}
)
_NOTHING = "default-src 'none'; sandbox; frame-ancestors 'self'"
# Browsers show no PDF in a sandbox. Their viewers run nothing of it on our address, and this lets it load nothing.
_PDF = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
PAGE_SIZE = 50


blueprint.add_app_template_global(previews.kind_of, "preview_kind")


@blueprint.get("/<uuid:document_uuid>")
def download(document_uuid: object) -> Response:
    """Send a document to somebody who may read it, as a file to save."""
    document = queries.by_uuid(db.session(), str(document_uuid), seen_by=current_person())
    content_type = document.content_type if document.content_type in _SAFE else "application/octet-stream"
    answer = send_file(
        queries.open_content(document),
        mimetype=content_type,
        as_attachment=True,
        download_name=document.name,
        max_age=0,
    )
    answer.content_length = document.size
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.get("/<uuid:document_uuid>/preview")
def preview(document_uuid: object) -> Response:
    """Show an image, a PDF or the beginning of a text to somebody who may read it; anything else is only downloaded."""
    document = queries.by_uuid(db.session(), str(document_uuid), seen_by=current_person())
    with queries.open_content(document) as content:
        shown = previews.preview_of(document, content)
        text = previews.shown_text(content) if shown is not None and shown.kind == "text" else None
    if shown is None:
        raise NotFound(_("%(name)s cannot be shown here. Download it instead.", name=document.name))
    # Opened anew: the server sends a file from where its descriptor stands, which reading has moved.
    sent = BytesIO(text) if text is not None else queries.open_content(document)
    answer = send_file(sent, mimetype=shown.content_type, download_name=document.name, max_age=0)
    answer.content_length = len(text) if text is not None else document.size
    answer.headers["Content-Type"] = shown.content_type
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    answer.headers["Content-Security-Policy"] = _PDF if shown.kind == "pdf" else _NOTHING
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.get("/on/<number>")
def index(number: str) -> str:
    """Every document of a ticket, for staff."""
    session = db.session()
    ticket = tickets.by_number(session, number, seen_by=current_person())
    page = queries.listed(session, ticket, most=PAGE_SIZE, before=request.args.get("before"))
    g.shows_frames = True
    return render_template("documents/index.html", ticket=ticket, page=page)


@blueprint.post("/on/<number>")
@takes_files
def add(number: str) -> ResponseReturnValue:
    """Add files to a ticket itself: staff read them, customers do not."""
    session, person = db.session(), current_person()
    ticket = tickets.by_number(session, number, seen_by=person)
    # Werkzeug types the stream of an upload more loosely than it is.
    uploads = [cast(service.Upload, upload) for upload in request.files.getlist("files") if upload.filename]
    try:
        if not uploads:
            message = _("Choose a file first.")
            raise InvalidInput(message, {"files": [message]})
        service.attach_uploads(session, parent=ticket, uploads=uploads, by=person)
    except InvalidInput as error:
        session.rollback()
        if request.headers.get("HX-Request"):
            return error.message, 422
        ticket = tickets.by_number(session, number, seen_by=current_person())
        return ticket_page(ticket, problems={"documents": error.errors}), 422
    if request.headers.get("HX-Request"):
        # One of several files that are on their way; each says for itself that it arrived.
        return "", 204
    flash(_("Added to the request. Only staff see it here."))
    return redirect(url_for("tickets.show", number=number))


@blueprint.post("/<uuid:document_uuid>/remove")
def remove(document_uuid: object) -> ResponseReturnValue:
    """Take a file off a ticket that one put there oneself; the message offers to put it back."""
    session, person = db.session(), current_person()
    document = queries.by_uuid(session, str(document_uuid), seen_by=person)
    service.take_back(session, document, by=person)
    said = _("%(name)s is taken off the request.", name=document.name)
    flash(with_button(said, url_for(".restore", document_uuid=document.uuid), _("Undo")))
    return redirect(url_for("tickets.show", number=tickets.get(session, document.ticket_id).number))


@blueprint.post("/<uuid:document_uuid>/restore")
def restore(document_uuid: object) -> ResponseReturnValue:
    """Put a file back that one took off."""
    session, person = db.session(), current_person()
    document = queries.removed_by(session, str(document_uuid), person)
    ticket = tickets.get(session, document.ticket_id, seen_by=person)
    service.put_back(session, document, by=person)
    flash(_("%(name)s is back.", name=document.name))
    return redirect(url_for("tickets.show", number=ticket.number))
