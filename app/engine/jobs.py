"""What workers do for the engine."""

from __future__ import annotations

from app.db import run_in_transaction
from app.engine import service, timers
from app.jobs import job


@job("engine.wake")
def wake(timer_id: int) -> None:
    """Fire a due timer, in a transaction of its own."""
    if run_in_transaction(lambda session: timers.begin(session, timer_id)):
        run_in_transaction(lambda session: service.wake(session, timer_id))
