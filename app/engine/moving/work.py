"""Moves as work that goes on by itself: each instance in a transaction of its own, in batches, by any worker.

What is to be done stands in the database. A worker that dies leaves an instance on one version or on the other, never
between, and the clock offers the rest again when its lease has run out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import func, insert, select, update

from app import clock
from app.db import Session, run_in_transaction
from app.engine.models import ProcessDefinition
from app.engine.moving import instances
from app.engine.moving.mapping import Overrides
from app.engine.moving.models import InstanceMove, MoveResult, MoveState, ResultState
from app.engine.moving.plan import live_ids, mapper_for
from app.engine.moving.verdicts import CannotMove, Outcome
from app.errors import NotFound
from app.jobs import offer_after_commit

LEASE = timedelta(seconds=60)
BATCH = 50
# Well within the time after which the queue stops a job; what is left is offered anew.
LONGEST_SECONDS = 20.0
# A move that ends its worker again and again is given up, with what it did so far.
MAX_ATTEMPTS = 10

log = structlog.get_logger(__name__)


def start(
    session: Session,
    source: ProcessDefinition,
    target: ProcessDefinition,
    *,
    overrides: Overrides | None = None,
    rearm: bool = False,
    only: Sequence[int] = (),
    by_id: int | None = None,
    here: bool = False,
) -> InstanceMove:
    """Write down a move of all live instances of a version, or of some; workers do it once this has committed.

    Args:
        rearm: deadlines whose expression changed are calculated anew.
        only: ids of the instances to move; all when empty.
        here: the caller does the work itself with `carry_on`; workers take it up only if it does not.

    Raises:
        InvalidInput: see `plan.mapper_for`.
    """
    mapper_for(source, target, overrides)
    move = InstanceMove(
        from_definition_id=source.id,
        to_definition_id=target.id,
        mapping=dict(overrides or {}),
        rearm=rearm,
        by_id=by_id,
        created_at=clock.now(),
        attempts=0,
    )
    session.add(move)
    session.flush()
    after, total = 0, 0
    while found := live_ids(session, source, only=only, after=after, limit=500):
        waiting = {"move_id": move.id, "state": ResultState.WAITING.value}
        session.execute(insert(MoveResult), [{**waiting, "instance_id": each} for each in found])
        after, total = found[-1], total + len(found)
    move.total = total
    if here:
        move.lease_until = clock.real_now() + LEASE
    else:
        offer_after_commit(session, "engine.move", move.id)
    session.flush()
    return move


def due_ids(session: Session, limit: int = 50) -> list[int]:
    """Ids of moves that are not done and that nobody works on, for the clock to offer."""
    query = select(InstanceMove.id).where(
        InstanceMove.state == MoveState.RUNNING,
        InstanceMove.lease_until.is_(None) | (InstanceMove.lease_until < clock.real_now()),
    )
    return list(session.scalars(query.order_by(InstanceMove.id).limit(limit)))


def run(move_id: int, *, batch: int = BATCH, longest_seconds: float = LONGEST_SECONDS) -> bool:
    """A worker takes a move up for a while; False when it is done or somebody else has it."""
    if not run_in_transaction(lambda session: _claim(session, move_id)):
        return False
    if not carry_on(move_id, batch=batch, until=time.monotonic() + longest_seconds):
        run_in_transaction(lambda session: _hand_on(session, move_id))
    return True


def carry_on(
    move_id: int,
    *,
    batch: int = BATCH,
    until: float | None = None,
    told: Callable[[dict[str, int]], None] | None = None,
) -> bool:
    """Move what is left, batch by batch; True when nothing is.

    Args:
        until: the monotonic time after which no further batch is begun.
        told: called after each batch with `progress`.
    """
    while True:
        left = run_in_transaction(lambda session: _next(session, move_id, batch))
        for instance_id in left:
            move_one(move_id, instance_id)
        if told is not None:
            told(run_in_transaction(lambda session: progress(session, move_id), writing=False))
        if not left:
            return True
        if until is not None and time.monotonic() > until:
            return False


def move_one(move_id: int, instance_id: int) -> None:
    """Move one instance of a move; a failure leaves it as it was, with the reason."""
    try:
        run_in_transaction(lambda session: _move_one(session, move_id, instance_id))
    except CannotMove as refusal:
        element, reason = refusal.element, refusal.reason
    except Exception as error:
        # Whatever it is, it must keep back this instance only; the log has the whole story.
        log.exception("move_failed", move=move_id, instance=instance_id)
        element, reason = "", f"{type(error).__name__}: {error}"
    else:
        return
    run_in_transaction(lambda session: _note(session, move_id, instance_id, ResultState.FAILED, element, reason))


def progress(session: Session, move_id: int) -> dict[str, int]:
    """How many instances of a move are in each state."""
    query = select(MoveResult.state, func.count()).where(MoveResult.move_id == move_id).group_by(MoveResult.state)
    found = {state: number for state, number in session.execute(query)}  # noqa: C416  # rows are not pairs to mypy
    return {state.value: found.get(state.value, 0) for state in ResultState}


def get(session: Session, move_id: int) -> InstanceMove:
    """A move by its number.

    Raises:
        NotFound: there is none.
    """
    move = session.get(InstanceMove, move_id)
    if move is None:
        raise NotFound(f"There is no move {move_id}.")
    return move


def failures(session: Session, move_id: int, limit: int = 100) -> list[MoveResult]:
    """The instances that stayed where they were because they could not be moved."""
    query = select(MoveResult).where(MoveResult.move_id == move_id, MoveResult.state == ResultState.FAILED)
    return list(session.scalars(query.order_by(MoveResult.instance_id).limit(limit)))


def _claim(session: Session, move_id: int) -> bool:
    """The guard in WHERE makes the claim safe on both databases: one row, one winner."""
    moment = clock.real_now()
    claimed = session.execute(
        update(InstanceMove)
        .where(
            InstanceMove.id == move_id,
            InstanceMove.state == MoveState.RUNNING,
            InstanceMove.lease_until.is_(None) | (InstanceMove.lease_until < moment),
        )
        .values(lease_until=moment + LEASE, attempts=InstanceMove.attempts + 1)
        .returning(InstanceMove.attempts)
        .execution_options(synchronize_session=False)
    ).first()
    if claimed is None:
        return False
    if claimed.attempts > MAX_ATTEMPTS:
        move = get(session, move_id)
        session.refresh(move)
        move.state, move.finished_at, move.lease_until = MoveState.FAILED.value, clock.now(), None
        return False
    return True


def _next(session: Session, move_id: int, batch: int) -> list[int]:
    """The instances that come next; when none is left the move is done."""
    query = select(MoveResult.instance_id).where(MoveResult.move_id == move_id, MoveResult.state == ResultState.WAITING)
    left = list(session.scalars(query.order_by(MoveResult.instance_id).limit(batch)))
    move = get(session, move_id)
    if left:
        move.lease_until = clock.real_now() + LEASE
    elif move.state == MoveState.RUNNING:
        move.state, move.finished_at, move.lease_until = MoveState.DONE.value, clock.now(), None
    return left


def _hand_on(session: Session, move_id: int) -> None:
    move = get(session, move_id)
    if move.state == MoveState.RUNNING:
        move.lease_until = None
        offer_after_commit(session, "engine.move", move_id)


def _move_one(session: Session, move_id: int, instance_id: int) -> None:
    move = get(session, move_id)
    settings: dict[str, Any] = move.settings()
    verdict = instances.move(session, instance_id, move.from_definition, move.to_definition, **settings)
    state = ResultState.MOVED if verdict.outcome == Outcome.OK else ResultState.LEFT
    _note(session, move_id, instance_id, state, verdict.element, verdict.reason)
    # It gets on, so whoever has it is not killed by it.
    move.attempts = 0


def _note(session: Session, move_id: int, instance_id: int, state: ResultState, element: str, reason: str) -> None:
    # Another worker may have noted this one meanwhile: what stands there stays.
    session.execute(
        update(MoveResult)
        .where(
            MoveResult.move_id == move_id,
            MoveResult.instance_id == instance_id,
            MoveResult.state == ResultState.WAITING,
        )
        .values(state=state.value, element=element[:200] or None, reason=reason or None, done_at=clock.now())
        .execution_options(synchronize_session=False)
    )
