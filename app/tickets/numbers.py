"""Ticket numbers: `S-10482`, ascending, gaps allowed.

A number is the ticket's id counted from 10000 behind the desk's prefix. The database's own key sequence makes it
unique and lets any number of transactions open tickets at once, on SQLite and PostgreSQL alike. The number is stored,
so tickets keep theirs when the prefix changes.
"""

from __future__ import annotations

import re

from flask import current_app

from app.config import Settings

BEFORE_FIRST = 10_000


def number_of(ticket_id: int) -> str:
    """The number of the ticket with an id."""
    return f"{_prefix()}{BEFORE_FIRST + ticket_id}"


def spellings(written: str) -> list[str]:
    """The numbers somebody may mean who writes `s-10482`, `#10482` or `10482`."""
    clean = written.strip().lstrip("#").strip()
    digits = re.search(r"\d+$", clean)
    return list(dict.fromkeys([clean, clean.upper(), *([_prefix() + digits.group()] if digits else [])]))


def _prefix() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.number_prefix
