"""What people wrote, as a page shows it: paragraphs, with addresses and ticket numbers as links."""

from __future__ import annotations

import re
from functools import lru_cache

from flask import current_app, url_for
from markupsafe import Markup, escape

from app.config import Settings
from app.tickets.blueprint import blueprint

# What follows an address in a sentence is not part of it.
_AFTER = ".,;:!?)]}»”'\""


@blueprint.app_template_filter("said")
def said(text: str) -> Markup:
    """Plain text as paragraphs: blank lines part them, single line breaks stay; everything is escaped."""
    settings: Settings = current_app.config["SETTINGS"]
    places = _places(settings.number_prefix)
    blocks = [block.strip("\n") for block in text.replace("\r\n", "\n").split("\n\n")]
    lines = (
        Markup("<br>").join(_linked(line, places) for line in block.split("\n")) for block in blocks if block.strip()
    )
    return Markup("").join(Markup("<p>{}</p>").format(line) for line in lines)


@lru_cache(maxsize=4)
def _places(prefix: str) -> re.Pattern[str]:
    number = rf"(?<![\w-])(?P<number>{re.escape(prefix)}[0-9]{{1,12}})(?!\w)" if prefix else r"(?P<number>(?!))"
    return re.compile(rf"(?P<address>https?://[^\s<>\"]{{1,2000}})|{number}")


def _linked(line: str, places: re.Pattern[str]) -> Markup:
    pieces: list[Markup] = []
    at = 0
    for found in places.finditer(line):
        pieces.append(escape(line[at : found.start()]))
        at = found.end()
        if found["number"]:
            target = url_for("tickets.show", number=found["number"])
            pieces.append(Markup('<a class="s-num" href="{}">{}</a>').format(target, found["number"]))
            continue
        address = found["address"].rstrip(_AFTER)
        at = found.start() + len(address)
        link = Markup('<a href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>')
        pieces.append(link.format(address, address))
    pieces.append(escape(line[at:]))
    return Markup("").join(pieces)
