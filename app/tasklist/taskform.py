"""A user task as it is shown: its form drawn with the draft, what was typed, or nothing yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.engine.models import UserTask
from app.forms.fields import Choice, Form
from app.forms.rendering import FormView, initial_values, render, written_duration
from app.people import queries as people
from app.people.models import Person
from app.tasklist import files, queries, service
from app.tasklist.permissions import Standing, is_approval, is_candidate, may_release, may_work_on
from app.worklog import timers
from app.worklog.models import WorkEntry

# The field of a form that a timer fills.
TIMED = "minutes"
# What of a work entry its author may correct.
CORRECTED = frozenset({"minutes", "travel_minutes", "travel_km", "note"})


@dataclass(frozen=True)
class Shown:
    """A task with everything its template needs."""

    task: UserTask
    form: FormView | None
    may_complete: bool
    may_claim: bool
    may_release: bool
    is_approval: bool
    draft_saved_at: datetime | None
    # What the reader's timer on the ticket says, when the form takes it over.
    timer_minutes: str = ""


def shown_task(
    session: Session,
    task: UserTask,
    reader: Person,
    who: Standing,
    *,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> Shown:
    """Put a task and its form together; only who may complete it gets the form.

    Args:
        typed: what was just sent; the kept draft when None.
        errors: by field key.
    """
    able = may_work_on(task, who)
    form = service.form_of(session, task) if able else None
    timer = minutes_of_timer(session, task, reader, form)
    draft = queries.draft_of(session, reader, task) if able else None
    values = typed if typed is not None else draft.values if draft is not None else None
    return Shown(
        task=task,
        form=drawn_form(session, task, reader, form, values, errors, timer=timer) if form is not None else None,
        may_complete=able,
        may_claim=task.assignee_id is None and is_candidate(task, who),
        may_release=may_release(task, who),
        is_approval=is_approval(task),
        draft_saved_at=draft.saved_at if draft is not None else None,
        timer_minutes=written_duration(timer) if timer is not None else "",
    )


def minutes_of_timer(session: Session, task: UserTask, reader: Person, form: Form | None) -> int | None:
    """What the reader's timer on a ticket says, when the task is about the ticket and its form asks for the time."""
    if task.subject_kind != "ticket" or form is None:
        return None
    if not any(field.key == TIMED and field.display == "duration" for field in form.inputs):
        return None
    timer = timers.of_person(session, reader.id, task.subject_id)
    return timers.worked_minutes(timer) if timer is not None else None


def starting_values(session: Session, task: UserTask, form: Form) -> dict[str, Any]:
    """What a form shows that nobody has touched: a correction starts from the entry it corrects."""
    values = initial_values(form)
    entry = session.get(WorkEntry, task.subject_id) if task.subject_kind == "work_entry" else None
    if entry is not None:
        keys = {field.key for field in form.inputs}
        values |= {key: getattr(entry, key) for key in CORRECTED & keys}
    return values


def drawn_form(
    session: Session,
    task: UserTask,
    reader: Person,
    form: Form,
    values: Mapping[str, Any] | None,
    errors: Mapping[str, list[str]] | None = None,
    *,
    timer: int | None = None,
) -> FormView:
    """The form of a task for one reader, with values and errors.

    Args:
        timer: minutes of the reader's timer, shown as the time spent as long as nothing else was typed there.
    """
    if values is None:
        values = starting_values(session, task, form)
    if timer is not None and str(values.get(TIMED) or "0").strip() in ("0", ""):
        values = {**values, TIMED: timer}
    displays = {field.display for field in form.inputs}
    staff = people.everybody(session, staff_only=True) if "person" in displays else ()
    teams = people.teams(session) if "team" in displays else ()
    skills = people.skills(session) if "skill" in displays else ()
    return render(
        form,
        values,
        errors,
        language=str(reader.language),
        zone=reader.zone,
        people=[Choice(str(each.id), {"en": each.name}) for each in staff],
        teams=[Choice(each.key, {"en": each.name}) for each in teams],
        skills=[Choice(each.key, {"en": each.name}) for each in skills],
        files=[Choice(each.uuid, {"en": each.name}) for each in files.kept(session, task, form, reader, values or {})],
    )
