"""Downloading documents, and adding them to a ticket."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.db import db
from app.documents import queries, service
from app.errors import InvalidInput
from app.people.current import current_person
from app.tickets import queries as tickets
from app.tickets.views import ticket_page
from app.uploads import takes_files

blueprint = Blueprint("documents", __name__, url_prefix="/documents")

# Browsers are told to save, never to show: what a stranger sent must not run on our address.
_SAFE = frozenset(
    {"application/pdf", "application/zip", "image/gif", "image/jpeg", "image/png", "image/webp", "text/plain"}
)


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
        ticket = tickets.by_number(session, number, seen_by=current_person())
        return ticket_page(ticket, problems={"documents": error.errors}), 422
    flash(_("Added to the request. Only staff see it here."))
    return redirect(url_for("tickets.show", number=number))
