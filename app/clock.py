"""The desk's time: the one place that reads the clock.

Business moments (deadlines, timers, messages) use `now()`, which a demo or a test can move forward. Leases, back-off,
sessions and supervision use `real_now()`, which nothing moves.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_frozen: ContextVar[datetime | None] = ContextVar("frozen_moment", default=None)
_offset: timedelta = timedelta(0)


def real_now() -> datetime:
    """The machine's time, aware, UTC."""
    return datetime.now(UTC)


def now() -> datetime:
    """The desk's time, aware, UTC: the machine's time plus the stored offset, or the frozen moment in tests."""
    frozen_at = _frozen.get()
    return frozen_at if frozen_at is not None else real_now() + _offset


def offset() -> timedelta:
    """How far the desk's time is ahead of the machine's."""
    return _offset


def use_offset(ahead: timedelta) -> None:
    """Take over the offset stored in the database; `app.db.transaction` calls this as each boundary opens."""
    global _offset
    _offset = ahead


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Hold the desk's time at one aware moment within this context (tests, dry runs)."""
    if moment.tzinfo is None:
        raise ValueError("frozen() needs an aware datetime")
    token = _frozen.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
