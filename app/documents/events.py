"""What happens to documents."""

from dataclasses import dataclass

from app.events import Event


@dataclass(frozen=True)
class DocumentAttached(Event):
    """A file was added to a ticket, a message or a work entry."""

    document_id: int
    ticket_id: int
    by_id: int | None
