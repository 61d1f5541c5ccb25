"""Failed steps: what is kept of them, so that nothing typed or received is lost and a retry can run them again."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app import clock
from app.db import Session
from app.engine import messages, timers
from app.engine.events import InstanceStalled
from app.engine.locking import locked as locked
from app.engine.models import HistoryEntry, InstanceState, MessageWait, ProcessInstance, TaskState, Timer, UserTask
from app.engine.steps import Step, StepKind
from app.errors import DeskError
from app.events import record
from app.texts import gettext as _

log = structlog.get_logger(__name__)


class StepFailed(DeskError):
    """A step of an instance failed and everything it did was rolled back."""

    status = 409

    def __init__(
        self,
        instance_id: int,
        element: str,
        reason: str,
        step: Step,
        *,
        name: str = "",
        errors: Mapping[str, list[str]] | None = None,
    ) -> None:
        super().__init__(
            _(
                "The process could not go on at “%(element)s”: %(reason)s Whoever looks after the processes can repair "
                "it and try again; nothing of yours is lost.",
                element=name or element or "?",
                reason=reason,
            )
        )
        self.instance_id = instance_id
        self.element = element
        self.reason = reason
        self.step = step
        # What an operation refused, by the names of its parameters.
        self.errors = dict(errors or {})

    def refuses(self, answer: Mapping[str, object]) -> bool:
        """Whether an operation refused values that this answer brought: then the form can mend it, not the process."""
        return bool(self.errors) and self.errors.keys() <= answer.keys()

    def aftermath(self, session: Session) -> None:
        """Mark the instance as stalled; boundaries call this in a transaction of its own after the rollback."""
        stall(session, self)


# Steps that lost a race at their boundary, by thread: a second loss is no race.
_raced = threading.local()
_UNIQUE_VIOLATION = "23505"


def database_error(failure: BaseException) -> DBAPIError | None:
    """What the database said, somewhere behind a failure."""
    cause: BaseException | None = failure
    while cause is not None and not isinstance(cause, DBAPIError):
        cause = cause.__cause__ or cause.__context__
    return cause


def was_first_elsewhere(failure: StepFailed) -> bool:
    """Whether another row was in the way of a unique one: perhaps another transaction has just written it.

    Any other broken constraint is the diagram's or an operation's fault and breaks again each time.
    """
    error = database_error(failure)
    if not isinstance(error, IntegrityError):
        return False
    code = getattr(error.orig, "sqlstate", None)
    return code == _UNIQUE_VIOLATION or str(error.orig).startswith("UNIQUE constraint failed")


def raise_what_is_no_fault(failure: StepFailed, *, or_retry: bool) -> None:
    """Let an error go on to the boundary that no repair of a process could mend, so that nothing stalls.

    Args:
        or_retry: also let the boundary run again what lost a race for a unique row, once.

    Raises:
        DBAPIError: the connection to the database is gone, whatever class the driver gives that.
        StaleDataError: a lost race; the boundary runs its whole body again.
    """
    error = database_error(failure)
    if error is not None and error.connection_invalidated:
        raise error
    if not or_retry:
        return
    lost: set[str] = _raced.__dict__.setdefault("steps", set())
    step = f"{failure.instance_id} {failure.step.kind} {failure.step.data.get('task_id')}"
    if was_first_elsewhere(failure) and step not in lost:
        lost.add(step)
        raise StaleDataError(f"another transaction was first: {error}") from failure
    lost.discard(step)


def pending_steps(instance: ProcessInstance) -> list[Step]:
    """The steps that failed and wait for a retry."""
    return [Step.from_json(kept) for kept in (instance.pending_step or {}).get("steps", [])]


def keep_pending(instance: ProcessInstance, steps: list[Step]) -> None:
    """Write down which steps wait for a retry; without any, the instance runs again."""
    if steps:
        instance.pending_step = {"steps": [step.as_json() for step in steps]}
        return
    instance.pending_step = None
    if instance.state == InstanceState.STALLED:
        instance.state = InstanceState.RUNNING
    instance.stalled_element = instance.stalled_reason = instance.stalled_at = None


def stall(session: Session, failure: StepFailed) -> None:
    """Mark an instance as stalled at the element that failed, and keep the step for a retry."""
    instance = locked(session, failure.instance_id)
    # An instance that was started in the transaction that failed is gone with it.
    if instance is None or instance.state in (InstanceState.COMPLETED, InstanceState.CANCELLED):
        return
    log.warning("step_failed", instance=instance.id, element=failure.element, reason=failure.reason)
    was_running = instance.state == InstanceState.RUNNING
    others = [step for step in pending_steps(instance) if not step.is_same_as(failure.step)]
    keep_pending(instance, [*others, failure.step])
    instance.state = InstanceState.STALLED
    instance.stalled_element = failure.element[:200]
    instance.stalled_reason = failure.reason
    instance.stalled_at = clock.now()
    if failure.step.kind == StepKind.TIMER:
        timers.park_one(session, instance.id, failure.step.data["task_id"], failure.step.data["element"])
    session.flush()
    if was_running:
        _tell(session, instance, failure.element, failure.reason)


def strand(session: Session, instance: ProcessInstance, element: str, reason: str) -> None:
    """Mark an instance as stalled that nothing can move on any more: a person has to.

    Its step went well and stays done; there is nothing to try again.
    """
    was_running = instance.state == InstanceState.RUNNING
    instance.state = InstanceState.STALLED
    instance.stalled_element, instance.stalled_reason, instance.stalled_at = element[:200], reason, clock.now()
    session.flush()
    if was_running:
        log.warning("instance_stranded", instance=instance.id, element=element, reason=reason)
        _tell(session, instance, element, reason)


def _tell(session: Session, instance: ProcessInstance, element: str, reason: str) -> None:
    record(
        session,
        InstanceStalled(
            instance_id=instance.id,
            process_key=instance.definition.key,
            subject_kind=instance.subject_kind,
            subject_id=instance.subject_id,
            element=element,
            reason=reason,
        ),
    )


def settle(session: Session, instance: ProcessInstance, done: Step) -> None:
    """After a step went well: forget kept steps that it was, or that nothing waits for any longer.

    Messages among them are not lost: they are on record as any that nobody waited for.
    """
    if instance.pending_step is None:
        if instance.state == InstanceState.STALLED:
            # It was stranded, and is moving again.
            keep_pending(instance, [])
        return
    left = [step for step in pending_steps(instance) if not step.is_same_as(done)]
    waited_for = [step for step in left if _still_waits(session, instance, step)]
    keep_pending(instance, waited_for)
    messages.keep_untaken(session, instance.subject, [step for step in left if step not in waited_for])


def _still_waits(session: Session, instance: ProcessInstance, step: Step) -> bool:
    if step.kind == StepKind.START:
        return instance.blob is None
    if step.kind == StepKind.TASK:
        query = select(UserTask.id).where(
            UserTask.instance_id == instance.id,
            UserTask.task_id == step.data["task_id"],
            UserTask.state == TaskState.OPEN,
        )
    elif step.kind == StepKind.TIMER:
        query = select(Timer.id).where(
            Timer.instance_id == instance.id,
            Timer.task_id == step.data["task_id"],
            Timer.element == step.data["element"],
        )
    elif step.kind == StepKind.MESSAGE:
        query = select(MessageWait.id).where(
            MessageWait.instance_id == instance.id, MessageWait.name == step.data["name"]
        )
    else:
        return False
    return session.scalars(query.limit(1)).first() is not None


def close(session: Session, instance: ProcessInstance, state: InstanceState, by_id: int | None) -> None:
    """End an instance in the tables: nothing of it is open, due or waited for any longer."""
    now = clock.now()
    messages.keep_untaken(session, instance.subject, pending_steps(instance))
    instance.state = state
    instance.ended_at = now
    instance.pending_step = None
    instance.stalled_element = instance.stalled_reason = instance.stalled_at = None
    for model in (Timer, MessageWait):
        session.execute(delete(model).where(model.instance_id == instance.id))
    still_open = select(UserTask).where(UserTask.instance_id == instance.id, UserTask.state == TaskState.OPEN)
    for task in session.scalars(still_open):
        task.state, task.completed_at, task.completed_by_id = TaskState.CANCELLED, now, by_id
    session.execute(
        update(HistoryEntry)
        .where(HistoryEntry.instance_id == instance.id, HistoryEntry.left_at.is_(None))
        .values(left_at=now, outcome="cancelled")
    )
