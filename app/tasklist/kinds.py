"""What a task asks for, told by what it is about and by its form, whatever a diagram calls the step."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_

from app.engine.models import UserTask
from app.tasklist.permissions import for_approval, is_approval

TAKING_OVER = "take_over"


class Kind(StrEnum):
    """The kinds, in the order in which a request meets them."""

    TAKE_OVER = "take_over"
    WORK = "work"
    ACCEPT = "accept"
    CORRECT = "correct"
    APPROVE = "approve"
    OTHER = "other"


# What a task is about, when it is no approval.
_OF_SUBJECT = {"ticket": Kind.WORK, "escalation": Kind.ACCEPT, "work_entry": Kind.CORRECT}


def kind_of(task: UserTask) -> Kind:
    """The kind of a task."""
    if is_approval(task):
        return Kind.APPROVE
    if task.form == TAKING_OVER:
        return Kind.TAKE_OVER
    return _OF_SUBJECT.get(task.subject_kind, Kind.OTHER)


def of_kind(kind: Kind) -> ColumnElement[bool]:
    """The condition on `UserTask` that it is of a kind."""
    if kind is Kind.APPROVE:
        return for_approval()
    takes_over = func.coalesce(UserTask.form, "") == TAKING_OVER
    if kind is Kind.TAKE_OVER:
        return and_(~for_approval(), takes_over)
    about = {name: subject for subject, name in _OF_SUBJECT.items()}
    is_about = UserTask.subject_kind == about[kind] if kind in about else UserTask.subject_kind.not_in(_OF_SUBJECT)
    return and_(~for_approval(), ~takes_over, is_about)


def of_kinds(kinds: Iterable[Kind]) -> ColumnElement[bool]:
    """The condition on `UserTask` that it is of one of some kinds."""
    return or_(*(of_kind(kind) for kind in kinds))
