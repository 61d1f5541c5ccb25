"""One task with its form, its deadlines and what it is about: what the pane and the page of a task show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import get_timezone
from sqlalchemy.orm import Session

from app import clock
from app.engine.models import UserTask
from app.people.models import Person
from app.sla import queries as sla
from app.sla.chips import chip
from app.tasklist import queries
from app.tasklist.permissions import standing
from app.tasklist.taskform import shown_task
from app.tickets import queries as tickets


def task_details(
    session: Session,
    task: UserTask,
    reader: Person,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
    *,
    back: str,
    row: queries.Row | None = None,
) -> dict[str, Any]:
    """Everything the template needs.

    Args:
        typed: what was just sent; the kept draft when None.
        errors: by field key.
        back: the list that the reader came from.
        row: what that list has read of the task already.
    """
    who = standing(session, reader)
    row = row or queries.rows_of(session, [task], who, get_timezone())[0]
    views = sla.clocks(session, row.ticket) if row.ticket is not None else {}
    live = [view for view in views.values() if str(view.state) in ("running", "paused")]
    return {
        "row": row,
        "shown": shown_task(session, task, reader, who, typed=typed, errors=errors),
        "ticket": row.ticket,
        "chips": [chip(view, clock.now(), get_timezone()) for view in live],
        "waiting": tickets.oldest_unanswered(session, row.ticket.id) if row.ticket is not None else None,
        "back": back,
    }
