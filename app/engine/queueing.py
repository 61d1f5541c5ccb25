"""The steps of one transaction: one runs, the others wait for their turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from app.db import Session
from app.engine.subject import Subject


@dataclass
class Queue:
    """The steps that wait until the running one is done."""

    running: bool = False
    # With the subject of a refresh: one that waits already need not wait twice.
    waiting: deque[tuple[Callable[[], None], Subject | None]] = field(default_factory=deque)
    done: int = 0


def queue_of(session: Session) -> Queue:
    """The queue of a session's transaction."""
    queue: Queue = session.info.setdefault("engine_queue", Queue())
    return queue


def submit(session: Session, work: Callable[[], None], *, refreshing: Subject | None = None) -> None:
    """Do it now, or after the step that is running."""
    queue = queue_of(session)
    if queue.running:
        queue.waiting.append((work, refreshing))
        return
    queue.running = True
    try:
        work()
        while queue.waiting:
            following = queue.waiting.popleft()[0]
            following()
    finally:
        session.info.pop("engine_queue", None)
        session.info.pop("fresh_instance", None)
