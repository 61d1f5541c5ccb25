"""What a ticket says of itself is corrected: how much it presses, what it is about, its type, whose it is.

`by` is the person who does it, None when the process does.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app import events
from app.contracts import queries as contracts
from app.contracts.days import desk_day
from app.contracts.models import Customer
from app.errors import InvalidInput
from app.people.models import Person
from app.texts import gettext as _
from app.tickets import search
from app.tickets.conversation import add_system_line, storable
from app.tickets.events import TicketCustomerChanged, TicketPriorityChanged, TicketSubjectChanged, TicketTypeChanged
from app.tickets.lists import PRIORITY_LABELS
from app.tickets.models import Priority, RequestType, State, Ticket, TicketState

LONGEST_SUBJECT = 300


def change_priority(session: Session, ticket: Ticket, priority: Priority | str, *, by: Person | None) -> None:
    """Say how much the request presses; the deadlines follow."""
    wanted = priority_of(priority)
    if ticket.priority == wanted:
        return
    before, ticket.priority = ticket.priority, wanted
    add_system_line(session, ticket, "priority", by=by, priority=PRIORITY_LABELS[wanted])
    events.record(
        session,
        TicketPriorityChanged(ticket_id=ticket.id, from_priority=before, to_priority=wanted, by_id=_id(by)),
    )


def change_subject(session: Session, ticket: Ticket, subject: str, *, by: Person | None) -> None:
    """Call the ticket otherwise; mails that were sent keep the subject they had.

    Raises:
        InvalidInput: there are no words in it, or far too many.
    """
    wanted = " ".join(storable(subject).split())
    if not wanted:
        message = _("Say in a few words what it is about.")
        raise InvalidInput(message, {"subject": [message]})
    if len(wanted) > LONGEST_SUBJECT:
        message = _("At most %(most)s characters.", most=LONGEST_SUBJECT)
        raise InvalidInput(message, {"subject": [message]})
    if ticket.subject == wanted:
        return
    before, ticket.subject = ticket.subject, wanted
    add_system_line(session, ticket, "subject", by=by, subject=wanted)
    search.refresh(session, ticket)
    events.record(
        session,
        TicketSubjectChanged(ticket_id=ticket.id, from_subject=before, to_subject=wanted, by_id=_id(by)),
    )


def change_type(session: Session, ticket: Ticket, type_key: str, *, by: Person | None) -> None:
    """Say that it is another type of request; the process it runs stays the one it began with."""
    wanted = type_of(session, type_key)
    if ticket.type_key == wanted.key:
        return
    before, ticket.type = ticket.type_key, wanted
    add_system_line(session, ticket, "type", by=by, type=wanted.labels)
    events.record(
        session,
        TicketTypeChanged(ticket_id=ticket.id, from_type=before, to_type=wanted.key, by_id=_id(by)),
    )


def change_customer(session: Session, ticket: Ticket, customer: Customer, *, by: Person | None) -> None:
    """Say whose request it is; the contract is the one that covered that customer on the day it was opened."""
    if ticket.customer_id == customer.id:
        return
    before, ticket.customer = ticket.customer_id, customer
    ticket.contract = contracts.contract_for(session, customer.id, desk_day(ticket.opened_at))
    add_system_line(session, ticket, "customer", by=by, customer=customer.name)
    search.refresh(session, ticket)
    session.flush()
    events.record(
        session,
        TicketCustomerChanged(ticket_id=ticket.id, from_customer_id=before, to_customer_id=customer.id, by_id=_id(by)),
    )


def type_of(session: Session, key: str) -> RequestType:
    """The type of request with a key.

    Raises:
        InvalidInput: there is none.
    """
    kind = session.get(RequestType, key)
    if kind is None:
        message = _("There is no request type “%(key)s”.", key=key)
        raise InvalidInput(message, {"type": [message]})
    return kind


def priority_of(key: Priority | str) -> Priority:
    """The priority with a key.

    Raises:
        InvalidInput: there is none.
    """
    try:
        return Priority(key)
    except ValueError as error:
        raise InvalidInput(_("There is no priority “%(key)s”.", key=key)) from error


def state_of(session: Session, key: State | str) -> TicketState:
    """The state with a key, for tickets to move to.

    Raises:
        InvalidInput: there is none, or it is switched off.
    """
    state = session.get(TicketState, str(key))
    if state is None:
        raise InvalidInput(_("There is no state “%(key)s”.", key=key))
    if not state.is_active:
        raise InvalidInput(_("The state “%(key)s” is switched off.", key=key))
    return state


def _id(person: Person | None) -> int | None:
    return person.id if person else None
