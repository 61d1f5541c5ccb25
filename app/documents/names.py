"""File names as people may send them, and as we keep and show them. Pure."""

from __future__ import annotations

import re
import unicodedata

MOST_BYTES = 200
NAMELESS = "document"
# Names that Windows gives to devices, whatever follows the dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,80}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")


def clean_name(name: str | None) -> str:
    """A name without folders, control, invisible and direction-changing characters; never empty, never hidden."""
    last = re.split(r"[/\\]", name or "")[-1]
    # Category C holds controls, zero-width and bidirectional marks: "invoice\u202efdp.exe" must not read as a PDF.
    visible = "".join(" " if char.isspace() else char for char in unicodedata.normalize("NFC", last))
    visible = "".join(char for char in visible if not unicodedata.category(char).startswith("C"))
    visible = re.sub(r'[<>:"|?*]', "_", visible)
    tidy = " ".join(visible.split()).strip(". ")
    if not tidy:
        return NAMELESS
    if _DEVICES.fullmatch(tidy):
        tidy = f"_{tidy}"
    return _shortened(tidy)


def _shortened(name: str) -> str:
    if len(name.encode()) <= MOST_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > 20:
        stem, dot, ending = name, "", ""
    room = MOST_BYTES - len((dot + ending).encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip() + dot + ending


def clean_content_type(content_type: str | None) -> str:
    """The media type without parameters (RFC 2045), or the one that says nothing."""
    bare = (content_type or "").partition(";")[0].strip().lower()
    return bare if _CONTENT_TYPE.fullmatch(bare) else "application/octet-stream"
