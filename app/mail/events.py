"""What happens to mail."""

from dataclasses import dataclass

from app.events import Event


@dataclass(frozen=True)
class MailQueued(Event):
    """A mail is to leave the house."""

    outgoing_mail_id: int
    ticket_id: int | None


@dataclass(frozen=True)
class MailTaken(Event):
    """A received mail became a ticket, or part of one."""

    received_mail_id: int
    ticket_id: int
    message_id: int


@dataclass(frozen=True)
class MailRefused(Event):
    """A mail could not be sent, or could not be read; it waits for a person. Exactly one of the ids is set."""

    outgoing_mail_id: int | None
    received_mail_id: int | None
    reason: str
