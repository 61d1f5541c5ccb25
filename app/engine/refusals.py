"""What is refused, and how a person is told: who was first, who holds it, since when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from app.db import Session
from app.engine.locking import LockedTask
from app.engine.models import ProcessInstance, TaskState, UserTask
from app.errors import Conflict
from app.texts import gettext as _

_name_of: Callable[[Session, int], str | None] | None = None


def names_come_from(lookup: Callable[[Session, int], str | None]) -> Callable[[Session, int], str | None]:
    """Register who knows people's names; the engine itself knows numbers only."""
    global _name_of
    _name_of = lookup
    return lookup


class TaskClosed(Conflict):
    """The user task is no longer open; says who ended it and when."""

    def __init__(self, message: str, *, by_id: int | None, at: datetime | None) -> None:
        super().__init__(message)
        self.by_id = by_id
        self.at = at


def refuse_suspended(session: Session, instance: ProcessInstance) -> None:
    """Nothing moves in an instance that somebody holds.

    Raises:
        Conflict: it is suspended; says by whom, since when and why.
    """
    at = instance.suspended_at
    if at is None:
        return
    person = name_of(session, instance.suspended_by_id) if instance.suspended_by_id is not None else str(_("The desk"))
    raise Conflict(
        _(
            "%(person)s has put this process on hold since %(when)s: %(reason)s Nothing can be done in it before it is "
            "resumed.",
            person=person,
            when=f"{at:%Y-%m-%d %H:%M} UTC",
            reason=instance.suspended_reason or "",
        )
    )


def refuse_closed(session: Session, task: UserTask | LockedTask) -> None:
    """A task is done once.

    Raises:
        TaskClosed: it is no longer open; says who ended it and when.
    """
    if task.state == TaskState.OPEN:
        return
    at = task.completed_at
    when = f"{at:%Y-%m-%d %H:%M} UTC" if at is not None else "?"
    if task.state == TaskState.COMPLETED:
        person = name_of(session, task.completed_by_id)
        message = _("%(person)s completed this task at %(when)s.", person=person, when=when)
    else:
        message = _("The process withdrew this task at %(when)s; it is no longer needed.", when=when)
    raise TaskClosed(message, by_id=task.completed_by_id, at=at)


def name_of(session: Session, person_id: int | None) -> str:
    """A person's name; nobody is the process itself."""
    if person_id is None:
        return str(_("The process"))
    name = _name_of(session, person_id) if _name_of is not None else None
    return name or str(_("Person %(number)s", number=person_id))
