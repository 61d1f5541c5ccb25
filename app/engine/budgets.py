"""What one step of an instance may use. A diagram that wants more is wrong, and must not stop its neighbours."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

MAX_PARALLEL_INSTANCES = 200
# Of an activity that is done again and again, one after the other.
MAX_ROUNDS = 1_000
# Asking the processor's clock costs as much as a gateway.
LOOK_EVERY = 8


class BudgetExceeded(Exception):
    """A step wanted more than its budget; the message names which one.

    Args:
        element: who wanted it, where that is not the element that runs: one that is only begun, say.
    """

    def __init__(self, message: str, element: str = "") -> None:
        super().__init__(message)
        self.element = element


@dataclass(frozen=True)
class Limits:
    """The most that one step may do; tests make them small."""

    tasks: int = 2_000
    children: int = 10_000
    depth: int = 15
    # The clock on the wall goes on while a step waits for a row; what it calculates itself is what loops.
    seconds: float = 10.0
    processor_seconds: float = 1.0
    # Of one operation, which is the desk's own code, no more is counted as calculating.
    operation_seconds: float = 0.01
    # Of all expressions together, in the units of `values.MAX_EFFORT`: most of a second when all of it is spent.
    effort: int = 3_000_000
    blob_bytes: int = 1_000_000
    queued_steps: int = 200


LIMITS = Limits()


@dataclass
class Budget:
    """What is left of one step's limits. Seconds are real: they guard the worker, not the desk."""

    limits: Limits = field(default_factory=lambda: LIMITS)
    tasks: int = 0
    children: int = 0
    effort: int = 0
    started: float = field(default_factory=time.monotonic)
    began_at: float = field(default_factory=time.thread_time)

    def spend_task(self) -> None:
        """Count one element about to run."""
        self.tasks += 1
        if self.tasks > self.limits.tasks:
            raise BudgetExceeded(
                f"More than {self.limits.tasks} elements ran without reaching a wait: the diagram seems to loop."
            )
        if self.tasks % LOOK_EVERY != 1:
            return
        if time.monotonic() - self.started > self.limits.seconds:
            raise BudgetExceeded(f"The step took more than {self.limits.seconds:g} seconds.")
        if time.thread_time() - self.began_at > self.limits.processor_seconds:
            raise BudgetExceeded(f"The step calculated for more than {self.limits.processor_seconds:g} seconds.")

    @contextmanager
    def charging_at_most(self, seconds: float) -> Iterator[None]:
        """Count no more than so many seconds of the calculating in this block.

        What the desk does for the first time in a process (it reads templates and catalogues, say) takes long once, and
        that is no fault of the diagram. A loop that does it still adds up.
        """
        began = time.thread_time()
        try:
            yield
        finally:
            self.began_at += max(0.0, time.thread_time() - began - seconds)

    def spend_effort(self, amount: int) -> None:
        """Count what an expression cost."""
        self.effort += amount
        if self.effort > self.limits.effort:
            raise BudgetExceeded("The step calculates too much: its expressions go through very many values.")

    def spend_child(self) -> None:
        """Count one place that the instance comes to."""
        self.children += 1
        if self.children > self.limits.children:
            raise BudgetExceeded(f"More than {self.limits.children} elements were begun in one step.")

    def check_depth(self, depth: int, element: str) -> None:
        """Refuse call activities nested too deeply: usually a process that calls itself."""
        if depth > self.limits.depth:
            raise BudgetExceeded(
                f"Sub-processes are nested more than {self.limits.depth} deep: a process seems to call itself.", element
            )

    def check_size(self, blob: bytes, element: str = "") -> None:
        """Refuse a state that has grown too large to keep.

        Args:
            element: the last one whose script assigned variables in this step.
        """
        if len(blob) > self.limits.blob_bytes:
            raise BudgetExceeded(
                f"The variables take {len(blob) // 1000} KB; at most {self.limits.blob_bytes // 1000} KB are kept.",
                element,
            )
