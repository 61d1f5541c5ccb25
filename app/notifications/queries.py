"""Reading notices."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.notifications.models import Notification
from app.people.models import Person


def newest(session: Session, person: Person, *, before: int | None = None, limit: int = 20) -> Sequence[Notification]:
    """What somebody was told, newest first; `before` is the id to go on from."""
    found = select(Notification).where(Notification.person_id == person.id)
    if before is not None:
        found = found.where(Notification.id < before)
    return session.scalars(found.order_by(Notification.id.desc()).limit(limit)).all()


def unread_count(session: Session, person: Person) -> int:
    """How many notices somebody has not read yet."""
    unread = select(func.count()).where(Notification.person_id == person.id, Notification.read_at.is_(None))
    return session.scalar(unread) or 0
