"""The engine's door: everything the rest of the desk may do with process instances.

A step runs to completion: what an operation asks for while a step is running (another start, a message, a refresh) is
queued and done right after it, in the same transaction. Each queued step has a savepoint of its own, so when it fails
only its own instance stalls.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm.attributes import set_committed_value

from app import clock
from app.db import Session, insert_one
from app.engine import definitions, messages, runtime, timers
from app.engine.budgets import LIMITS
from app.engine.failures import (
    StepFailed,
    close,
    keep_pending,
    locked,
    pending_steps,
    raise_what_is_no_fault,
    stall,
    was_first_elsewhere,
)
from app.engine.locking import LockedTask, locked_task
from app.engine.message_events import key_text
from app.engine.models import InstanceState, Parked, ProcessInstance, Timer, UserTask
from app.engine.queueing import queue_of, submit
from app.engine.refusals import TaskClosed, name_of, names_come_from, refuse_closed, refuse_suspended
from app.engine.steps import Step, StepKind
from app.engine.subject import Subject
from app.engine.values import ExpressionError
from app.errors import Conflict, InvalidInput, NotFound
from app.texts import gettext as _

__all__ = [
    "StepFailed",
    "TaskClosed",
    "cancel",
    "claim",
    "complete_task",
    "names_come_from",
    "refresh",
    "release",
    "retry",
    "send_message",
    "start",
    "wake",
]

log = structlog.get_logger(__name__)

_LIVE = (InstanceState.RUNNING, InstanceState.STALLED)


def start(
    session: Session,
    process_key: str,
    subject: Subject,
    *,
    variables: dict[str, Any] | None = None,
    by_id: int | None = None,
) -> ProcessInstance:
    """Start the newest version of a process for a subject and run it to its first wait states.

    When its first step fails the instance is there, stalled, and can be retried: what it is about must not be lost.

    Raises:
        NotFound: no process has this key.
    """
    definition_id = definitions.current_id(session, process_key)
    if definition_id is None:
        raise NotFound(_("There is no process %(key)s.", key=process_key))
    instance_id = insert_one(
        session,
        _NEW_INSTANCE,
        {
            "definition_id": definition_id,
            "subject_kind": subject.kind,
            "subject_id": subject.id,
            "started_at": clock.now(),
            "started_by_id": by_id,
        },
    )
    instance = locked(session, instance_id)
    assert instance is not None
    step = Step(StepKind.START, {"variables": variables or {}}, by_id)
    submit(session, lambda: _advance_safely(session, instance.id, step))
    return instance


def complete_task(session: Session, task: UserTask | int, answer: dict[str, Any], *, by_id: int | None) -> None:
    """Complete an open user task with a form's answer and run the instance on.

    Args:
        task: the task, or its number.

    Raises:
        NotFound: no task has this number.
        TaskClosed: somebody completed it before, or the process no longer needs it.
        Conflict: somebody holds the instance; it takes no step before it is resumed.
        InvalidInput: an operation refused values of the answer, a day in the future say; nothing stalls.
        StepFailed: the process cannot go on; the boundary rolls back and records its aftermath.
    """
    now = locked_task(session, task if isinstance(task, int) else task.id)
    if now is None:
        raise NotFound(_("There is no such task."))
    if isinstance(task, UserTask):
        _tell(task, now)
    refuse_closed(session, now)
    refuse_suspended(session, now.instance)
    instance_id = now.instance.id
    # A diagram asks "who did this?" as `work.by`; no field of a form may claim to be that.
    step = Step(StepKind.TASK, {"task_id": now.task_id, "answer": answer}, by_id)
    if queue_of(session).running:
        submit(session, lambda: _advance_safely(session, instance_id, step))
        return
    try:
        submit(session, lambda: _advance(session, instance_id, step))
    except StepFailed as failure:
        # The whole body runs once more at its boundary; a second time it is no race.
        raise_what_is_no_fault(failure, or_retry=True)
        if failure.refuses(answer):
            raise InvalidInput(_("Some fields need another look. Nothing was sent."), failure.errors) from failure
        raise


def claim(session: Session, task: UserTask, person_id: int) -> None:
    """Take an open user task; claiming one's own again does nothing.

    Raises:
        TaskClosed: the task is no longer open.
        Conflict: somebody else has it.
    """
    locked(session, task.instance_id)
    session.refresh(task)
    refuse_closed(session, task)
    if task.assignee_id not in (None, person_id):
        raise Conflict(_("%(person)s has taken this task.", person=name_of(session, task.assignee_id)))
    task.assignee_id = person_id


def release(session: Session, task: UserTask, by_id: int | None) -> None:
    """Give a claimed user task back to those who may take it.

    Raises:
        TaskClosed: the task is no longer open.
    """
    locked(session, task.instance_id)
    session.refresh(task)
    refuse_closed(session, task)
    task.assignee_id = None


def send_message(
    session: Session,
    name: str,
    subject: Subject,
    payload: dict[str, Any] | None = None,
    *,
    key: str | None = None,
    keep_for: timedelta | None = None,
) -> None:
    """Deliver a message to every instance of the subject that waits for it; nobody waiting is no error.

    Args:
        key: which of the waits is meant, where the diagram gives them a `correlation`.
        keep_for: how long the message waits for the first receiver when there is none yet. Without it, it is on
            record as not received and nobody gets it later.

    Raises:
        InvalidInput: the key is none that a wait could have.
    """
    try:
        key = key_text(key)
    except ExpressionError as error:
        raise InvalidInput(str(error), {"key": [str(error)]}) from error
    submit(session, lambda: _deliver(session, name, subject, payload or {}, key, keep_for))


def serve_kept(session: Session, instance_id: int) -> None:
    """Give an instance the kept messages that it waits for, oldest first."""
    submit(session, lambda: _deliver_kept(session, instance_id))


def run_now(session: Session, instance_id: int, step: Step) -> None:
    """One step that a person asks for, which does not stall the instance: when it fails, nothing was done.

    Raises:
        Conflict: it failed; says where and why.
    """
    try:
        with session.begin_nested():
            submit(session, lambda: _advance(session, instance_id, step))
    except StepFailed as failure:
        raise_what_is_no_fault(failure, or_retry=False)
        where = f"{failure.element}: " if failure.element and failure.element not in failure.reason else ""
        raise Conflict(where + failure.reason) from failure


def refresh(session: Session, subject: Subject) -> None:
    """Facts of the subject changed: re-arm its deadline timers, and calculate its open user tasks anew."""
    if all(subject != waiting for __, waiting in queue_of(session).waiting):
        submit(session, lambda: _refresh(session, subject), refreshing=subject)


def wake(session: Session, timer_id: int) -> None:
    """Fire a due timer, and before it any earlier one of its instance; nothing when it is gone or no longer due."""
    session.flush()
    instance_id = session.connection().execute(_INSTANCE_OF, {"this": timer_id}).scalar_one_or_none()
    if instance_id is not None:
        submit(session, lambda: _wake(session, timer_id, instance_id))


def retry(session: Session, instance: ProcessInstance, *, by_id: int | None) -> None:
    """Run a stalled instance's failed steps again; it stalls again when they fail again.

    Raises:
        Conflict: the instance is not stalled, or somebody holds it.
    """
    locked(session, instance.id)
    if instance.state != InstanceState.STALLED:
        raise Conflict(_("This instance is not stalled any more."))
    refuse_suspended(session, instance)
    # Whoever is stranded has no step that failed: looking again tells whether anything has changed.
    steps = pending_steps(instance) or [Step(StepKind.REFRESH)]
    instance.attempts += 1
    keep_pending(instance, [])
    timers.unstall(session, instance.id)
    session.flush()
    for step in steps:
        submit(session, lambda step=step: _advance_safely(session, instance.id, step))  # type: ignore[misc]


def cancel(session: Session, instance: ProcessInstance, reason: str, *, by_id: int | None) -> None:
    """End an instance before its time; one that has ended stays as it is."""
    submit(session, lambda: _cancel(session, instance.id, reason, by_id))


def _advance(session: Session, instance_id: int, step: Step) -> None:
    queue = queue_of(session)
    queue.done += 1
    if queue.done > LIMITS.queued_steps:
        reason = f"More than {LIMITS.queued_steps} steps followed from one: processes seem to call each other for ever."
        raise StepFailed(instance_id, "", reason, step)
    for thrown in runtime.advance(session, instance_id, step):
        instance = session.get_one(ProcessInstance, instance_id)
        send_message(session, thrown.name, instance.subject, thrown.payload, key=thrown.key, keep_for=thrown.keep_for)
    if messages.has_kept(session, instance_id):
        serve_kept(session, instance_id)


def _advance_safely(session: Session, instance_id: int, step: Step) -> None:
    """A step in a savepoint: when it fails, only its instance stalls."""
    queue = queue_of(session)
    before = len(queue.waiting)
    for attempt in (1, 2):
        try:
            with session.begin_nested():
                _advance(session, instance_id, step)
            return
        except StepFailed as failure:
            # What the failed step asked for is as undone as the rest of it.
            while len(queue.waiting) > before:
                queue.waiting.pop()
            raise_what_is_no_fault(failure, or_retry=False)
            if attempt == 1 and was_first_elsewhere(failure):
                # Another transaction has just written the same row: looking again finds it.
                continue
            stall(session, failure)
            return


def _deliver(
    session: Session,
    name: str,
    subject: Subject,
    payload: dict[str, Any],
    key: str | None,
    keep_for: timedelta | None,
) -> None:
    of_subject = (ProcessInstance.subject_kind == subject.kind, ProcessInstance.subject_id == subject.id)
    live = select(ProcessInstance.id).where(*of_subject, ProcessInstance.state.in_(_LIVE))
    # Another transaction's step may be about to wait for just this message: locked, all have come to where they stop.
    session.scalars(live.order_by(ProcessInstance.id).with_for_update()).all()
    found = messages.receivers(session, name, subject, key)
    if not found:
        log.info("message_not_awaited", message=name, subject=str(subject))
        messages.keep(session, name, subject, payload, key=key, keep_for=keep_for)
    for receiver in found:
        if receiver.is_suspended:
            held_for = receiver.instance_id
            messages.keep(session, name, subject, payload, key=key, keep_for=None, held_for=held_for)
        else:
            _advance_safely(session, receiver.instance_id, messages.as_step(name, payload, key, keep_for))


def _deliver_kept(session: Session, instance_id: int) -> None:
    while True:
        # A step may end the instance, or suspend nothing: looked at again each time.
        instance = locked(session, instance_id)
        if instance is None or instance.state not in _LIVE or instance.suspended_at is not None:
            return
        message = messages.take(session, instance_id)
        if message is None:
            return
        left = message.expires_at - clock.now() if message.expires_at is not None else None
        step = messages.as_step(message.name, message.payload, message.key, left)
        _advance_safely(session, instance_id, step)


def _refresh(session: Session, subject: Subject) -> None:
    query = select(ProcessInstance.id).where(
        ProcessInstance.subject_kind == subject.kind,
        ProcessInstance.subject_id == subject.id,
        ProcessInstance.state.in_(_LIVE),
        ProcessInstance.blob.is_not(None),
        # Resuming calculates everything anew.
        ProcessInstance.suspended_at.is_(None),
    )
    for instance_id in session.scalars(query.order_by(ProcessInstance.id)).all():
        if not runtime.is_fresh(session, instance_id):
            _advance_safely(session, instance_id, Step(StepKind.REFRESH))


_INSTANCES, _TIMERS = ProcessInstance.__table__, Timer.__table__
assert isinstance(_INSTANCES, Table)
_NEW_INSTANCE = _INSTANCES.insert()
# Of the table, not of the model: ten thousand may be due at once, and nobody needs their rows.
_INSTANCE_OF = select(_TIMERS.c.instance_id).where(_TIMERS.c.id == bindparam("this"))
_DUE = (
    select(_TIMERS.c.id, _TIMERS.c.task_id, _TIMERS.c.element, _TIMERS.c.due_at, _TIMERS.c.parked)
    .where(_TIMERS.c.instance_id == bindparam("instance"), _TIMERS.c.due_at <= bindparam("now"))
    .order_by(_TIMERS.c.due_at, _TIMERS.c.id)
)


def _wake(session: Session, timer_id: int, instance_id: int) -> None:
    locked(session, instance_id)
    due = session.connection().execute(_DUE, {"instance": instance_id, "now": clock.now()}).all()
    timer = next((each for each in due if each.id == timer_id), None)
    if timer is None or timer.parked == Parked.SUSPENDED:
        return
    for each in due:
        if each.due_at <= timer.due_at and (each.parked is None or each.id == timer_id):
            step = Step(StepKind.TIMER, {"task_id": each.task_id, "element": each.element})
            _advance_safely(session, instance_id, step)


def _cancel(session: Session, instance_id: int, reason: str, by_id: int | None) -> None:
    instance = locked(session, instance_id)
    if instance is None or instance.state not in _LIVE:
        return
    instance.end_reason = reason
    close(session, instance, InstanceState.CANCELLED, by_id)
    session.flush()


def _tell(task: UserTask, now: LockedTask) -> None:
    """Let whoever holds a task see what became of it while this transaction waited for its instance."""
    for name in ("state", "completed_at", "completed_by_id"):
        set_committed_value(task, name, getattr(now, name))
