"""Due timers: how the clock takes them in the order they are due, and what keeps some of them back.

Two kinds of time stand in a row: `due_at` is the desk's, which a demo may move; `lease_until` is real time, because
moving the desk's clock must not end a worker's lease.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, case, func, select, update

from app import clock
from app.db import Session
from app.engine.models import Parked, Timer
from app.jobs import offer_after_commit

LEASE = timedelta(seconds=60)
# A timer whose worker dies each time must not take workers with it for ever.
MAX_ATTEMPTS = 5
# How many timers one hint carries: a trip through the queue costs as much as several short steps.
TIMERS_A_HINT = 25
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)

# How late a due timer is, for people: the label and up to how many seconds; the last one takes the rest.
LATENESS = (("under_1_min", 60), ("under_5_min", 300), ("under_1_h", 3600), ("under_1_d", 86_400), ("more", None))


def pause_after(attempts: int, jitter: Callable[[], float] = random.random) -> timedelta:
    """How long a timer is left alone after so many attempts: twice as long each time, up to `LONGEST_PAUSE`.

    Args:
        jitter: gives 0 to 1; takes off up to half, so that timers that failed together do not come back together.
    """
    if attempts < 1:
        return timedelta(0)
    doublings = min(attempts - 1, 20)
    longest = min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
    return longest * (1 - jitter() / 2)


def claimable(now: datetime, real_now: datetime, limit: int) -> Select[int, int]:
    """The due timers that nobody has taken, as ids and attempts, in the order they are due.

    Everything it asks stands in the index `ix_timer_claim`, which it reads from the oldest due timer up to now: how
    many wait for a later moment, or are parked, makes no difference.
    """
    return (
        select(Timer.id, Timer.attempts)
        .where(
            Timer.parked.is_(None),
            Timer.due_at <= now,
            Timer.lease_until.is_(None) | (Timer.lease_until < real_now),
        )
        .order_by(Timer.due_at, Timer.id)
        .limit(limit)
        .with_for_update(of=Timer, skip_locked=True)
    )


def offer_due(session: Session, now: datetime, limit: int = 200) -> list[int]:
    """Take due timers, earliest first, and hint workers to wake them once this transaction has committed.

    A timer is taken for `LEASE` of real time; when nobody woke it by then it is taken again, as often as it needs: a
    queue that is away or long says nothing about the timer. One that was begun before and did not come back gets a
    hint of its own, so that what it does to its worker it does to no other timer.

    Returns:
        the ids of the timers taken.
    """
    real_now = clock.real_now()
    found = session.execute(claimable(now, real_now, limit)).all()
    if not found:
        return []
    taken = [timer_id for timer_id, _ in found]
    _write(session, taken, lease_until=real_now + LEASE)
    fresh = [timer_id for timer_id, attempts in found if not attempts]
    for start in range(0, len(fresh), TIMERS_A_HINT):
        offer_after_commit(session, "engine.wake", *fresh[start : start + TIMERS_A_HINT])
    for timer_id, attempts in found:
        if attempts:
            offer_after_commit(session, "engine.wake", timer_id)
    return taken


def count_attempt(timer: Timer, jitter: Callable[[], float] = random.random) -> None:
    """A worker begins with a timer now; should it be lost with it, the clock waits longer each time."""
    timer.lease_until = clock.real_now() + LEASE + pause_after(timer.attempts, jitter)
    timer.attempts += 1


def can_begin(timer: Timer | None) -> bool:
    """Whether a worker that was given this timer has anything to do."""
    return timer is not None and timer.due_at <= clock.now() and timer.parked is None


def begin_together(session: Session, timer_ids: Sequence[int]) -> tuple[list[int], list[int]]:
    """Begin, with one statement, those of these timers that nobody began before.

    It waits for nobody: whoever holds a timer's row may be firing it.

    Returns:
        those that were begun, and those that a worker must begin one by one.
    """
    query = select(Timer.id, Timer.attempts, Timer.due_at, Timer.parked).where(Timer.id.in_(timer_ids))
    free = {each.id: each for each in session.execute(query.with_for_update(of=Timer, skip_locked=True))}
    present = set(free)
    if len(free) < len(timer_ids):
        # Somebody holds the others' rows, or they are gone.
        present = set(session.scalars(select(Timer.id).where(Timer.id.in_(timer_ids))))
    now = clock.now()
    fresh = [
        timer_id
        for timer_id in timer_ids
        if (each := free.get(timer_id)) and not each.attempts and each.parked is None and each.due_at <= now
    ]
    _write(session, fresh, attempts=1, lease_until=clock.real_now() + LEASE)
    begun = set(fresh)
    return fresh, [timer_id for timer_id in timer_ids if timer_id in present and timer_id not in begun]


def instances_of(session: Session, timer_ids: Sequence[int]) -> dict[int, int]:
    """The instance of each of these timers that still waits."""
    query = select(Timer.id, Timer.instance_id).where(Timer.id.in_(timer_ids))
    return dict(session.execute(query).all())


def put_back(
    session: Session, timer_id: int, *, counted: bool = True, jitter: Callable[[], float] = random.random
) -> None:
    """A worker could not fire a timer it had begun: the clock takes it again after a pause.

    Args:
        counted: False when it was not the timer's doing (others were faster each time); the attempt is taken back.
    """
    timer = session.get(Timer, timer_id, populate_existing=True)
    if timer is None:
        return
    timer.lease_until = clock.real_now() + pause_after(timer.attempts, jitter)
    if not counted:
        timer.attempts = max(0, timer.attempts - 1)


def give_back(session: Session, timer_ids: Sequence[int], *, begun: bool = False) -> None:
    """A worker had no time for timers it was given: the clock may take them at once.

    Args:
        begun: they had been begun together; as nothing was tried, that was no attempt.
    """
    _write(session, timer_ids, lease_until=None, **({"attempts": 0} if begun else {}))


def _write(session: Session, timer_ids: Sequence[int], **values: Any) -> None:
    for start in range(0, len(timer_ids), 500):
        statement = update(Timer).where(Timer.id.in_(timer_ids[start : start + 500])).values(**values)
        session.execute(statement.execution_options(synchronize_session="evaluate"))


def park(session: Session, instance_id: int) -> None:
    """Keep an instance's timers back while somebody holds it.

    Their due times stay what they are and may still be moved. Timers whose own step failed stay parked for that.
    """
    _mark(session, Timer.instance_id == instance_id, Timer.parked.is_(None), parked=Parked.SUSPENDED)


def unpark(session: Session, instance_id: int) -> None:
    """Let the clock offer a resumed instance's timers again; what came due meanwhile fires once, in due order."""
    _mark(session, Timer.instance_id == instance_id, Timer.parked == Parked.SUSPENDED, parked=None)


def park_one(session: Session, instance_id: int, task_id: str, element: str) -> None:
    """Keep back a timer whose step failed, until somebody retries it."""
    _mark(
        session,
        Timer.instance_id == instance_id,
        Timer.task_id == task_id,
        Timer.element == element,
        parked=Parked.STALLED,
    )


def unstall(session: Session, instance_id: int) -> None:
    """Offer the timers again whose steps failed: somebody retries them."""
    _mark(session, Timer.instance_id == instance_id, Timer.parked == Parked.STALLED, parked=None)


def _mark(session: Session, *which: Any, parked: Parked | None) -> None:
    value = None if parked is None else parked.value
    session.flush()
    session.execute(
        update(Timer)
        .where(*which)
        .values(parked=value, lease_until=None, attempts=0)
        .execution_options(synchronize_session="fetch")
    )


def oldest_due(session: Session, now: datetime) -> datetime | None:
    """The due time of the timer that has waited longest, parked ones left out; for the clock and the health page."""
    query = select(Timer.due_at).where(Timer.parked.is_(None), Timer.due_at <= now)
    return session.scalar(query.order_by(Timer.due_at, Timer.id).limit(1))


@dataclass(frozen=True)
class TimerCounts:
    """How many timers there are, by what becomes of them; ages in seconds.

    `pending` wait for a later moment, `due` for a worker, `stalled` and `suspended` for a person. `overdue` counts the
    due ones by how late they are.
    """

    pending: int
    due: int
    oldest_due_seconds: float | None
    stalled: int
    suspended: int
    overdue: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """The form of `/health` and `./run timers --json`."""
        return asdict(self)


def count(session: Session, now: datetime) -> TimerCounts:
    """Count every timer once."""
    free = Timer.parked.is_(None)
    query = select(Timer.parked, func.count()).where(Timer.parked.is_not(None)).group_by(Timer.parked)
    parked = dict(session.execute(query).all())
    bounds = []
    since: datetime | None = None
    for _, seconds in LATENESS:
        until = since
        since = None if seconds is None else now - timedelta(seconds=seconds)
        late = [Timer.due_at <= (now if until is None else until)] + ([] if since is None else [Timer.due_at > since])
        bounds.append(func.coalesce(func.sum(case((and_(*late), 1), else_=0)), 0))
    lateness = session.execute(select(*bounds).where(free, Timer.due_at <= now)).one()
    overdue = {label: int(number) for (label, _), number in zip(LATENESS, lateness, strict=True)}
    oldest = oldest_due(session, now)
    return TimerCounts(
        pending=session.scalar(select(func.count()).select_from(Timer).where(free, Timer.due_at > now)) or 0,
        due=sum(overdue.values()),
        oldest_due_seconds=None if oldest is None else round((now - oldest).total_seconds(), 1),
        stalled=parked.get(Parked.STALLED, 0),
        suspended=parked.get(Parked.SUSPENDED, 0),
        overdue=overdue,
    )
