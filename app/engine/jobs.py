"""What workers do for the engine."""

from __future__ import annotations

import time
from functools import partial

import structlog
from sqlalchemy import select

from app.db import Session, run_in_transaction, transaction
from app.engine import service, timers
from app.engine.failures import StepFailed, stall
from app.engine.locking import locked, locked_if_free
from app.engine.models import Timer
from app.engine.moving import work
from app.engine.steps import Step, StepKind
from app.errors import Conflict
from app.jobs import job

# Well within the time after which the queue stops a job: the last timer begun still has most of that for itself.
LONGEST_SECONDS = 20.0
# How long one transaction goes on with further timers: whoever waits for SQLite's one writer's place, or for an
# instance, waits as long.
HOLD_SECONDS = 0.05

log = structlog.get_logger(__name__)


@job("engine.wake")
def wake(*timer_ids: int) -> None:
    """Fire due timers, several in one transaction. A step that fails undoes itself and stalls its instance only.

    That an attempt was made is committed before it is made: a timer that kills its worker each time ends as a stalled
    instance. Those that were begun with it count one attempt too, and travel alone from then on.
    """
    until = time.monotonic() + LONGEST_SECONDS
    begun: list[int] = []
    alone = list(timer_ids)
    if len(alone) > 1:
        begun, alone = run_in_transaction(partial(timers.begin_together, timer_ids=timer_ids))
        begun = _fire_together(begun, until)
    for place, timer_id in enumerate(begun):
        if time.monotonic() > until:
            run_in_transaction(partial(timers.give_back, timer_ids=begun[place:], begun=True))
            break
        _fire_safely(timer_id)
    for place, timer_id in enumerate(alone):
        if len(timer_ids) > 1 and time.monotonic() > until:
            run_in_transaction(partial(timers.give_back, timer_ids=alone[place:]))
            break
        if run_in_transaction(partial(begin, timer_id=timer_id)):
            _fire_safely(timer_id)


def _fire_together(begun: list[int], until: float) -> list[int]:
    """Fire timers that were begun, as many in each transaction as `HOLD_SECONDS` allow; gives those that are left.

    Left are those whose instance somebody holds, and all of a transaction that broke, for whichever reason: each is
    tried in a transaction of its own then.
    """
    left: list[int] = []
    is_first = True
    while begun and (is_first or time.monotonic() <= until):
        is_first = False
        try:
            with transaction() as session:
                done, passed_over = _fire_some(session, begun)
        except Exception:
            log.info("timers_fired_alone", count=len(begun), exc_info=True)
            break
        left += passed_over
        begun = begun[done:]
    return left + begun


def _fire_some(session: Session, timer_ids: list[int]) -> tuple[int, list[int]]:
    """Fire timers for a while: how many were looked at, and which of these were passed over."""
    instances = timers.instances_of(session, timer_ids)
    # Waiting for one while holding others is how two workers come to wait for each other.
    held = locked_if_free(session, instances.values())
    passed_over: list[int] = []
    ends_at = time.monotonic() + HOLD_SECONDS
    for place, timer_id in enumerate(timer_ids):
        if place and time.monotonic() > ends_at:
            return place, passed_over
        if timer_id not in instances:
            continue
        if instances[timer_id] in held:
            service.wake(session, timer_id)
        else:
            passed_over.append(timer_id)
    return len(timer_ids), passed_over


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


def _fire_safely(timer_id: int) -> None:
    """Fire a timer that was begun, in a transaction of its own.

    A step that fails stalls its instance and is no error here. What is one (others were faster again and again, the
    database went away) puts the timer back, and the next one has its turn.
    """
    try:
        run_in_transaction(partial(service.wake, timer_id=timer_id))
    except Exception as error:
        log.exception("timer_put_back", timer=timer_id)
        counted = not isinstance(error, Conflict)
        run_in_transaction(partial(timers.put_back, timer_id=timer_id, counted=counted))


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
