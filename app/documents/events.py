"""What happens to documents."""

from dataclasses import dataclass

from app.events import Event


@dataclass(frozen=True)
class DocumentAttached(Event):
    """A file was added to a ticket, a message or a work entry."""

    document_id: int
    ticket_id: int
    by_id: int | None


@dataclass(frozen=True)
class DocumentRemoved(Event):
    """Somebody took back a file that they had put on a ticket."""

    document_id: int
    ticket_id: int
    name: str
    by_id: int
