"""Downloading documents."""

from __future__ import annotations

from flask import Blueprint, Response, send_file

from app.db import db
from app.documents import queries
from app.people.current import current_person

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
