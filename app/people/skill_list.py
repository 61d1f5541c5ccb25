"""Changing the list of skills: diagrams and tables know each by its key, people by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy.orm import Session

from app import events
from app.people.details import refuse
from app.people.events import SkillListed
from app.people.models import Person, Skill
from app.texts import folded
from app.texts import gettext as _

LONGEST_NAME = 100
LONGEST_KEY = 50
_KEY = re.compile(r"[a-z][a-z0-9_]*")


def add_skill(session: Session, sent: Mapping[str, str], *, by: Person | None) -> Skill:
    """Add a skill.

    Args:
        sent: `name`, and a key, which is made from the name when it is empty.

    Raises:
        InvalidInput: with messages by field.
    """
    problems: dict[str, list[str]] = {}
    name = _clean_name(sent.get("name", ""), "name", problems)
    key = sent.get("key", "").strip().lower() or "_".join(re.findall(r"[a-z0-9]+", folded(name)))[:LONGEST_KEY]
    if not _KEY.fullmatch(key) or len(key) > LONGEST_KEY:
        problems["key"] = [_("A key has small letters, digits and _ only, and begins with a letter.")]
    elif session.get(Skill, key) is not None:
        problems["key"] = [_("“%(key)s” is on the list already.", key=key)]
    refuse(problems)
    skill = Skill(key=key, name=name)
    session.add(skill)
    session.flush()
    events.record(session, SkillListed(key, fields={"name": [None, name]}, by_id=by.id if by else None))
    return skill


def rename_skill(session: Session, skill: Skill, name: str, *, by: Person | None) -> bool:
    """Call a skill something else; whether that is a change.

    Raises:
        InvalidInput: with the message under `rename`.
    """
    problems: dict[str, list[str]] = {}
    cleaned = _clean_name(name, "rename", problems)
    refuse(problems)
    different = events.change_fields(skill, {"name": cleaned})
    if different:
        session.flush()
        events.record(session, SkillListed(skill.key, fields=different, by_id=by.id if by else None))
    return bool(different)


def _clean_name(written: str, field: str, problems: dict[str, list[str]]) -> str:
    name = " ".join(written.split())
    if not name:
        problems[field] = [_("Write a name.")]
    elif len(name) > LONGEST_NAME:
        problems[field] = [_("Keep this to %(most)s characters.", most=LONGEST_NAME)]
    return name
