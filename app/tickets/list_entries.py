"""What the lists of states and of request types have in common: names in each language, keys, an order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from app.texts import LANGUAGES, folded
from app.texts import gettext as _

LONGEST_LABEL = 60
LONGEST_DESCRIPTION = 300
LONGEST_KEY = 30
_KEY = re.compile(r"[a-z][a-z0-9_]*")


class Entry(Protocol):
    """An entry of a list."""

    position: int


def clean_labels(sent: Mapping[str, str], problems: dict[str, list[str]]) -> dict[str, str]:
    """The name of an entry by language, from fields such as `label_en`; each is needed."""
    labels: dict[str, str] = {}
    for language in LANGUAGES:
        field = f"label_{language}"
        labels[language] = text = " ".join(sent.get(field, "").split())
        if not text:
            problems[field] = [_("Write a name.")]
        elif len(text) > LONGEST_LABEL:
            problems[field] = [_("Keep this to %(most)s characters.", most=LONGEST_LABEL)]
    return labels


def clean_descriptions(sent: Mapping[str, str], problems: dict[str, list[str]]) -> dict[str, str]:
    """A description by language, from fields such as `description_en`; empty when there is none."""
    texts = {language: " ".join(sent.get(f"description_{language}", "").split()) for language in LANGUAGES}
    for language, text in texts.items():
        if len(text) > LONGEST_DESCRIPTION:
            problems[f"description_{language}"] = [_("Keep this to %(most)s characters.", most=LONGEST_DESCRIPTION)]
    return {language: text for language, text in texts.items() if text}


def clean_key(sent: Mapping[str, str], known: Sequence[str], problems: dict[str, list[str]]) -> str:
    """The key of a new entry, as typed or made from its English name; diagrams know the entry by it."""
    key = sent.get("key", "").strip().lower()
    if not key:
        key = "_".join(re.findall(r"[a-z0-9]+", folded(sent.get("label_en", ""))))[:LONGEST_KEY].strip("_")
    if not _KEY.fullmatch(key) or len(key) > LONGEST_KEY:
        problems["key"] = [_("A key has small letters, digits and _ only, and begins with a letter.")]
    elif key in known:
        problems["key"] = [_("“%(key)s” is on the list already.", key=key)]
    return key


def put_in_place(entries: Sequence[Entry], at: int, step: int) -> bool:
    """Move the entry at a place one step up (-1) or down (1), and number all anew; whether it moved."""
    order = list(entries)
    other = at + step
    moves = 0 <= other < len(order)
    if moves:
        order[at], order[other] = order[other], order[at]
    for position, entry in enumerate(order):
        entry.position = position
    return moves
