"""Messages that instances wait for."""

from __future__ import annotations

from sqlalchemy import select

from app.db import Session
from app.engine.models import MessageWait
from app.engine.subject import Subject


def is_awaited(session: Session, name: str, subject: Subject) -> bool:
    """Whether an instance of the subject waits for this message now."""
    query = select(MessageWait.id).where(
        MessageWait.name == name, MessageWait.subject_kind == subject.kind, MessageWait.subject_id == subject.id
    )
    return session.scalars(query.limit(1)).first() is not None
