"""A request that loops for years: what its thousandth reply costs beside its tenth."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from bench.engine import reference, stock
from bench.engine.desks import Desk, sqlite_desk
from bench.engine.figures import Line, Measured, number
from bench.engine.measuring import cpu_ms, median

# Rounds around a mark whose median is its cost.
WINDOW = 30


class Loop:
    """One request on a desk of its own, round after round."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.done = 0
        self.instance_id = desk.start(1)
        self._do(reference.TRIAGE)

    def round(self) -> None:
        """We answer, the customer replies."""
        for interaction in reference.ONE_ROUND:
            self._do(interaction)
        self.done += 1

    def hurry(self, rounds: int) -> None:
        """As many rounds with fewer transactions: the way to a mark is not measured."""
        while rounds > 0:
            some = min(rounds, 20)
            self._do(*reference.ONE_ROUND * some)
            self.done += some
            rounds -= some

    def state_bytes(self) -> int:
        """How long the state is now."""
        return self.desk.state_bytes(self.instance_id)

    def _do(self, *interactions: reference.Interaction) -> None:
        self.desk.apply(self.instance_id, 1, *interactions)


def measure(quick: bool) -> Measured:
    """Rounds through the services on SQLite, each mark beside a request that has just begun."""
    marks = (10, 100, 300) if quick else (10, 100, 1000, 5000)
    measured = Measured()
    _measure_stock(measured, 30 if quick else 120)
    with tempfile.TemporaryDirectory(prefix="suport-bench-") as folder, sqlite_desk(Path(folder) / "old") as old_desk:
        old = Loop(old_desk)
        for mark in marks:
            old.hurry(mark - WINDOW // 2 - old.done)
            # A database of its own: what slows a big table down must not slow both.
            with sqlite_desk(Path(folder) / f"young-{mark}") as young_desk:
                young = Loop(young_desk)
                _measure_mark(measured, old, young, mark)
    if quick:
        measured.notes.append(f"Quick: the ratios of rounds are those of round {marks[-1]}, not 5,000.")
    return measured


def _measure_mark(measured: Measured, old: Loop, young: Loop, mark: int) -> None:
    olds: list[float] = []
    youngs: list[float] = []
    young_bytes = 0
    for _ in range(WINDOW):
        youngs.append(cpu_ms(young.round))
        olds.append(cpu_ms(old.round))
        if young.done == 10:
            young_bytes = young.state_bytes()
    cost, state = median(olds) / median(youngs), old.state_bytes() / young_bytes
    text = f"{number(median(olds), 'ms')}, {number(old.state_bytes(), 'B')}"
    wanted = "≤ 1.3 ×, ≤ 1.3 ×" if mark >= 5000 else ""
    measured.lines.append(
        Line(f"reply round {mark:,} (beside round 10)", "", text, f"{cost:.2f} ×, {state:.2f} ×", wanted)
    )
    measured.figures |= {"round_cost_ratio": round(cost, 3), "round_state_ratio": round(state, 3)}


def _measure_stock(measured: Measured, most: int) -> None:
    """The library alone, in memory only, until it gives up."""
    with stock.untouched():
        workflow = stock.start()
        stock.apply(workflow, reference.TRIAGE)
        costs: list[float] = []
        try:
            while len(costs) < most:
                costs.append(cpu_ms(lambda: _stock_round(workflow)))
                if len(costs) in (10, 90):
                    bytes_now = stock.size(workflow)
                    text = f"{number(median(costs[-5:]), 'ms')}, {number(bytes_now, 'B')}"
                    measured.lines.append(Line(f"reply round {len(costs)}, library alone, in memory", text))
        except (RecursionError, StopIteration) as error:
            measured.notes.append(f"The library alone died in round {len(costs) + 1}: {type(error).__name__}.")


def _stock_round(workflow: Any) -> None:
    for interaction in reference.ONE_ROUND:
        stock.apply(workflow, interaction)
