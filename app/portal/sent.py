"""What a browser sent with a form of the portal: texts, new files, and which kept ones are not wanted any more."""

from __future__ import annotations

from typing import Any, Final, cast

from flask import current_app, request

from app.config import Settings
from app.documents.service import Upload

# The name of the boxes that take a kept file back.
REMOVED: Final = "_remove"
NOT_TYPED: Final = frozenset({"csrf_token", "kept", REMOVED})
MEGABYTE: Final = 1024 * 1024


def typed() -> dict[str, Any]:
    """The texts of a form: a text, or a list of texts for a name sent several times."""
    return {
        name: values[0] if len(values) == 1 else values
        for name, values in request.form.lists()
        if name not in NOT_TYPED
    }


def uploads() -> list[Upload]:
    """The files that came along."""
    # Werkzeug types the stream of an upload more loosely than it is.
    return [cast(Upload, upload) for upload in request.files.getlist("files") if upload.filename]


def removed() -> frozenset[str]:
    """The keys of kept files that were taken back."""
    return frozenset(request.form.getlist(REMOVED))


def limits() -> dict[str, int]:
    """How large a file may be, and how many go along."""
    settings: Settings = current_app.config["SETTINGS"]
    return {
        "bytes": settings.document_max_bytes,
        "megabytes": settings.document_max_bytes // MEGABYTE,
        "count": settings.documents_per_message,
    }
