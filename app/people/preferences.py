"""What people decide about their own account: how they are called, how the desk looks and speaks to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app import events
from app.people.details import clean, refuse
from app.people.events import PersonChanged
from app.people.models import Density, Person, Theme
from app.texts import gettext as _


def change_own(session: Session, person: Person, details: Mapping[str, str]) -> list[str]:
    """Change one's own name, language, zone, signature, theme or density, by field; those that are different.

    `single_keys` is `1` or empty. Fields that are not given stay as they are.

    Raises:
        InvalidInput: with messages by field.
    """
    problems: dict[str, list[str]] = {}
    choices: dict[str, Any] = {}
    for field, known in (("theme", Theme), ("density", Density)):
        if field in details:
            choices[field] = details[field]
            if details[field] not in set(known):
                problems[field] = [_("Choose one of the answers.")]
    if "single_keys" in details:
        choices["single_keys"] = bool(details["single_keys"])
    typed = {field: value for field, value in details.items() if field in ("name", "language", "zone", "signature")}
    cleaned = clean(typed, problems)
    refuse(problems)
    return store(session, person, {**cleaned, **choices})


def store(session: Session, person: Person, values: Mapping[str, Any]) -> list[str]:
    """Store checked values of one's own account; the fields that are different."""
    different = events.change_fields(person, values)
    if different:
        session.flush()
        events.record(session, PersonChanged(person.id, fields=different, by_id=person.id))
    return list(different)
