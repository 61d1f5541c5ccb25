"""Doing the same to many tasks: each through the service that does it to a single one, each with its own result.

A boundary begins a deed, then carries it out task by task, each in a transaction of its own: one that fails, however
badly, takes none of the others with it, and what is done is on record with the doing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app import clock
from app.engine.models import UserTask
from app.engine.subject import Subject
from app.errors import Conflict, DeskError, InvalidInput, NotFound
from app.people import queries as people
from app.people.models import Person
from app.tasklist import decisions, queries, service
from app.tasklist.models import BulkDeed, BulkResult, Deed
from app.tasklist.permissions import is_approval
from app.tasklist.service import TaskIsGone
from app.texts import gettext as _
from app.tickets.subjects import ticket_of

MOST: Final = 100
LONGEST_REASON: Final = 2000
# How long somebody finds what they did.
KEPT: Final = timedelta(days=30)
DECISIONS: Final = {Deed.APPROVE: decisions.APPROVE, Deed.RETURN: decisions.RETURN}
# What takes a deed back.
OPPOSITES: Final = {Deed.CLAIM: Deed.RELEASE, Deed.RELEASE: Deed.CLAIM}


def begin(
    session: Session, deed: Deed, task_uuids: Iterable[str], *, by: Person, reason: str = "", query: str = ""
) -> BulkDeed:
    """Write down what somebody is about to do to many tasks.

    Args:
        reason: for a return.
        query: of the list's address, to go back to.

    Raises:
        InvalidInput: no task was chosen, or too many were, or the reason is missing or too long.
    """
    chosen = list(dict.fromkeys(task_uuids))
    if not chosen:
        raise InvalidInput(_("Choose the tasks first."))
    if len(chosen) > MOST:
        raise InvalidInput(_("At most %(most)s tasks can be done at once.", most=MOST))
    reason = reason.strip()
    if deed is Deed.RETURN and not reason:
        message = _("Say what is missing or wrong. The authors read it.")
        raise InvalidInput(message, {"reason": [message]})
    if len(reason) > LONGEST_REASON:
        message = _("At most %(count)s characters, please.", count=LONGEST_REASON)
        raise InvalidInput(message, {"reason": [message]})
    session.execute(delete(BulkDeed).where(BulkDeed.by_id == by.id, BulkDeed.made_at < clock.now() - KEPT))
    begun = BulkDeed(by_id=by.id, deed=deed.value, made_at=clock.now(), reason=reason, query=query[:2000])
    session.add(begun)
    session.flush()
    return begun


def begin_undo(session: Session, done: BulkDeed, *, by: Person) -> tuple[BulkDeed, list[str]]:
    """Write down that a deed is taken back; also the tasks that it changed.

    Raises:
        Conflict: it was undone already, or cannot be.
    """
    opposite = OPPOSITES.get(Deed(done.deed))
    if done.undone_at is not None:
        raise Conflict(_("This was undone already."))
    uuids = [result.task_uuid for result in done.results if result.is_undoable]
    if opposite is None or not uuids:
        raise Conflict(_("This cannot be undone."))
    done.undone_at = clock.now()
    undoing = BulkDeed(by_id=by.id, deed=opposite.value, made_at=clock.now(), query=done.query, undoes_id=done.id)
    session.add(undoing)
    session.flush()
    return undoing, uuids


def carry_out(session: Session, deed_id: int, task_uuid: str, *, by_id: int) -> None:
    """Do to one task what a deed is about, and write down that it is done.

    Raises:
        DeskError: what the service for a single task raises; `note_failure` writes it down, in another transaction.
    """
    deed, person = session.get_one(BulkDeed, deed_id), people.get_person(session, by_id)
    task = queries.visible_task(session, task_uuid, person)
    had_it = task.assignee_id
    kind = Deed(deed.deed)
    if kind is Deed.CLAIM:
        service.claim(session, task, person)
    elif kind is Deed.RELEASE:
        _release(session, task, person, is_undoing=deed.undoes_id is not None)
    else:
        _decide(session, task, person, DECISIONS[kind], deed.reason)
    undoable = deed.undoes_id is None and kind in OPPOSITES and had_it == (None if kind is Deed.CLAIM else by_id)
    result = BulkResult(deed_id=deed.id, task_uuid=task.uuid, number=_number(session, task), is_undoable=undoable)
    session.add(result)
    session.flush()


def note_failure(session: Session, deed_id: int, task_uuid: str, error: DeskError, *, by_id: int) -> None:
    """Write down why a task was left as it is."""
    result = BulkResult(deed_id=deed_id, task_uuid=task_uuid[:36], why=error.message)
    try:
        task = queries.visible_task(session, task_uuid, people.get_person(session, by_id))
    except NotFound:
        pass
    else:
        result.number = _number(session, task)
        if isinstance(error, TaskIsGone):
            result.winner_id, result.won_at = task.completed_by_id, task.completed_at
    session.add(result)
    session.flush()


def get(session: Session, deed_id: int, *, by: Person) -> BulkDeed:
    """What somebody did.

    Raises:
        NotFound: there is nothing, or somebody else did it.
    """
    deed = session.get(BulkDeed, deed_id)
    if deed is None or deed.by_id != by.id:
        raise NotFound(_("There is nothing here, or it is not for you."))
    return deed


def _release(session: Session, task: UserTask, person: Person, *, is_undoing: bool) -> None:
    if task.assignee_id is None and not is_undoing:
        raise Conflict(_("Nobody has this task."))
    if is_undoing and task.assignee_id != person.id:
        raise Conflict(_("It is not yours any more."))
    service.release(session, task, person)


def _decide(session: Session, task: UserTask, person: Person, decision: str, reason: str) -> None:
    service.refuse_unworkable(session, task, person)
    if not is_approval(task):
        raise InvalidInput(_("This is no approval. Open it to complete it."))
    form = service.form_of(session, task)
    typed = decisions.answer(form, decision, reason, language=str(person.language))
    try:
        service.complete(session, task, person, typed)
    except InvalidInput as error:
        said = [message for messages in error.errors.values() for message in messages]
        raise InvalidInput(" ".join(said) or error.message) from error


def _number(session: Session, task: UserTask) -> str:
    try:
        return ticket_of(session, Subject(task.subject_kind, task.subject_id)).number
    except NotFound:
        return ""
