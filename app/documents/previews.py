"""What of a stranger's file may be shown in the browser, and how, so that nothing in it runs on our address.

Its name and type are the sender's word: the first bytes decide.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Final

from app.documents.models import Document

# Of a text this much is shown; the rest comes with the download.
SHOWN_BYTES: Final = 512 * 1024
_HEAD_BYTES: Final = 16
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_IMAGES: Final = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
_TEXT_TYPES: Final = frozenset({"text/plain", "text/csv", "application/json", "application/xml", "text/xml"})
_TEXT_ENDINGS: Final = frozenset({".txt", ".log", ".csv", ".json", ".xml", ".md", ".ini", ".conf", ".yaml", ".yml"})
_IMAGE_ENDINGS: Final = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp"})


@dataclass(frozen=True)
class Preview:
    """A file as it may be shown: `kind` is image, text or pdf."""

    kind: str
    content_type: str


def kind_of(document: Document) -> str:
    """What a file seems to be by its name and type: image, text, pdf, or empty when it is only downloaded."""
    ending = PurePath(document.name).suffix.lower()
    if document.content_type in _IMAGES or ending in _IMAGE_ENDINGS:
        return "image"
    if document.content_type == "application/pdf" or ending == ".pdf":
        return "pdf"
    if document.content_type in _TEXT_TYPES or ending in _TEXT_ENDINGS:
        return "text"
    return ""


def preview_of(document: Document, content: IO[bytes]) -> Preview | None:
    """How a file may be shown, judged by its first bytes; None when it is not what it seems. The stream is rewound."""
    head = content.read(_HEAD_BYTES)
    content.seek(0)
    kind = kind_of(document)
    if kind == "image":
        return next((Preview("image", name) for name, marks in _IMAGES.items() if _is_image(name, marks, head)), None)
    if kind == "pdf":
        return Preview("pdf", "application/pdf") if head.startswith(b"%PDF-") else None
    return Preview("text", "text/plain; charset=utf-8") if kind == "text" else None


def shown_text(content: IO[bytes]) -> bytes:
    """The beginning of a text as UTF-8, whatever it was written in."""
    beginning = content.read(SHOWN_BYTES)
    names = ("utf-16",) if beginning.startswith(_UTF_16) else ("utf-8-sig", "cp1250")
    for name in names:
        try:
            # Not the end: a character that the cut takes apart is left out, not complained about.
            return codecs.getincrementaldecoder(name)().decode(beginning).encode()
        except UnicodeDecodeError:
            continue
    return beginning.decode("latin-1").encode()


def _is_image(content_type: str, marks: tuple[bytes, ...], head: bytes) -> bool:
    if content_type == "image/webp":
        return head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    return head.startswith(marks)
