"""What was measured: lines of a table for people, and figures by name for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final

Figure = float | int | None
# What `--json` always names; None says that it was not measured.
NAMES: Final = (
    "life_ratio",
    "state_ratio",
    "persist_ratio_sqlite",
    "persist_ratio_postgres",
    "steps_per_s_sqlite",
    "steps_per_s_postgres",
    "round_cost_ratio",
    "round_state_ratio",
    "timers_drained_s",
    "timers_double",
    "cold_definition_ms",
    "start_ms",
)


@dataclass(frozen=True)
class Line:
    """One row of the table; `wanted` is what the desk promises itself."""

    what: str
    stock: str = ""
    ours: str = ""
    ratio: str = ""
    wanted: str = ""


@dataclass
class Measured:
    """What one part of the benchmark found."""

    lines: list[Line] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def compare(self, what: str, stock: float, ours: float, unit: str, wanted: str = "") -> float:
        """A line with both values and stock ÷ ours, which is returned."""
        ratio = stock / ours
        self.lines.append(Line(what, number(stock, unit), number(ours, unit), f"{ratio:.2f} ×", wanted))
        return round(ratio, 2)

    def ours(self, what: str, value: float, unit: str, wanted: str = "") -> None:
        """A line that has no counterpart in the library."""
        self.lines.append(Line(what, "", number(value, unit), "", wanted))


def number(value: float, unit: str) -> str:
    """A value with its unit, with as many digits as mean something."""
    digits = 0 if value >= 100 or unit in ("B", "/s") else 2
    return f"{value:,.{digits}f} {unit}"


def machine() -> str:
    """What this ran on."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        named = [
            line.partition(":")[2].strip() for line in information.read_text().splitlines() if "model name" in line
        ]
        model = named[0] if named else model
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("SpiffWorkflow", "SQLAlchemy"))
    system = f"{platform.system()} {platform.release()}; Python {platform.python_version()}"
    return f"{model}, {os.cpu_count()} cores{load}; {system}, {libraries}"


def table(lines: Sequence[Line]) -> str:
    """The lines in columns."""
    heads = Line("processor time, medians", "library alone", "desk", "ratio", "wanted")
    rows = [(each.what, each.stock, each.ours, each.ratio, each.wanted) for each in (heads, *lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(
            text.ljust(width) if column in (0, 4) else text.rjust(width) for column, (text, width) in each
        ).rstrip()
        for each in (list(enumerate(zip(row, widths, strict=True))) for row in rows)
    )
