"""Ten thousand timers that are due at once, fired by real workers; and what a claim costs among many timers."""

from __future__ import annotations

import tempfile
import time
import uuid
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock, create_app, db
from app.config import Settings
from app.engine import definitions, timers
from app.engine.models import HistoryEntry, Timer
from bench.engine import reference
from bench.engine.copies import copied, copy_instance, insert_all
from bench.engine.desks import Desk, postgres_desk, sqlite_desk
from bench.engine.figures import Figure, Measured
from bench.engine.measuring import cpu_ms, median
from tests.running.desk import StartedDesk

# The boundary timer of the first user task, an hour after the start of a request of this priority.
ELEMENT: Final = "response_due_passed"
DUE_AFTER: Final = timedelta(hours=1)
PATIENCE_SECONDS: Final = 180.0
CLAIMED: Final = 200


def measure(quick: bool) -> Measured:
    """Drain due timers with real processes, then claim beside waiting ones."""
    measured = Measured()
    count = 500 if quick else 10_000
    with tempfile.TemporaryDirectory(prefix="suport-bench-") as folder:
        drained, computed, double = drain(Path(folder) / "data", count)
    measured.figures |= {"timers_drained_s": drained, "timers_double": double}
    if drained is None:
        measured.notes.append(f"After {PATIENCE_SECONDS:.0f} s some of {count:,} timers had not fired.")
    else:
        measured.ours(f"{count:,} due timers fired, 2 workers (clock on the wall)", drained, "s", "≤ 60 s")
        measured.ours("the same, processor time of all the desk's processes", computed, "s")
    measured.ours("timers that fired more than once", float(double or 0), "", "0")
    waiting = 10_000 if quick else 100_000
    with tempfile.TemporaryDirectory(prefix="suport-bench-") as folder:
        with sqlite_desk(Path(folder)) as desk:
            _measure_claims(measured, desk, "SQLite", waiting)
        with postgres_desk(Path(folder)) as served:
            if served is not None:
                _measure_claims(measured, served, "PostgreSQL", waiting)
    return measured


def _measure_claims(measured: Measured, desk: Desk, name: str, waiting: int) -> None:
    alone = claim_ms(desk)
    desk.write(lambda session: _add_waiting(session, waiting))
    among = claim_ms(desk)
    measured.ours(f"claim of {CLAIMED} due timers, no other waits, {name}", alone, "ms")
    measured.ours(f"claim of {CLAIMED} due timers, {waiting:,} others wait, {name}", among, "ms", "as without")


def drain(data: Path, count: int) -> tuple[float | None, float, Figure]:
    """Let a desk with two workers fire as many timers.

    Returns:
        the seconds it took, the processor time of all the desk's processes, and how many fired more than once.
    """
    started = StartedDesk(data, "--no-demo")
    try:
        started.wait_until_ready(seconds=120)
        app = create_app(Settings(data=data, secret_key="bench"), web=False)
        with app.app_context():
            desk = Desk(app)
            desk.write(lambda session: definitions.deploy(session, reference.files()))
            with clock.frozen(clock.real_now() - DUE_AFTER - timedelta(seconds=1)):
                seed = desk.start(1)
            before = started.processor_seconds()
            desk.write(lambda session: copy_instance(session, seed, count - 1))
            seconds = _seconds_until_fired(desk, count)
            computed = round(started.processor_seconds() - before, 1)
            # Whatever would fire twice shall have its chance.
            time.sleep(1)
            double = desk.write(_fired_more_than_once)
            db.db.engine.dispose()
        started.stop()
        return seconds, computed, double
    finally:
        started.end()


def _seconds_until_fired(desk: Desk, count: int) -> float | None:
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_SECONDS:
        if db.run_in_transaction(_instances_fired, writing=False) >= count:
            return round(time.monotonic() - began, 1)
        time.sleep(0.25)
    return None


def _instances_fired(session: Session) -> int:
    query = select(func.count(HistoryEntry.instance_id.distinct())).where(HistoryEntry.element == ELEMENT)
    return session.scalar(query) or 0


def _fired_more_than_once(session: Session) -> int:
    """Instances that have passed the timer, or what follows it, more than once."""
    passages = (
        select(HistoryEntry.instance_id)
        .where(HistoryEntry.element.in_((ELEMENT, "response_escalated")))
        .group_by(HistoryEntry.instance_id, HistoryEntry.element)
        .having(func.count() > 1)
        .distinct()
    )
    return len(session.scalars(passages).all())


def claim_ms(desk: Desk) -> float:
    """The median of claiming due timers, in transactions that are rolled back."""
    if not desk.write(lambda session: session.scalar(select(func.count()).select_from(Timer))):
        with clock.frozen(clock.real_now() - DUE_AFTER - timedelta(seconds=1)):
            seed = desk.start(1)
        desk.write(lambda session: copy_instance(session, seed, CLAIMED - 1))
    return median([_one_claim(desk) for _ in range(41)])


def _one_claim(desk: Desk) -> float:
    found: list[float] = []

    def claim(session: Session) -> None:
        found.append(cpu_ms(lambda: timers.offer_due(session, clock.now(), limit=CLAIMED)))
        raise _NotKept

    with suppress(_NotKept):
        desk.write(claim)
    return found[0]


def _add_waiting(session: Session, count: int) -> None:
    """Timers of the same instances that wait for days to come."""
    table: Any = Timer.__table__
    row = dict(session.execute(select(table).limit(1)).mappings().one())
    due = clock.now() + timedelta(days=1)
    rows = (
        {
            **copied(dict(row), row["instance_id"]),
            "task_id": uuid.uuid4().hex,
            "due_at": due + timedelta(seconds=number),
        }
        for number in range(count)
    )
    insert_all(session, table, rows)


class _NotKept(Exception):
    pass
