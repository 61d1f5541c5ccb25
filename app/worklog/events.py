"""What happens to work entries."""

from dataclasses import dataclass

from app.events import Event


@dataclass(frozen=True)
class WorkSubmitted(Event):
    """Somebody logged work; whether it needs approval is the process's to say."""

    work_entry_id: int
    ticket_id: int
    author_id: int


@dataclass(frozen=True)
class WorkCorrected(Event):
    """The author changed a work entry, usually after it was rejected."""

    work_entry_id: int
    ticket_id: int
    by_id: int | None


@dataclass(frozen=True)
class WorkApproved(Event):
    """A work entry is locked and counted."""

    work_entry_id: int
    ticket_id: int
    author_id: int
    by_id: int | None


@dataclass(frozen=True)
class WorkRejected(Event):
    """An approver sent a work entry back to its author with a reason."""

    work_entry_id: int
    ticket_id: int
    author_id: int
    by_id: int | None
    reason: str


@dataclass(frozen=True)
class WorkWithdrawn(Event):
    """The author took a work entry back; it counts for nothing."""

    work_entry_id: int
    ticket_id: int
    author_id: int
    by_id: int | None
