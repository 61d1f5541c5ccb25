"""The lists of states and request types that a new desk starts with."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.tickets.models import Category, Priority, RequestType, State, TicketState

# State: category, English, Romanian; in the order in which a ticket meets them.
DEFAULT_STATES = {
    State.NEW: (Category.NEW, "New", "Nouă"),
    State.ASSIGNED: (Category.OPEN, "Assigned", "Alocată"),
    State.IN_PROGRESS: (Category.OPEN, "In progress", "În lucru"),
    State.WAITING_CUSTOMER: (Category.PENDING, "Waiting for the customer", "Așteaptă clientul"),
    State.ESCALATED: (Category.OPEN, "Escalated", "Escaladată"),
    State.RESOLVED: (Category.RESOLVED, "Resolved", "Rezolvată"),
    State.CLOSED: (Category.CLOSED, "Closed", "Închisă"),
    State.CANCELLED: (Category.CLOSED, "Cancelled", "Anulată"),
}

# Type: priority, estimated minutes, English, Romanian.
DEFAULT_TYPES = {
    "incident": (Priority.NORMAL, 60, "Incident", "Incident"),
    "request": (Priority.NORMAL, 45, "Service request", "Solicitare"),
    "question": (Priority.LOW, 20, "Question", "Întrebare"),
    "change": (Priority.NORMAL, 120, "Change", "Modificare"),
}

# A mail does not say what it is; somebody who reads it may change the type.
TYPE_OF_MAIL = "incident"

PRIORITY_LABELS = {
    Priority.LOW: {"en": "Low", "ro": "Scăzută"},
    Priority.NORMAL: {"en": "Normal", "ro": "Normală"},
    Priority.HIGH: {"en": "High", "ro": "Ridicată"},
    Priority.URGENT: {"en": "Urgent", "ro": "Urgentă"},
}


def ensure_lists(session: Session) -> None:
    """Add the states and types a desk needs; what is there already stays as somebody made it."""
    states = set(session.scalars(select(TicketState.key)))
    for position, (key, (category, english, romanian)) in enumerate(DEFAULT_STATES.items()):
        if key not in states:
            labels = {"en": english, "ro": romanian}
            session.add(TicketState(key=key.value, category=category, labels=labels, position=position))
    # Types are all a desk's own choice: one that has any is not given ours again.
    if session.scalar(select(RequestType.key).limit(1)) is None:
        for position, (name, (priority, minutes, english, romanian)) in enumerate(DEFAULT_TYPES.items()):
            session.add(
                RequestType(
                    key=name,
                    labels={"en": english, "ro": romanian},
                    default_priority=priority,
                    estimated_minutes=minutes,
                    position=position,
                )
            )
    session.flush()
