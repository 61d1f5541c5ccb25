"""Open pages of customers look again when something they can see of their requests changed.

Only what customers may read is told on: that somebody at the desk writes a note, or a draft, is no event here.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.contracts.events import live_subject
from app.events import reacts_to
from app.live import touch
from app.tickets.events import (
    CustomerWrote,
    TicketAssigned,
    TicketCancelled,
    TicketConfirmed,
    TicketCustomerChanged,
    TicketOpened,
    TicketPriorityChanged,
    TicketRated,
    TicketReopened,
    TicketReplied,
    TicketStateChanged,
    TicketTypeChanged,
)
from app.tickets.models import Ticket

SEEN = (
    CustomerWrote,
    TicketAssigned,
    TicketCancelled,
    TicketConfirmed,
    TicketOpened,
    TicketPriorityChanged,
    TicketRated,
    TicketReopened,
    TicketReplied,
    TicketStateChanged,
    TicketTypeChanged,
)


def tell_customers(session: Session, event: Any) -> None:
    """Whoever asked, and whoever of the organisation sees all of it, may look again."""
    ticket = session.get_one(Ticket, event.ticket_id)
    touch(session, live_subject(ticket.customer_id), people=[ticket.requester_id])


for _kind in SEEN:
    reacts_to(_kind)(tell_customers)


@reacts_to(TicketCustomerChanged)
def tell_both(session: Session, event: TicketCustomerChanged) -> None:
    """It leaves one organisation's list and comes onto another's."""
    for customer_id in (event.from_customer_id, event.to_customer_id):
        touch(session, live_subject(customer_id))
