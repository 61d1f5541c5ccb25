"""Jobs: the functions workers run, and the hints that tell a worker to run one.

A hint is only that. The work itself stands in the database (a due timer, an open delivery), so a hint that Redis loses
delays the work until the clock offers it again, and a hint given twice finds the work already done.
"""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy import event
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from app.config import Settings
    from app.desk_queue import DeskQueue

F = TypeVar("F", bound=Callable[..., object])

log = structlog.get_logger(__name__)

registry: dict[str, Callable[..., object]] = {}
_redis_url = ""


def job(name: str) -> Callable[[F], F]:
    """Register a function under a permanent name ("engine.wake") that hints may carry."""

    def register(function: F) -> F:
        if registry.setdefault(name, function) is not function:
            raise ValueError(f"two jobs are called {name}")
        return function

    return register


def connect(settings: "Settings") -> None:
    """Send this process's hints to the settings' Redis; it is first spoken to when there is something to say."""
    global _redis_url
    _redis_url = settings.redis_url


def queue() -> "DeskQueue | None":
    """The queue, or None in a process that has no Redis (tests, commands)."""
    if not _redis_url:
        return None
    # By name and only now: RQ takes longer to import than the first page may take to appear.
    found: DeskQueue = import_module("app.desk_queue").open_queue(_redis_url)
    return found


def offer(name: str, *args: Any) -> bool:
    """Hint that a job should run now; False when Redis could not be told, which only delays the work."""
    if name not in registry:
        raise LookupError(f"{name!r} is not registered; decorate its function with @job")
    desk = queue()
    if desk is None:
        return False
    if error := desk.offer(name, args):
        log.warning("hint_lost", job=name, args=args, error=error)
    return not error


def waiting() -> int | None:
    """How many hints wait for a worker; None when the queue does not say."""
    desk = queue()
    return None if desk is None else desk.waiting()


def offer_after_commit(session: Session, name: str, *args: Any) -> None:
    """Hint once the present transaction has committed; a rollback forgets it."""
    session.info.setdefault("hints", []).append((name, args))


@event.listens_for(Session, "after_commit")
def _send_hints(session: Session) -> None:
    # A savepoint commits too, but its rows are seen by workers only after the whole transaction.
    if session.in_nested_transaction():
        return
    hints = session.info.pop("hints", ())
    for place, (name, args) in enumerate(hints):
        if not offer(name, *args):
            # Each further one would wait for the same time-out while somebody waits for this answer.
            if place + 1 < len(hints) and queue() is not None:
                log.warning("hints_lost", count=len(hints) - place - 1)
            return


@event.listens_for(Session, "after_rollback")
def _forget_hints(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop("hints", None)
