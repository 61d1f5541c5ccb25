"""The list of changes: who changed what of the desk itself, read from the events and said in the reader's words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.contracts.models import Customer
from app.events import RecordedEvent
from app.people.models import Person, Skill, Team
from app.settings.queries import Page
from app.settings.words import category_names, field_names, language_names, priority_names, role_names
from app.texts import translated
from app.web.formats import hours
from app.web.language import reader_language

PAGE_SIZE = 50
MOST_ON_A_PAGE = 6
LONGEST_VALUE = 80
# Only that they changed is told: too long to read here, or nobody else's business.
UNTOLD = ("signature", "told_by", "theme", "density", "single_keys", "descriptions", "position")


@dataclass(frozen=True)
class Line:
    """One change."""

    at: datetime
    who: str
    what: str
    details: list[str]
    url: str


@dataclass
class Names:
    """What the numbers and keys in events are called, read at once for a whole page."""

    people: dict[int, str] = field(default_factory=dict)
    teams: dict[int, str] = field(default_factory=dict)
    skills: dict[str, str] = field(default_factory=dict)
    customers: dict[int, str] = field(default_factory=dict)

    def person(self, payload: Mapping[str, Any]) -> str:
        """Whom it is about."""
        return self.people.get(payload["person_id"]) or str(_("somebody"))

    def team(self, payload: Mapping[str, Any]) -> str:
        """Which team it is about."""
        return self.teams.get(payload["team_id"]) or str(_("a team"))


def changes(session: Session, *, before: int | None = None, size: int = PAGE_SIZE) -> Page[Line]:
    """Changes of the desk, newest first; `before` is the event to go on from."""
    query = select(RecordedEvent).where(RecordedEvent.about.is_not(None))
    if before is not None:
        query = query.where(RecordedEvent.id < before)
    found = session.scalars(query.order_by(RecordedEvent.id.desc()).limit(size + 1)).all()
    return Page(_lines(session, found[:size]), found[size - 1].id if len(found) > size else None)


def changes_of(session: Session, about: str, most: int = MOST_ON_A_PAGE) -> list[Line]:
    """The last changes of one thing, such as "team:3", newest first."""
    query = select(RecordedEvent).where(RecordedEvent.about == about).order_by(RecordedEvent.id.desc())
    return _lines(session, session.scalars(query.limit(most)).all())


def _lines(session: Session, rows: Sequence[RecordedEvent]) -> list[Line]:
    names = _names(session, [row.payload for row in rows])
    return [
        Line(
            at=row.recorded_at,
            who=names.people.get(row.payload.get("by_id") or 0, ""),
            what=_SAID[row.kind](row.payload, names) if row.kind in _SAID else row.kind,
            details=_details(row, names),
            url=_url(row.about or ""),
        )
        for row in rows
    ]


def _names(session: Session, payloads: Sequence[Mapping[str, Any]]) -> Names:
    def asked(*keys: str) -> set[Any]:
        return {payload[key] for payload in payloads for key in keys if payload.get(key) is not None}

    def read(column: Any, key: Any, values: Iterable[Any]) -> dict[Any, str]:
        wanted = set(values)
        return dict(session.execute(select(key, column).where(key.in_(wanted))).all()) if wanted else {}

    return Names(
        people=read(Person.name, Person.id, asked("person_id", "by_id")),
        teams=read(Team.name, Team.id, asked("team_id")),
        skills=read(Skill.name, Skill.key, asked("skill_key")),
        customers=read(Customer.name, Customer.id, asked("from_customer_id", "to_customer_id")),
    )


def _list_name(payload: Mapping[str, Any]) -> str:
    return str(_("State") if payload["list"] == "state" else _("Request type"))


def _label(payload: Mapping[str, Any]) -> str:
    return translated(payload["labels"], reader_language())


_SAID: dict[str, Callable[[Mapping[str, Any], Names], str]] = {
    "PersonAdded": lambda event, names: _("%(name)s: added", name=names.person(event)),
    "PersonChanged": lambda event, names: _("%(name)s: details changed", name=names.person(event)),
    "RolesChanged": lambda event, names: _("%(name)s: roles changed", name=names.person(event)),
    "PasswordSet": lambda event, names: _("%(name)s: new password", name=names.person(event)),
    "PersonDeactivated": lambda event, names: _("%(name)s: deactivated", name=names.person(event)),
    "PersonReactivated": lambda event, names: _("%(name)s: reactivated", name=names.person(event)),
    "SkillChanged": lambda event, names: _("%(name)s: skill changed", name=names.person(event)),
    "SkillListed": lambda event, names: _("The list of skills"),
    "MembershipChanged": lambda event, names: (
        _("%(name)s: joined the team %(team)s", name=names.person(event), team=names.team(event))
        if event["is_member"]
        else _("%(name)s: left the team %(team)s", name=names.person(event), team=names.team(event))
    ),
    "ContactMoved": lambda event, names: _("%(name)s: speaks for another customer", name=names.person(event)),
    "TeamAdded": lambda event, names: _("Team %(team)s: added", team=names.team(event)),
    "TeamChanged": lambda event, names: _("Team %(team)s: details changed", team=names.team(event)),
    "TeamDeactivated": lambda event, names: _("Team %(team)s: takes no requests any more", team=names.team(event)),
    "TeamReactivated": lambda event, names: _("Team %(team)s: takes requests again", team=names.team(event)),
    "ListEntryAdded": lambda event, names: _("%(list)s “%(name)s”: added", list=_list_name(event), name=_label(event)),
    "ListEntryChanged": lambda event, names: _(
        "%(list)s “%(name)s”: changed", list=_list_name(event), name=_label(event)
    ),
    "ListEntryRemoved": lambda event, names: _(
        "%(list)s “%(name)s”: removed", list=_list_name(event), name=_label(event)
    ),
}


def _details(row: RecordedEvent, names: Names) -> list[str]:
    payload, roles = row.payload, role_names()
    if row.kind == "PersonAdded":
        return [", ".join(roles.get(role, role) for role in payload.get("roles", []))] if payload.get("roles") else []
    if row.kind == "RolesChanged":
        given = ", ".join(roles.get(role, role) for role in payload["given"])
        taken = ", ".join(roles.get(role, role) for role in payload["taken"])
        return [
            *([_("given: %(roles)s", roles=given)] if given else []),
            *([_("taken: %(roles)s", roles=taken)] if taken else []),
        ]
    if row.kind == "SkillChanged":
        name = names.skills.get(payload["skill_key"], payload["skill_key"])
        return [_difference(name, payload["from_level"], payload["to_level"])]
    if row.kind == "ContactMoved":
        before, after = (names.customers.get(payload[key], "–") for key in ("from_customer_id", "to_customer_id"))
        return [_difference(_("customer"), before, after)]
    return [_told(name, *values) for name, values in payload.get("fields", {}).items()]


def _told(name: str, before: Any, after: Any) -> str:
    if name == "is_active":
        return str(_("switched on") if after else _("switched off"))
    called = field_names().get(name, name)
    if name == "weekly_minutes":
        return _difference(called, hours(before), hours(after))
    return called if name in UNTOLD else _difference(called, _value(before), _value(after))


def _difference(name: str, before: object, after: object) -> str:
    return f"{name}: {before} → {after}"


def _value(value: Any) -> str:
    """A value as people know it: names instead of keys, a dash for none."""
    if isinstance(value, dict):
        return " · ".join(str(each) for each in dict.fromkeys(value.values()) if each) or "–"
    text = str(value) if value not in (None, "") else "–"
    known = {**language_names(), **category_names(), **priority_names()}
    text = known.get(text, text)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _url(about: str) -> str:
    kind, _colon, key = about.partition(":")
    if kind == "person":
        return url_for("settings.person", person_id=int(key))
    if kind == "team":
        return url_for("settings.team", team_id=int(key))
    pages = {"state": "settings.states", "request_type": "settings.types", "skill": "settings.skills"}
    return url_for(pages[kind], _anchor=key) if kind in pages else ""
