"""What hangs on a ticket and has processes of its own: the work on it, and its escalations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, or_, select, union_all
from sqlalchemy.orm import Session

from app.escalations.models import Escalation
from app.worklog.models import WorkEntry

_KINDS = (("work_entry", WorkEntry), ("escalation", Escalation))


def subjects_around(session: Session, ticket_ids: Collection[int]) -> dict[str, list[int]]:
    """The tickets themselves and what hangs on them, by kind of subject, in one query."""
    found: dict[str, list[int]] = {"ticket": list(ticket_ids)}
    parts = [
        select(literal(kind).label("kind"), model.id.label("id")).where(model.ticket_id.in_(ticket_ids))
        for kind, model in _KINDS
    ]
    for kind, key in session.execute(union_all(*parts)):
        found.setdefault(kind, []).append(key)
    return found


def about(
    kind: ColumnElement[str] | Any, key: ColumnElement[int] | Any, subjects: Mapping[str, Collection[int]]
) -> ColumnElement[bool]:
    """The condition that a kind and an id name one of these subjects.

    They stand in it as plain numbers: the database then knows how few they are, and finds them along its index.
    """
    return or_(*(and_(kind == name, key.in_(keys)) for name, keys in subjects.items() if keys))
