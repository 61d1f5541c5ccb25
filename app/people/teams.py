"""Changing teams: what they are called, who leads them, whether they take requests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app import events
from app.errors import Conflict, InvalidInput
from app.people import queries, service
from app.people.details import clean_address, refuse
from app.people.events import TeamChanged, TeamDeactivated, TeamReactivated
from app.people.models import Person, Team
from app.texts import folded
from app.texts import gettext as _

LONGEST_NAME = 100
LONGEST_KEY = 50
_KEY = re.compile(r"[a-z][a-z0-9_]*")


def add_team(session: Session, details: Mapping[str, str], *, by: Person | None) -> Team:
    """Make a team.

    Args:
        details: name, email and lead as for `change_team`, and a key; without one it is made from the name.

    Raises:
        InvalidInput: with messages by field.
    """
    problems: dict[str, list[str]] = {}
    key = details.get("key", "").strip().lower() or key_for(session, details.get("name", ""))
    if not _KEY.fullmatch(key) or len(key) > LONGEST_KEY:
        problems["key"] = [_("A key has small letters, digits and _ only, and begins with a letter.")]
    elif queries.team_by_key(session, key) is not None:
        problems["key"] = [_("There is a team “%(key)s” already.", key=key)]
    cleaned = _cleaned(session, {"email": "", "lead": "", **details}, problems)
    refuse(problems)
    return service.add_team(session, key=key, by=by, **cleaned)


def change_team(session: Session, team: Team, details: Mapping[str, str], *, by: Person | None) -> list[str]:
    """Change a team's name, address or lead, who becomes a member; the fields that are different.

    Args:
        details: `name`, `email` (empty for none) and `lead` (a person's id, empty for nobody).

    Raises:
        InvalidInput: with messages by field.
    """
    problems: dict[str, list[str]] = {}
    cleaned = _cleaned(session, details, problems)
    refuse(problems)
    lead = cleaned.pop("lead", team.lead)
    different = events.change_fields(team, cleaned)
    if lead is not team.lead:
        different["lead"] = [each.name if each else None for each in (team.lead, lead)]
        team.lead = lead
        if lead is not None:
            service.add_member(session, team, lead, by=by)
    if different:
        session.flush()
        events.record(session, TeamChanged(team.id, fields=different, by_id=by.id if by else None))
    return list(different)


def deactivate(session: Session, team: Team, *, by: Person | None) -> None:
    """Let a team take no requests any more; its members and its past stay. Doing it again does nothing.

    Raises:
        Conflict: it is the only one, or a higher feature knows of something that still leads to it.
    """
    if not team.is_active:
        return
    if len(queries.teams(session)) == 1:
        raise Conflict(_("%(team)s is the only team. Requests need one that takes them.", team=team.name))
    # Whoever hears of it may refuse: then nothing has happened.
    with session.begin_nested():
        team.is_active = False
        session.flush()
        events.record(session, TeamDeactivated(team.id, by_id=by.id if by else None))


def reactivate(session: Session, team: Team, *, by: Person | None) -> None:
    """Let a team take requests again."""
    if team.is_active:
        return
    team.is_active = True
    session.flush()
    events.record(session, TeamReactivated(team.id, by_id=by.id if by else None))


def key_for(session: Session, name: str) -> str:
    """A key nobody has, made from a name: `Rețele Cluj` is `retele_cluj`; empty when the name has no letters."""
    words = re.findall(r"[a-z0-9]+", folded(name))
    stem = "_".join(words)[: LONGEST_KEY - 3].strip("_")
    if not stem or not stem[0].isalpha():
        return ""
    key, number = stem, 1
    while queries.team_by_key(session, key) is not None:
        number += 1
        key = f"{stem}_{number}"
    return key


def _cleaned(session: Session, details: Mapping[str, str], problems: dict[str, list[str]]) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    if "name" in details:
        cleaned["name"] = name = " ".join(details["name"].split())
        if not name:
            problems["name"] = [_("Write a name.")]
        elif len(name) > LONGEST_NAME:
            problems["name"] = [_("Keep this to %(most)s characters.", most=LONGEST_NAME)]
    if "email" in details:
        try:
            cleaned["email"] = clean_address(details["email"]) if details["email"].strip() else None
        except InvalidInput as error:
            problems["email"] = [error.message]
    if "lead" in details:
        cleaned["lead"] = lead = queries.staff_member(session, details["lead"])
        if lead is None and details["lead"]:
            problems["lead"] = [_("Choose somebody who works at the desk.")]
    return cleaned
