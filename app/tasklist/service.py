"""Working on user tasks for a person: checked by who they are and by the form, then handed to the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app import clock
from app.engine import definitions
from app.engine import service as engine
from app.engine.models import TaskState, UserTask
from app.errors import Conflict, InvalidInput, NotAllowed
from app.forms.fields import Form, parse_form
from app.forms.schema import answer_schema
from app.live import touch
from app.people import queries as people
from app.people.models import Person
from app.tasklist import files, queries
from app.tasklist.files import NOTHING, Brought
from app.tasklist.models import Draft
from app.tasklist.permissions import is_candidate, may_work_on, standing
from app.texts import gettext as _
from app.worklog import timers

# What one draft may hold; a browser that sends more than any form has is refused.
DRAFT_MAX_CHARACTERS = 200_000
# Fields of forms that hold somebody's own words.
WRITTEN = ("textarea", "textfield")

Typed = Mapping[str, Any]


class TaskIsGone(Conflict):
    """The task is not open any more: somebody completed it, or the process went another way."""

    def __init__(self, task: UserTask, message: str) -> None:
        super().__init__(message)
        self.task_uuid = task.uuid


def form_of(session: Session, task: UserTask) -> Form | None:
    """The form of a task, of the version of the process it belongs to; None for a task without one."""
    if task.form is None:
        return None
    return parse_form(definitions.form_schema(session, task.instance.definition_id, task.form))


def complete(
    session: Session, task: UserTask, person: Person, typed: Typed, brought: Brought = NOTHING
) -> dict[str, Any]:
    """Complete a task with what somebody typed into its form, and return the checked answer.

    Args:
        brought: the files that came with it.

    Raises:
        TaskIsGone: it is not open any more; the message says who was first and when.
        NotAllowed: it is somebody else's, or their own work that another must approve.
        InvalidInput: the form has errors, by field key.
    """
    refuse_unworkable(session, task, person)
    answer = checked_answer(session, task, person, typed, brought)
    try:
        if task.assignee_id is None:
            engine.claim(session, task, person.id)
        engine.complete_task(session, task, answer, by_id=person.id)
    except engine.TaskClosed as closed:
        # Somebody was faster after this transaction had read the task.
        session.refresh(task)
        raise gone(session, task) from closed
    forget_draft(session, person, task)
    _changed(session, task)
    return answer


def end_timer(session: Session, task: UserTask, person: Person, answer: Mapping[str, Any], *, told: bool) -> None:
    """End somebody's timer on the ticket whose work their answer has just logged.

    Args:
        told: whether the form said that it would end; a timer started since goes on.
    """
    if not told or task.subject_kind != "ticket" or not answer.get("minutes"):
        return
    timer = timers.of_person(session, person.id, task.subject_id)
    if timer is not None:
        timers.discard(session, timer)


def checked_answer(
    session: Session, task: UserTask, person: Person, typed: Typed, brought: Brought = NOTHING
) -> dict[str, Any]:
    """The answer a form makes of what was typed, with its files kept on the task's ticket.

    Raises:
        InvalidInput: the form has errors, by field key.
    """
    form = form_of(session, task)
    if form is None:
        return {}
    staff = {each.id for each in people.everybody(session, staff_only=True)}
    teams = {team.key for team in people.teams(session)}
    skills = {skill.key for skill in people.skills(session)}
    schema = answer_schema(
        form, language=str(person.language), zone=person.zone, people=staff, teams=teams, skills=skills
    )
    taken = files.take_in(session, task, form, person, typed, brought)
    wrong = dict(taken.problems)
    loaded: dict[str, Any] = {}
    try:
        loaded = dict(schema.load(taken.typed))
    except ValidationError as error:
        wrong = by_field(error) | wrong
    if wrong:
        raise InvalidInput(_("Some fields need another look. Nothing was sent."), wrong)
    return loaded


def with_files(session: Session, task: UserTask, person: Person, typed: Typed, brought: Brought) -> dict[str, Any]:
    """What was typed, with the files that came along kept on the task's ticket: the form, seen again, names them."""
    form = form_of(session, task)
    if form is None:
        return dict(typed)
    return dict(files.take_in(session, task, form, person, typed, brought, with_hidden=True).typed)


def by_field(error: ValidationError) -> dict[str, list[str]]:
    """A form's errors by field key; what belongs to no field stands under the empty key."""
    messages = error.messages if isinstance(error.messages, dict) else {"": error.messages}
    return {
        "" if key == "_schema" else str(key): [str(each) for each in (value if isinstance(value, list) else [value])]
        for key, value in messages.items()
    }


def claim(session: Session, task: UserTask, person: Person) -> None:
    """Take a task that nobody has.

    Raises:
        TaskIsGone: it is not open any more.
        NotAllowed: it is not meant for people like this one.
        Conflict: somebody else took it first.
    """
    _refuse_gone(session, task)
    if task.assignee_id == person.id:
        return
    if not is_candidate(task, standing(session, person)):
        raise NotAllowed(_("This task is for another team."))
    engine.claim(session, task, person.id)
    _changed(session, task)


def release(session: Session, task: UserTask, person: Person) -> None:
    """Give a task back to its team.

    Raises:
        TaskIsGone: it is not open any more.
        NotAllowed: it is somebody else's.
    """
    _refuse_gone(session, task)
    if task.assignee_id is None:
        return
    who = standing(session, person)
    if task.assignee_id != person.id and not frozenset(task.team_keys) & who.led_keys:
        raise NotAllowed(_("Only whoever has the task, or the lead of the team, can give it back."))
    had_it = task.assignee_id
    engine.release(session, task, person.id)
    _changed(session, task, had_it)


def save_draft(session: Session, task: UserTask, person: Person, typed: Typed) -> Draft:
    """Keep what somebody has typed so far.

    Raises:
        InvalidInput: it is far more than a form can hold.
    """
    if sum(len(str(value)) for value in typed.values()) > DRAFT_MAX_CHARACTERS:
        raise InvalidInput(_("This is too long to keep."))
    draft = queries.draft_of(session, person, task)
    if draft is None:
        draft = Draft(person_id=person.id, instance_id=task.instance_id, element=task.element)
        session.add(draft)
    draft.values, draft.saved_at = dict(typed), clock.now()
    session.flush()
    # Who reads the same ticket sees that somebody is answering.
    touch(session, task.subject)
    return draft


def words_of(session: Session, task: UserTask, draft: Draft) -> list[str]:
    """What a draft says in somebody's own words; choices and numbers are quickly made again."""
    form = form_of(session, task)
    fields = form.all_fields if form is not None else ()
    texts = [draft.values.get(each.key) for each in fields if each.type in WRITTEN and each.display != "duration"]
    return [text for text in texts if isinstance(text, str) and text.strip()]


def forget_draft(session: Session, person: Person, task: UserTask) -> None:
    """Forget what somebody typed: it was sent, or they do not want it."""
    session.execute(
        delete(Draft).where(
            Draft.person_id == person.id, Draft.instance_id == task.instance_id, Draft.element == task.element
        )
    )


def refuse_unworkable(session: Session, task: UserTask, person: Person) -> None:
    """Refuse what somebody cannot complete.

    Raises:
        TaskIsGone: it is not open any more; the message says who was first.
        NotAllowed: it is somebody else's, or their own work that another must approve.
    """
    _refuse_gone(session, task)
    _refuse_others(session, task, person)


def gone(session: Session, task: UserTask) -> TaskIsGone:
    """The error about a task that is not open any more."""
    if task.state == TaskState.CANCELLED:
        return TaskIsGone(task, _("The process went on another way, so this task is not needed any more."))
    winner = people.people_by_ids(session, [task.completed_by_id]).get(task.completed_by_id or 0)
    if winner is None:
        return TaskIsGone(task, _("This was completed already."))
    return TaskIsGone(task, _("%(name)s completed this already.", name=winner.name))


def _refuse_gone(session: Session, task: UserTask) -> None:
    if task.state != TaskState.OPEN:
        raise gone(session, task)


def _refuse_others(session: Session, task: UserTask, person: Person) -> None:
    who = standing(session, person)
    if may_work_on(task, who):
        return
    if task.excluded_person_id == person.id:
        raise NotAllowed(_("Nobody decides about their own work. Somebody else has to do this."))
    if task.assignee_id is not None and is_candidate(task, who):
        owner = people.get_person(session, task.assignee_id)
        raise NotAllowed(_("%(name)s has this task. Ask them to give it back first.", name=owner.name))
    raise NotAllowed(_("This task is for another team."))


def _changed(session: Session, task: UserTask, *others: int | None) -> None:
    touch(session, task.subject, teams=task.team_keys, people=(task.assignee_id, *others))
