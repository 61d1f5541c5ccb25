"""The page of one task, and what may be done with a task.

My work has files of its own: `list_views`, `filter_views`, `bulk_views`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_babel import get_timezone
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import db
from app.documents.service import Upload
from app.engine.models import TaskState, UserTask
from app.errors import InvalidInput, NotFound
from app.people import queries as people
from app.people.current import current_person
from app.people.models import Person
from app.tasklist import bulk_views, filter_views, list_views, queries, service, worklist
from app.tasklist.blueprint import blueprint
from app.tasklist.details import task_details
from app.tasklist.files import NOTHING, REMOVED, Brought
from app.tasklist.permissions import standing
from app.tasklist.service import TaskIsGone
from app.tasklist.taskform import TIMED, drawn_form, shown_task
from app.uploads import takes_files
from app.web.access import safe_next
from app.web.boundary import rescue
from app.web.counts import Counted, counts

# Importing them adds their addresses to the blueprint.
OWN_VIEWS = (list_views.my_work, filter_views.save_filter, bulk_views.bulk)


@counts("work")
def count_work(session: Session, person: Person) -> Counted:
    """How many tasks wait for the reader, beside "My work" in the rail."""
    return worklist.waiting_for(standing(session, person))


@blueprint.get("/tasks/<uuid:task_uuid>")
def show(task_uuid: object) -> ResponseReturnValue:
    """One task with its form: a pane beside the list, or a page of its own."""
    person = current_person()
    task = _task(db.session(), str(task_uuid), person)
    if task.state != "open":
        return _gone_page(task, person), 409
    pane = task_details(db.session(), task, person, back=list_views.here(task=task.uuid))
    if request.headers.get("HX-Request"):
        return render_template("tasklist/pane.html", **pane)
    return render_template("tasklist/show.html", **pane)


@blueprint.post("/tasks/<uuid:task_uuid>/complete")
@takes_files
def complete(task_uuid: object) -> ResponseReturnValue:
    """Send the form of a task: errors come back by field with everything typed, a task that is gone keeps it."""
    session, person = db.session(), current_person()
    task = _task(session, str(task_uuid), person)
    typed, brought = _typed(), _brought()
    person_id, task_id = person.id, task.id

    def keep(saving: Session) -> None:
        kept, owner = saving.get_one(UserTask, task_id), people.get_person(saving, person_id)
        service.save_draft(saving, kept, owner, service.with_files(saving, kept, owner, typed, brought))

    # A lost race, a vanished task or a failed step rolls back: what was typed stays as a draft.
    rescue(keep)
    try:
        answer = service.complete(session, task, person, typed, brought)
        service.end_timer(session, task, person, answer, told="_timer_minutes" in request.form)
    except InvalidInput as error:
        session.rollback()
        return _form_again(str(task_uuid), typed, brought, error)
    flash(_said(task, answer))
    return _go_on(_after())


@blueprint.post("/tasks/<uuid:task_uuid>/fields")
def fields(task_uuid: object) -> ResponseReturnValue:
    """The form's fields drawn anew after a choice that others depend on; nothing is checked or stored."""
    person = current_person()
    task = _task(db.session(), str(task_uuid), person)
    form = service.form_of(db.session(), task)
    drawn = drawn_form(db.session(), task, person, form, _typed()) if form is not None else None
    return render_template("tasklist/fields.html", task=task, form=drawn, redrawn=True)


@blueprint.post("/tasks/<uuid:task_uuid>/draft")
def draft(task_uuid: object) -> ResponseReturnValue:
    """Keep what was typed so far; the answer says when."""
    person = current_person()
    task = _task(db.session(), str(task_uuid), person)
    if task.state == TaskState.COMPLETED and task.completed_by_id == person.id:
        # It was on its way while its author sent the form: kept, it would come back into the next round's form.
        return "", 204
    typed = _typed()
    if typed.get(TIMED) == request.form.get("_timer_minutes"):
        # What the timer says now is no use later.
        typed.pop(TIMED, None)
    kept = service.save_draft(db.session(), task, person, typed)
    if request.headers.get("HX-Request"):
        return render_template("tasklist/draft_saved.html", saved_at=kept.saved_at)
    flash(_("Your draft is kept."))
    return redirect(_after())


@blueprint.post("/tasks/<uuid:task_uuid>/draft/forget")
def forget(task_uuid: object) -> ResponseReturnValue:
    """Throw away what the reader typed into this step, also when it has become another team's meanwhile."""
    session, person = db.session(), current_person()
    task = session.scalar(select(UserTask).where(UserTask.uuid == str(task_uuid)))
    if task is None or queries.draft_of(session, person, task) is None:
        raise NotFound(_("There is no text of yours here any more."))
    service.forget_draft(session, person, task)
    flash(_("Your text is thrown away."))
    return redirect(_after())


@blueprint.post("/tasks/<uuid:task_uuid>/claim")
def claim(task_uuid: object) -> ResponseReturnValue:
    """Take a task that nobody has."""
    person = current_person()
    task = _task(db.session(), str(task_uuid), person)
    service.claim(db.session(), task, person)
    flash(_("The task is yours."))
    return _go_on(_after())


@blueprint.post("/tasks/<uuid:task_uuid>/release")
def release(task_uuid: object) -> ResponseReturnValue:
    """Give a task back to its team."""
    person = current_person()
    task = _task(db.session(), str(task_uuid), person)
    service.release(db.session(), task, person)
    flash(_("The task is back with the team."))
    return _go_on(_after())


@blueprint.app_errorhandler(TaskIsGone)
def task_is_gone(error: TaskIsGone) -> Response:
    """The page for somebody who was not first: who was, what was kept, and where it goes on."""
    person = current_person()
    task = _task(db.session(), error.task_uuid, person)
    return make_response(_gone_page(task, person), 409)


def _task(session: Session, task_uuid: str, reader: Person) -> UserTask:
    return queries.visible_task(session, task_uuid, reader)


def _form_again(task_uuid: str, typed: dict[str, Any], brought: Brought, error: InvalidInput) -> ResponseReturnValue:
    """The form with its errors, everything that was typed, and the files, which need not be chosen again."""
    person = current_person()
    task = _task(db.session(), task_uuid, person)
    typed = service.with_files(db.session(), task, person, typed, brought)
    if brought != NOTHING:
        # Who leaves the page now finds the files again with the draft. One that is too long to keep is on the page.
        with suppress(InvalidInput):
            service.save_draft(db.session(), task, person, typed)
    errors = error.errors or {"": [error.message]}
    if request.headers.get("HX-Request"):
        shown = shown_task(db.session(), task, person, standing(db.session(), person), typed=typed, errors=errors)
        return render_template("tasklist/form.html", shown=shown, place=request.form.get("_place", "pane")), 422
    details = task_details(db.session(), task, person, typed, errors, back=_after())
    return render_template("tasklist/show.html", **details), 422


def _gone_page(task: UserTask, reader: Person) -> str:
    session = db.session()
    row = queries.rows_of(session, [task], standing(session, reader), get_timezone())[0]
    draft = queries.draft_of(session, reader, task)
    return render_template(
        "tasklist/gone_fragment.html" if request.headers.get("HX-Request") else "tasklist/gone.html",
        task=task,
        ticket=row.ticket,
        winner=people.people_by_ids(session, [task.completed_by_id]).get(task.completed_by_id or 0),
        words=service.words_of(session, task, draft) if draft is not None else [],
        again=queries.same_step(session, task),
        back=safe_next(request.form.get("_next")) or list_views.here(),
    )


def _typed() -> dict[str, Any]:
    """What the browser sent for the form's fields: a text, or a list of texts for a name sent several times."""
    typed: dict[str, Any] = {}
    for key, values in request.form.lists():
        if key != "csrf_token" and not key.startswith("_"):
            typed[key] = values[0] if len(values) == 1 else values
    return typed


def _brought() -> Brought:
    """The files the browser sent, and which of those kept before are not wanted any more."""
    uploads = {
        # Werkzeug types the stream of an upload more loosely than it is.
        key: [cast(Upload, upload) for upload in chosen]
        for key, found in request.files.lists()
        if (chosen := [upload for upload in found if upload.filename])
    }
    return Brought(uploads, frozenset(request.form.getlist(REMOVED)))


def _said(task: UserTask, answer: dict[str, Any]) -> str:
    """What to tell after a task was completed, in plain words."""
    if task.subject_kind == "ticket":
        if answer.get("outcome") == "escalate":
            return str(_("Escalation asked for. An approver decides; until then the request is with you."))
        if answer.get("outcome") == "solved":
            return str(_("Reply sent. The customer is asked whether everything works now."))
        if answer.get("reply"):
            return str(_("Reply sent. The reply clock stopped."))
    return str(_("Done. The request goes on."))


def _after() -> str:
    """Where to go on: where the form stood, or the list."""
    return safe_next(request.form.get("_next")) or url_for("tasklist.my_work")


def _go_on(target: str) -> ResponseReturnValue:
    """Go to another page after a change, also from a partial update."""
    if request.headers.get("HX-Request"):
        return "", 204, {"HX-Redirect": target}
    return redirect(target)
