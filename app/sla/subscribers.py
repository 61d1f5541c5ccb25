"""The clocks follow the ticket: its messages, its states, and what its targets depend on."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.events import reacts_to
from app.people.models import Person
from app.sla import service
from app.sla.models import ClockKind
from app.sla.reasons import of_change, of_state
from app.tickets.events import (
    CustomerWrote,
    TicketCustomerChanged,
    TicketPriorityChanged,
    TicketReplied,
    TicketStateChanged,
    TicketTypeChanged,
)
from app.tickets.models import Category, Ticket

WORKED_ON = (Category.NEW, Category.OPEN)


@reacts_to(CustomerWrote)
def await_reply(session: Session, event: CustomerWrote) -> None:
    """A customer's message waits for a reply."""
    service.start_response(session, _ticket(session, event.ticket_id))


@reacts_to(TicketReplied)
def note_reply(session: Session, event: TicketReplied) -> None:
    """A person's reply is what the customer waited for; one that the process sent by itself is not."""
    if event.author_id is not None:
        author = session.get_one(Person, event.author_id)
        service.meet(session, _ticket(session, event.ticket_id), ClockKind.RESPONSE, by=author)


@reacts_to(TicketStateChanged)
def follow_state(session: Session, event: TicketStateChanged) -> None:
    """The category of the state drives the clocks: pending pauses, resolved meets, closed ends, all others count.

    Moving between two states of work changes nothing, so a pause that the process asked for lasts.
    """
    ticket = _ticket(session, event.ticket_id)
    by = session.get(Person, event.by_id) if event.by_id is not None else None
    before, after = Category(event.from_category), Category(event.to_category)
    reason = of_state(event.to_state)
    if after is Category.CLOSED:
        service.stop(session, ticket, reason, by=by)
        return
    if after is Category.RESOLVED:
        service.meet(session, ticket, ClockKind.RESOLUTION, by=by)
        service.stop(session, ticket, reason, kinds=(ClockKind.RESPONSE,), by=by)
        return
    if before not in WORKED_ON:
        service.resume(session, ticket, reason, even_ended=before is not Category.PENDING, by=by)
    if after is Category.PENDING:
        service.pause(session, ticket, reason, by=by)


@reacts_to(TicketPriorityChanged)
def follow_priority(session: Session, event: TicketPriorityChanged) -> None:
    """Another priority may have other targets."""
    reason = of_change("priority", event.from_priority, event.to_priority)
    service.retarget_by_rules(session, _ticket(session, event.ticket_id), reason, by_id=event.by_id)


@reacts_to(TicketTypeChanged)
def follow_type(session: Session, event: TicketTypeChanged) -> None:
    """Another type of request may have other targets."""
    reason = of_change("type", event.from_type, event.to_type)
    service.retarget_by_rules(session, _ticket(session, event.ticket_id), reason, by_id=event.by_id)


@reacts_to(TicketCustomerChanged)
def follow_customer(session: Session, event: TicketCustomerChanged) -> None:
    """Another customer has another contract, and with it perhaps other targets."""
    reason = of_change("customer", event.from_customer_id, event.to_customer_id)
    service.retarget_by_rules(session, _ticket(session, event.ticket_id), reason, by_id=event.by_id)


def _ticket(session: Session, ticket_id: int) -> Ticket:
    return session.get_one(Ticket, ticket_id)
