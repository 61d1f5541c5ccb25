"""What happens to the clocks of a ticket."""

from dataclasses import dataclass

from app.events import Event


@dataclass(frozen=True)
class ClockStarted(Event):
    """A deadline began to count."""

    ticket_id: int
    clock_id: int
    kind: str


@dataclass(frozen=True)
class ClockMoved(Event):
    """A live deadline changed: paused, resumed or given another target."""

    ticket_id: int
    clock_id: int
    kind: str
    change: str


@dataclass(frozen=True)
class ClockEnded(Event):
    """A deadline was met, or stopped mattering."""

    ticket_id: int
    clock_id: int
    kind: str
    state: str


@dataclass(frozen=True)
class DeadlineBreached(Event):
    """A deadline passed before its work was done; recorded once for each deadline that passed."""

    ticket_id: int
    clock_id: int
    kind: str
