"""Jobs: the functions workers run, and the hints that tell a worker to run one.

A hint is only that. The work itself stands in the database (a due timer, an open delivery), so a hint that Redis loses
delays the work until the clock offers it again, and a hint given twice finds the work already done.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.job import Job
from sqlalchemy import event
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from app.config import Settings

F = TypeVar("F", bound=Callable[..., object])

QUEUE = "desk"
# A job is one short transaction; a worker that hangs in one is stopped and the work is offered again.
TIMEOUT_SECONDS = 60

log = structlog.get_logger(__name__)

registry: dict[str, Callable[..., object]] = {}
_connection: "Redis | None" = None


def job(name: str) -> Callable[[F], F]:
    """Register a function under a permanent name ("engine.wake") that hints may carry."""

    def register(function: F) -> F:
        if registry.setdefault(name, function) is not function:
            raise ValueError(f"two jobs are called {name}")
        return function

    return register


class RegisteredJob(Job):
    """An RQ job that runs registered functions only, whatever somebody wrote into Redis."""

    @property
    def func(self) -> Callable[..., object]:
        try:
            return registry[self.func_name or ""]
        except KeyError:
            raise LookupError(f"{self.func_name!r} is not a job of this desk") from None


class DeskQueue(Queue):
    """The one queue; its jobs are `RegisteredJob`s."""

    job_class = RegisteredJob


def connect(settings: "Settings") -> Redis:
    """The process's Redis connection, opened when first used; short time-outs, because hints are not worth a wait."""
    global _connection
    if _connection is None:
        _connection = Redis.from_url(settings.redis_url, socket_connect_timeout=1, socket_timeout=5)
    return _connection


def queue() -> DeskQueue | None:
    """The queue, or None in a process that has no Redis (tests, commands)."""
    return DeskQueue(QUEUE, connection=_connection) if _connection is not None else None


def offer(name: str, *args: Any) -> bool:
    """Hint that a job should run now; False when Redis could not be told, which only delays the work."""
    if name not in registry:
        raise LookupError(f"{name!r} is not registered; decorate its function with @job")
    desk = queue()
    if desk is None:
        return False
    try:
        desk.enqueue(name, *args, job_timeout=TIMEOUT_SECONDS, result_ttl=0, failure_ttl=86_400)
    except (RedisError, OSError) as error:
        log.warning("hint_lost", job=name, args=args, error=str(error))
        return False
    return True


def offer_after_commit(session: Session, name: str, *args: Any) -> None:
    """Hint once the present transaction has committed; a rollback forgets it."""
    session.info.setdefault("hints", []).append((name, args))


@event.listens_for(Session, "after_commit")
def _send_hints(session: Session) -> None:
    for name, args in session.info.pop("hints", ()):
        offer(name, *args)


@event.listens_for(Session, "after_rollback")
def _forget_hints(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop("hints", None)
