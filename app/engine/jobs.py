"""What workers do for the engine."""

from __future__ import annotations

import time
from functools import partial

import structlog
from sqlalchemy import select

from app.db import Session, run_in_transaction
from app.engine import service, timers
from app.engine.failures import StepFailed, locked, stall
from app.engine.models import Timer
from app.engine.moving import work
from app.engine.steps import Step, StepKind
from app.errors import Conflict
from app.jobs import job

# Well within the time after which the queue stops a job: the last timer begun still has most of that for itself.
LONGEST_SECONDS = 20.0

log = structlog.get_logger(__name__)


@job("engine.wake")
def wake(*timer_ids: int) -> None:
    """Fire due timers, each in a transaction of its own.

    That an attempt was made is committed before it is made: a timer that kills its worker each time ends as a stalled
    instance, and the timers that were only in the same hint have lost nothing but a little time.
    """
    until = time.monotonic() + LONGEST_SECONDS
    begun: int | None = None
    for place, timer_id in enumerate(timer_ids):
        if place and time.monotonic() > until:
            left = timer_ids[place:] if begun is None else timer_ids[place + 1 :]
            if begun is not None:
                run_in_transaction(partial(timers.put_back, timer_id=begun, counted=False))
            run_in_transaction(partial(timers.give_back, timer_ids=left))
            return
        following = timer_ids[place + 1] if place + 1 < len(timer_ids) else None
        if begun == timer_id or run_in_transaction(partial(begin, timer_id=timer_id)):
            begun = _fire_safely(timer_id, following)


def begin(session: Session, timer_id: int) -> bool:
    """A worker is about to wake a due timer: count the attempt; False when there is nothing to wake."""
    timer = session.get(Timer, timer_id)
    if timer is None:
        return False
    # The instance first, as every step does: whoever holds it may be firing this very timer.
    locked(session, timer.instance_id)
    query = select(Timer).where(Timer.id == timer_id).execution_options(populate_existing=True)
    timer = session.scalars(query).one_or_none()
    if timer is None or not timers.can_begin(timer):
        return False
    if timer.attempts >= timers.MAX_ATTEMPTS:
        _give_up(session, timer)
        return False
    timers.count_attempt(timer)
    return True


def _fire_safely(timer_id: int, following: int | None) -> int | None:
    """Fire a timer that was begun; gives the id of the one that is begun then.

    A step that fails stalls its instance and is no error here. What is one (others were faster again and again, the
    database went away) puts the timer back, and the next one has its turn.
    """
    try:
        return run_in_transaction(partial(_fire, timer_id=timer_id, following=following))
    except Exception as error:
        log.exception("timer_put_back", timer=timer_id)
        counted = not isinstance(error, Conflict)
        run_in_transaction(partial(timers.put_back, timer_id=timer_id, counted=counted))
        return None


def _fire(session: Session, timer_id: int, following: int | None) -> int | None:
    service.wake(session, timer_id)
    return following if following is not None and timers.begin_next(session, following) else None


def _give_up(session: Session, timer: Timer) -> None:
    step = Step(StepKind.TIMER, {"task_id": timer.task_id, "element": timer.element})
    reason = f"The timer was given to a worker {timers.MAX_ATTEMPTS} times and none came back."
    stall(session, StepFailed(timer.instance_id, timer.element, reason, step))


@job("engine.serve_kept")
def serve_kept(instance_id: int) -> None:
    """Give an instance the kept messages that it waits for."""
    run_in_transaction(partial(service.serve_kept, instance_id=instance_id))


@job("engine.move")
def move(move_id: int) -> None:
    """Move instances to another version for a while; what is left is offered again."""
    work.run(move_id)
