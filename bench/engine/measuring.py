"""Processor time: medians, because something else always runs beside a benchmark."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
STRETCH = 100


def cpu_ms(work: Callable[[], object]) -> float:
    """The milliseconds of processor time that some work takes in this process."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def cpu_ms_on(work: Callable[[T], object], subject: T) -> float:
    """The same for work on something that was made ready before."""
    began = time.process_time()
    work(subject)
    return (time.process_time() - began) * 1000


def median_ms(work: Callable[[], object], times: int) -> float:
    """The median of as many runs, in milliseconds."""
    return statistics.median(cpu_ms(work) for _ in range(times))


def stretches(times: int) -> Iterator[range]:
    """The numbers below `times`, some at a time: two pieces of work measured in one run take turns by these.

    A slow moment of the machine then meets both, and neither begins each time with a processor whose caches the other
    has just filled, which no worker of a desk does.
    """
    for start in range(0, times, STRETCH):
        yield range(start, min(start + STRETCH, times))


def side_by_side(one: Callable[[], object], other: Callable[[], object], times: int) -> tuple[float, float]:
    """Medians of two pieces of work, run in turns."""
    ones: list[float] = []
    others: list[float] = []
    for some in stretches(times):
        ones += [cpu_ms(one) for _ in some]
        others += [cpu_ms(other) for _ in some]
    return statistics.median(ones), statistics.median(others)


def median(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)
