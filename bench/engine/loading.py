"""Definitions: parsing, deploying, loading one that this process has not used yet, and what is kept in memory."""

from __future__ import annotations

import functools
import gc
import tempfile
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy.orm import Session

from app.engine import compiled, definitions
from app.engine.compiled import compile_files
from app.engine.xml import SourceFile
from bench.engine import ours, reference, stock
from bench.engine.desks import Desk, sqlite_desk
from bench.engine.figures import Measured
from bench.engine.measuring import cpu_ms, median


def measure(quick: bool) -> Measured:
    """Parse, deploy and cold load; memory of an instance and of a definition."""
    measured = Measured()
    times = 3 if quick else 9
    with stock.untouched():
        parsed_ms = median([cpu_ms(stock.parse) for _ in range(times)])
        compiled_ms = median([_compile_ms() for _ in range(times)])
    measured.compare("diagrams parsed (desk: and compiled)", parsed_ms, compiled_ms, "ms")
    with tempfile.TemporaryDirectory(prefix="suport-bench-") as folder, sqlite_desk(Path(folder)) as desk:
        deploys = [cpu_ms(lambda n=each: _deploy(desk, n)) for each in range(times)]  # type: ignore[misc]
        measured.ours("deployed, with every check", median(deploys), "ms")
        colds = [_cold_ms(desk) for _ in range(times)]
        measured.ours("definition loaded from cold", median(colds), "ms", "≤ 50 ms")
        measured.figures["cold_definition_ms"] = round(median(colds), 2)
    _measure_memory(measured, 20 if quick else 100)
    return measured


def _compile_ms() -> float:
    forget_compiled()
    return cpu_ms(lambda: compile_files(reference.KEY, reference.files()))


def _deploy(desk: Desk, number: int) -> None:
    """Deploy the reference with its diagrams changed in one comment each."""
    changed = [_changed(file, number) if file.kind == "bpmn" else file for file in reference.files()]
    made = desk.write(lambda session: len(definitions.deploy(session, changed)))
    if not made:
        raise RuntimeError("nothing was deployed")


def _changed(file: SourceFile, number: int) -> SourceFile:
    return replace(file, content=file.content + f"<!-- {number} -->\n".encode())


def _cold_ms(desk: Desk) -> float:
    """Load the newest version in a process that has all modules and none of its texts."""
    forget_compiled()
    return desk.write(lambda session: cpu_ms(lambda: _load(session)))


def _load(session: Session) -> None:
    found = definitions.current(session, reference.KEY)
    if found is None:
        raise RuntimeError("the reference diagram is not deployed")
    definitions.compiled(found)


def forget_compiled() -> None:
    """Empty the cache of definitions and everything the engine remembers of texts it has compiled."""
    compiled.CACHE._kept.clear()
    for kept in gc.get_objects():
        if isinstance(kept, functools._lru_cache_wrapper) and (kept.__module__ or "").startswith("app.engine"):
            kept.cache_clear()


def _measure_memory(measured: Measured, count: int) -> None:
    with stock.untouched():
        workflow = stock.start()
        stock.apply(workflow, reference.TRIAGE)
        written = stock.dump(workflow)
        mine = ours.start()
        ours.apply(mine, reference.TRIAGE)
        blob = ours.dump(mine)
        theirs_kb, ours_kb = kept_kb(lambda: stock.load(written), count), kept_kb(lambda: ours.load(blob), count)
        measured.compare("memory of a loaded instance", theirs_kb, ours_kb, "KB")
        parsed_kb = kept_kb(stock.parse, 5)
        compiled_kb = kept_kb(lambda: compile_files(reference.KEY, reference.files()), 5)
    measured.compare("memory of a cached definition", parsed_kb, compiled_kb, "KB")


def kept_kb(make: Callable[[], object], count: int) -> float:
    """The kilobytes that each of `count` things keeps, without what the first one leaves behind for all."""
    make()
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        kept = [make() for _ in range(count)]
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        del kept
    finally:
        tracemalloc.stop()
    return (after - before) / count / 1000
