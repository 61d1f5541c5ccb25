"""A user task completed through the services, with everything the desk keeps, on each database; and a start."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from sqlalchemy import select

from app.engine.models import TaskState, UserTask
from bench.engine import reference, stock
from bench.engine.copies import copy_instance
from bench.engine.desks import Desk, postgres_desk, sqlite_desk
from bench.engine.figures import Line, Measured
from bench.engine.measuring import STRETCH, cpu_ms, median, stretches


def measure(quick: bool) -> Measured:
    """Restore, complete and persist, and a start, on SQLite and PostgreSQL."""
    measured = Measured()
    count = 100 if quick else 400
    with tempfile.TemporaryDirectory(prefix="suport-bench-") as folder:
        with sqlite_desk(Path(folder)) as desk:
            _measure_on(desk, "sqlite", "SQLite", count, measured)
        with postgres_desk(Path(folder)) as desk:
            if desk is None:
                measured.figures |= {"persist_ratio_postgres": None, "steps_per_s_postgres": None}
                measured.notes.append("PostgreSQL is not installed here.")
            else:
                _measure_on(desk, "postgres", "PostgreSQL", count, measured)
    return measured


def _measure_on(desk: Desk, key: str, name: str, count: int, measured: Measured) -> None:
    warm = STRETCH
    task_ids = at_work(desk, count + warm)
    stock.prepare_rows(desk.engine, _stock_at_work(), count + warm)
    theirs: list[float] = []
    mine: list[float] = []
    with desk.engine.connect() as connection:
        for some in stretches(len(task_ids)):
            with stock.untouched():
                theirs += [cpu_ms(partial(stock.persist, connection, place + 1, reference.WAIT)) for place in some]
            mine += [cpu_ms(partial(desk.complete, task_ids[place], reference.WAIT)) for place in some]
    stock_ms, ours_ms = median(theirs[warm:]), median(mine[warm:])
    what = f"restore, complete, persist, {name}"
    measured.figures[f"persist_ratio_{key}"] = measured.compare(what, stock_ms, ours_ms, "ms", "≥ 5 ×")
    per_second = 1000 / stock_ms, 1000 / ours_ms
    measured.figures[f"steps_per_s_{key}"] = round(per_second[1])
    steps = [f"{each:,.0f} /s" for each in per_second]
    measured.lines.append(Line(f"steps a second of one core, {name}", *steps))
    starts = [cpu_ms(partial(desk.start, number)) for number in range(10_000, 10_000 + count)]
    measured.ours(f"start to the first user task, {name}", median(starts), "ms", "≤ 3 ms" if key == "sqlite" else "")
    if key == "sqlite":
        measured.figures["start_ms"] = round(median(starts), 2)


def at_work(desk: Desk, count: int) -> list[int]:
    """As many requests after one reply; the ids of their open tasks."""
    seed = desk.start(1)
    for interaction in (reference.TRIAGE, *reference.ONE_ROUND):
        desk.apply(seed, 1, interaction)
    desk.write(lambda session: copy_instance(session, seed, count - 1))
    query = select(UserTask.id).where(UserTask.element == "work", UserTask.state == TaskState.OPEN)
    return desk.write(lambda session: list(session.scalars(query.order_by(UserTask.id))))


def _stock_at_work() -> str:
    with stock.untouched():
        workflow = stock.start()
        for interaction in (reference.TRIAGE, *reference.ONE_ROUND):
            stock.apply(workflow, interaction)
        return stock.dump(workflow)
