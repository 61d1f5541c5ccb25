"""The chart of kept deadlines as numbers to draw: pure geometry, no words and no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import floor

from app.sla.compliance import Week
from app.sla.models import ClockKind

HEIGHT, TOP, BOTTOM = 250, 18, 204
LABELS_AT = 232
# Right of the plot stand the figures of the scale.
LEFT, SCALE_WIDTH = 26, 62
# A scale has steps of one of these sizes, and so many of them at most.
STEPS, MOST_STEPS = (1, 2, 5, 10, 20, 25), 5
WIDTHS = {"wide": 640, "narrow": 330}
# Room that a label of a week needs.
LABEL_WIDTH = {"wide": 42, "narrow": 48}


@dataclass(frozen=True)
class Point:
    """One week of a line."""

    x: float
    y: float
    number: int


class LabelKind(StrEnum):
    """What a label says of its day."""

    DAY = "day"
    DAY_MONTH = "day_month"
    MONTH = "month"


@dataclass(frozen=True)
class Label:
    """What stands under a week: its Monday, with the month where it is another; the month alone in a long chart."""

    x: float
    day: date
    kind: LabelKind


@dataclass(frozen=True)
class Chart:
    """A drawing for one width. Lines are paths with gaps where a week has no deadlines."""

    width: int
    scale: Sequence[tuple[float, int]]
    goal_y: float | None
    lines: dict[ClockKind, str]
    points: dict[ClockKind, list[Point]]
    labels: Sequence[Label]
    columns: Sequence[tuple[float, float]]

    @property
    def right(self) -> int:
        """Where the plot ends and the scale begins."""
        return self.width - SCALE_WIDTH


def chart(weeks: Sequence[Week], goal: float, layout: str) -> Chart:
    """Lay out the weeks, oldest left. The scale begins a step below the lowest value, and ends at 100.

    Args:
        layout: a key of `WIDTHS`.
    """
    width = WIDTHS[layout]
    right = width - SCALE_WIDTH - 8
    step = (right - LEFT) / max(1, len(weeks) - 1)
    xs = [round(right - step * (len(weeks) - 1 - number), 1) for number in range(len(weeks))]
    low, marks = _scale(
        [percent for week in weeks for kind in ClockKind if (percent := _of(week, kind)) is not None], goal
    )

    def y(percent: float) -> float:
        return round(BOTTOM - (percent - low) * (BOTTOM - TOP) / (100 - low), 1)

    points = {
        kind: [
            Point(xs[number], y(percent), number)
            for number, week in enumerate(weeks)
            if (percent := _of(week, kind)) is not None
        ]
        for kind in ClockKind
    }
    half = step / 2 if len(weeks) > 1 else (right - LEFT) / 2
    return Chart(
        width=width,
        scale=[(y(mark), mark) for mark in marks],
        goal_y=y(goal) if goal >= low else None,
        lines={kind: _path(found) for kind, found in points.items()},
        points=points,
        labels=_labels(weeks, xs, step, LABEL_WIDTH[layout]),
        columns=[(round(x - half, 1), round(2 * half, 1)) for x in xs],
    )


def _of(week: Week, kind: ClockKind) -> float | None:
    return week.tally(kind).percent


def _scale(percents: Sequence[float], goal: float) -> tuple[int, list[int]]:
    lowest = min([*percents, goal])
    for step in STEPS:
        low = max(0, step * floor(lowest / step) - (step if lowest % step == 0 and lowest > 0 else 0))
        if (100 - low) / step <= MOST_STEPS:
            return low, list(range(100, low - 1, -step))
    return 0, [100, 75, 50, 25, 0]


def _path(points: Sequence[Point]) -> str:
    """A line through the points; a week without a value is not bridged."""
    pieces, before = [], None
    for point in points:
        begins = before is None or point.number != before + 1
        pieces.append(f"{'M' if begins else 'L'}{point.x} {point.y}")
        before = point.number
    return " ".join(pieces)


def _labels(weeks: Sequence[Week], xs: Sequence[float], step: float, room: int) -> list[Label]:
    if len(weeks) > 26:
        # The first Monday of each month, and of those only as many as have room.
        firsts = [(xs[number], week.starts_on) for number, week in enumerate(weeks) if week.starts_on.day <= 7]
        every = max(1, -(-room // int(step * 4.3)))
        return [Label(x, day, LabelKind.MONTH) for x, day in firsts[::every]]
    every = max(1, -(-room // max(1, int(step))))
    labels: list[Label] = []
    # Counted from the newest, which always has one.
    for number in reversed(range(len(weeks) - 1, -1, -every)):
        day = weeks[number].starts_on
        is_same = bool(labels) and labels[-1].day.month == day.month
        labels.append(Label(xs[number], day, LabelKind.DAY if is_same else LabelKind.DAY_MONTH))
    return labels
