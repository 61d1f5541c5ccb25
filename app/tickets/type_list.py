"""Changing the list of request types: what each is called, what it begins with, whether it is offered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app import events
from app.engine import definitions
from app.errors import Conflict, NotFound
from app.people import queries as people
from app.people.details import refuse
from app.people.models import Person
from app.texts import gettext as _
from app.tickets import queries, usage
from app.tickets.events import ListEntryAdded, ListEntryChanged, ListEntryRemoved
from app.tickets.list_entries import clean_descriptions, clean_key, clean_labels, put_in_place
from app.tickets.lists import TYPE_OF_MAIL
from app.tickets.models import DEFAULT_PROCESS, Priority, RequestType, Ticket

LIST = "request_type"
MOST_MINUTES = 60_000


def get_type(session: Session, key: str) -> RequestType:
    """A request type by its key.

    Raises:
        NotFound: there is none.
    """
    kind = session.get(RequestType, key)
    if kind is None:
        raise NotFound(_("There is no request type “%(key)s”.", key=key[:60]))
    return kind


def add_type(session: Session, sent: Mapping[str, str], *, by: Person | None) -> RequestType:
    """Add a request type at the end of the list.

    Args:
        sent: what `edit_type` takes, and a key, which is made from the English name when it is empty.

    Raises:
        InvalidInput: with messages by field.
    """
    problems: dict[str, list[str]] = {}
    known = queries.request_types(session, all_of_them=True)
    values = _cleaned(session, sent, problems)
    key = clean_key(sent, [kind.key for kind in known], problems)
    refuse(problems)
    kind = RequestType(key=key, position=len(known), **values)
    session.add(kind)
    session.flush()
    events.record(session, ListEntryAdded(LIST, key, labels=kind.labels, by_id=_id(by)))
    return kind


def edit_type(session: Session, kind: RequestType, sent: Mapping[str, str], *, by: Person | None) -> list[str]:
    """Change a request type; the fields that are different. Requests that run keep the process they began with.

    Args:
        sent: `label_*` and `description_*` by language, `process`, `priority`, `team` (a key, or empty) and `minutes`
            (estimated, or empty).

    Raises:
        InvalidInput: with messages by field.
    """
    problems: dict[str, list[str]] = {}
    values = _cleaned(session, sent, problems)
    refuse(problems)
    return _change(session, kind, values, by)


def move_type(session: Session, kind: RequestType, step: int, *, by: Person | None) -> None:
    """Move a type up (-1) or down (1) in the list, which is the order in which customers see it."""
    entries = queries.request_types(session, all_of_them=True)
    before = [each.key for each in entries].index(kind.key)
    if put_in_place(entries, before, step):
        session.flush()
        _record(session, kind, {"position": [before + 1, before + step + 1]}, by)


def switch_type(session: Session, kind: RequestType, on: bool, *, by: Person | None) -> None:
    """Offer a type for new requests, or not any more; those of it go on.

    Raises:
        Conflict: mail becomes requests of it.
    """
    if not on:
        _refuse_type_of_mail(kind)
    _change(session, kind, {"is_active": on}, by)


def remove_type(session: Session, kind: RequestType, *, by: Person | None) -> None:
    """Take a type off the list.

    Raises:
        Conflict: mail becomes requests of it, or a request is of it.
    """
    _refuse_type_of_mail(kind)
    if usage.is_used(session, Ticket.type_key == kind.key):
        raise Conflict(_("There are requests of this type. Switch it off instead."))
    session.delete(kind)
    session.flush()
    events.record(session, ListEntryRemoved(LIST, kind.key, labels=kind.labels, by_id=_id(by)))


def _refuse_type_of_mail(kind: RequestType) -> None:
    if kind.key == TYPE_OF_MAIL:
        raise Conflict(_("Mail opens requests of this type, so the type cannot be switched off."))


def _cleaned(session: Session, sent: Mapping[str, str], problems: dict[str, list[str]]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "labels": clean_labels(sent, problems),
        "descriptions": clean_descriptions(sent, problems),
        "process_key": sent.get("process", DEFAULT_PROCESS),
        "default_priority": sent.get("priority", Priority.NORMAL.value),
        "default_team_key": sent.get("team", "") or None,
        "estimated_minutes": _minutes(sent.get("minutes", ""), problems),
    }
    if definitions.current_id(session, values["process_key"]) is None:
        problems["process"] = [_("Choose a process that is deployed.")]
    if values["default_priority"] not in set(Priority):
        problems["priority"] = [_("Choose a priority.")]
    team = people.team_by_key(session, values["default_team_key"]) if values["default_team_key"] else None
    if values["default_team_key"] and (team is None or not team.is_active):
        problems["team"] = [_("Choose a team that takes requests.")]
    return values


def _minutes(written: str, problems: dict[str, list[str]]) -> int | None:
    text = written.strip()
    if not text:
        return None
    if text.isascii() and text.isdecimal() and int(text[:6]) <= MOST_MINUTES:
        return int(text)
    problems["minutes"] = [_("Write whole minutes, at most %(most)s.", most=MOST_MINUTES)]
    return None


def _change(session: Session, kind: RequestType, values: Mapping[str, object], by: Person | None) -> list[str]:
    different = events.change_fields(kind, values)
    if different:
        session.flush()
        _record(session, kind, different, by)
    return list(different)


def _record(session: Session, kind: RequestType, fields: Mapping[str, list[object]], by: Person | None) -> None:
    change = ListEntryChanged(LIST, kind.key, labels=kind.labels, fields=dict(fields), by_id=_id(by))
    events.record(session, change)


def _id(by: Person | None) -> int | None:
    return by.id if by else None
