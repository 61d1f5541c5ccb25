"""What happens to tickets. `by_id` is the person who did it; None when the process did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.events import Change, Event


@dataclass(frozen=True)
class TicketOpened(Event):
    """A new ticket exists, with its first message."""

    ticket_id: int
    message_id: int
    by_id: int | None = None


@dataclass(frozen=True)
class CustomerWrote(Event):
    """The customer added a message to an existing ticket. The first message of a ticket is `TicketOpened`."""

    ticket_id: int
    message_id: int
    author_id: int


@dataclass(frozen=True)
class TicketReplied(Event):
    """The desk answered the customer; the message is to be sent to the requester and the participants.

    `files` are keys of documents that the author put on the ticket and that now go with the message.
    """

    ticket_id: int
    message_id: int
    author_id: int | None = None
    files: Sequence[str] = ()


@dataclass(frozen=True)
class NoteAdded(Event):
    """Somebody wrote an internal note."""

    ticket_id: int
    message_id: int
    author_id: int | None = None


@dataclass(frozen=True)
class TicketAssigned(Event):
    """Another team or another agent is now responsible."""

    ticket_id: int
    team_id: int | None
    assignee_id: int | None
    previous_team_id: int | None = None
    previous_assignee_id: int | None = None
    by_id: int | None = None


@dataclass(frozen=True)
class TicketStateChanged(Event):
    """The ticket moved from one state to another; the categories tell what that means for the clocks."""

    ticket_id: int
    from_state: str
    to_state: str
    from_category: str
    to_category: str
    by_id: int | None = None


@dataclass(frozen=True)
class TicketPriorityChanged(Event):
    """The ticket has another priority."""

    ticket_id: int
    from_priority: str
    to_priority: str
    by_id: int | None = None


@dataclass(frozen=True)
class TicketTypeChanged(Event):
    """The ticket is another type of request; its running process stays the one it began with."""

    ticket_id: int
    from_type: str
    to_type: str
    by_id: int | None = None


@dataclass(frozen=True)
class TicketCustomerChanged(Event):
    """The ticket belongs to another customer, and with it perhaps to another contract."""

    ticket_id: int
    from_customer_id: int
    to_customer_id: int
    by_id: int | None = None


@dataclass(frozen=True)
class TicketConfirmed(Event):
    """The customer said that the solution works."""

    ticket_id: int
    by_id: int | None = None


@dataclass(frozen=True)
class TicketRated(Event):
    """The customer said how content they are, from 1 to 5, or thought better of what they had said."""

    ticket_id: int
    score: int
    by_id: int
    previous_score: int | None = None


@dataclass(frozen=True)
class TicketReopened(Event):
    """A resolved or closed ticket is open again; a closed one has no process any more and needs a new one."""

    ticket_id: int
    was_closed: bool
    by_id: int | None = None


@dataclass(frozen=True)
class TicketCancelled(Event):
    """The request is not wanted any more."""

    ticket_id: int
    reason: str
    by_id: int | None = None


@dataclass(frozen=True)
class ParticipantAdded(Event):
    """Somebody else now gets the replies of a ticket."""

    ticket_id: int
    person_id: int
    by_id: int | None = None


@dataclass(frozen=True)
class ParticipantRemoved(Event):
    """Somebody gets no further replies of a ticket."""

    ticket_id: int
    person_id: int
    by_id: int | None = None


@dataclass(frozen=True)
class TicketSubjectChanged(Event):
    """The ticket is called otherwise."""

    ticket_id: int
    from_subject: str
    to_subject: str
    by_id: int | None = None


@dataclass(frozen=True)
class TicketsLinked(Event):
    """Somebody said that two tickets go together, or, with `is_linked` false, that they do not."""

    ticket_id: int
    other_id: int
    is_linked: bool
    by_id: int | None = None


@dataclass(frozen=True)
class OfList(Change):
    """Something about an entry of a list of the desk: `list` is `state` or `request_type`."""

    list: str
    key: str

    @property
    def about(self) -> str | None:
        """The entry."""
        return f"{self.list}:{self.key}"


@dataclass(frozen=True)
class ListEntryAdded(OfList):
    """A list has one entry more."""

    labels: dict[str, str]
    by_id: int | None = None


@dataclass(frozen=True)
class ListEntryChanged(OfList):
    """An entry is called or works otherwise: {field: [before, after]}."""

    labels: dict[str, str]
    fields: dict[str, Sequence[Any]]
    by_id: int | None = None


@dataclass(frozen=True)
class ListEntryRemoved(OfList):
    """An entry that nothing used is gone."""

    labels: dict[str, str]
    by_id: int | None = None
