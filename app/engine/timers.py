"""Due timers: how the clock takes them and how workers are told."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from app import clock
from app.db import Session
from app.engine.failures import PARKED, StepFailed, locked, stall
from app.engine.models import InstanceState, ProcessInstance, Timer
from app.engine.steps import Step, StepKind
from app.jobs import offer_after_commit

LEASE = timedelta(seconds=60)
# A timer whose worker dies each time must not take workers with it for ever.
MAX_ATTEMPTS = 5


def offer_due(session: Session, now: datetime, limit: int = 200) -> list[int]:
    """Take due timers, earliest first, and hint workers to wake them once this transaction has committed.

    A timer is taken for `LEASE` of real time; when nobody woke it by then it is taken again, as often as it needs: a
    queue that is away or long says nothing about the timer.

    Returns:
        the ids of the timers taken.
    """
    real_now = clock.real_now()
    query = (
        select(Timer)
        .join(ProcessInstance, ProcessInstance.id == Timer.instance_id)
        .where(
            Timer.due_at <= now,
            Timer.lease_until.is_(None) | (Timer.lease_until < real_now),
            ProcessInstance.state.in_((InstanceState.RUNNING, InstanceState.STALLED)),
        )
        .order_by(Timer.due_at, Timer.id)
        .limit(limit)
        .with_for_update(of=Timer, skip_locked=True)
    )
    taken: list[int] = []
    for timer in session.scalars(query).all():
        timer.lease_until = real_now + LEASE
        taken.append(timer.id)
        offer_after_commit(session, "engine.wake", timer.id)
    session.flush()
    return taken


def begin(session: Session, timer_id: int) -> bool:
    """A worker is about to wake a due timer: count the attempt; False when there is nothing to wake.

    In a transaction before the one that wakes it, so that a timer which kills its worker each time ends as a stalled
    instance.
    """
    timer = session.get(Timer, timer_id)
    if timer is None:
        return False
    # The instance first, as every step does: whoever holds it may be firing this very timer.
    locked(session, timer.instance_id)
    query = select(Timer).where(Timer.id == timer_id).execution_options(populate_existing=True)
    timer = session.scalars(query).one_or_none()
    if timer is None or timer.due_at > clock.now() or _is_parked(timer):
        return False
    if timer.attempts >= MAX_ATTEMPTS:
        _give_up(session, timer)
        return False
    timer.attempts += 1
    timer.lease_until = clock.real_now() + LEASE
    return True


def _is_parked(timer: Timer) -> bool:
    return timer.lease_until is not None and timer.lease_until >= PARKED


def _give_up(session: Session, timer: Timer) -> None:
    timer.lease_until = PARKED
    session.flush()
    step = Step(StepKind.TIMER, {"task_id": timer.task_id, "element": timer.element})
    reason = f"The timer was given to a worker {MAX_ATTEMPTS} times and none came back."
    stall(session, StepFailed(timer.instance_id, timer.element, reason, step))


def oldest_due(session: Session, now: datetime) -> datetime | None:
    """The due time of the timer that has waited longest, parked ones left out; for the health page."""
    query = select(Timer.due_at).where(Timer.due_at <= now, Timer.lease_until.is_(None) | (Timer.lease_until < PARKED))
    return session.scalar(query.order_by(Timer.due_at).limit(1))
