"""What happens to escalations."""

from dataclasses import dataclass

from app.events import Event


@dataclass(frozen=True)
class EscalationRequested(Event):
    """A person or a passed deadline asked that somebody else take a ticket."""

    escalation_id: int
    ticket_id: int
    by_id: int | None


@dataclass(frozen=True)
class EscalationDecided(Event):
    """An escalation changed state: approved, refused, accepted, declined or cancelled."""

    escalation_id: int
    ticket_id: int
    state: str
    by_id: int | None
