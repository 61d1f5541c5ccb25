"""What a ticket's own history sets going: its process starts with it and hears what people do to the ticket.

What the process does itself (`by_id` is None) it need not be told.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.engine import service as engine
from app.engine.subject import Subject
from app.errors import InvalidInput, NotFound
from app.events import reacts_to
from app.people.events import PersonDeactivated, TeamDeactivated
from app.people.models import Person, Team
from app.texts import gettext as _
from app.tickets import queries, service, usage
from app.tickets.events import (
    CustomerWrote,
    TicketAssigned,
    TicketCancelled,
    TicketConfirmed,
    TicketCustomerChanged,
    TicketOpened,
    TicketPriorityChanged,
    TicketReopened,
    TicketStateChanged,
    TicketTypeChanged,
)
from app.tickets.models import Ticket

Changed = TicketAssigned | TicketStateChanged | TicketPriorityChanged | TicketTypeChanged | TicketCustomerChanged


@reacts_to(TicketOpened)
def start_process(session: Session, event: TicketOpened) -> None:
    """Every ticket runs the process that its type names."""
    _start(session, event.ticket_id, event.by_id)


@reacts_to(CustomerWrote)
def tell_of_message(session: Session, event: CustomerWrote) -> None:
    """The process goes on where it waited for the customer."""
    payload = {"message_id": event.message_id, "author": event.author_id}
    engine.send_message(session, "customer_reply", Subject("ticket", event.ticket_id), payload)


@reacts_to(TicketConfirmed)
def tell_of_confirmation(session: Session, event: TicketConfirmed) -> None:
    """The process need not wait for silence."""
    engine.send_message(session, "ticket_confirmed", Subject("ticket", event.ticket_id), {"by": event.by_id})


@reacts_to(TicketReopened)
def tell_of_reopening(session: Session, event: TicketReopened) -> None:
    """A resolved ticket's process goes back to work; a closed ticket's has ended, so another one starts."""
    if event.was_closed:
        _start(session, event.ticket_id, event.by_id)
    elif event.by_id is not None:
        engine.send_message(session, "ticket_reopened", Subject("ticket", event.ticket_id), {"by": event.by_id})


@reacts_to(TicketCancelled)
def tell_of_cancelling(session: Session, event: TicketCancelled) -> None:
    """The process ends in its own way: it may tell the customer and the team."""
    if event.by_id is None:
        return
    payload = {"by": event.by_id, "reason": event.reason}
    engine.send_message(session, "ticket_cancelled", Subject("ticket", event.ticket_id), payload)


def refresh_process(session: Session, event: Changed) -> None:
    """Who may take a task and when it is due was worked out from facts that are now different."""
    engine.refresh(session, Subject("ticket", event.ticket_id))


for _kind in (TicketAssigned, TicketStateChanged, TicketPriorityChanged, TicketTypeChanged, TicketCustomerChanged):
    reacts_to(_kind)(refresh_process)


@reacts_to(PersonDeactivated)
def give_requests_back(session: Session, event: PersonDeactivated) -> None:
    """What somebody was responsible for waits for another one, in the same team."""
    by = session.get(Person, event.by_id) if event.by_id is not None else None
    for ticket in queries.assigned_to(session, event.person_id):
        service.assign_to_person(session, ticket, None, by=by)


@reacts_to(TeamDeactivated)
def refuse_a_team_in_use(session: Session, event: TeamDeactivated) -> None:
    """A team that requests still go to, or are with, cannot stop taking them."""
    usage.refuse_team_in_use(session, session.get_one(Team, event.team_id))


def _start(session: Session, ticket_id: int, by_id: int | None) -> None:
    ticket = session.get_one(Ticket, ticket_id)
    try:
        engine.start(session, ticket.type.process_key, ticket.process_subject, by_id=by_id)
    except NotFound as error:
        # No page is missing: the list of types names a process that nobody deployed. A mail waits as failed until then.
        message = _(
            "Requests of the type “%(type)s” cannot be taken now: their process %(key)s is not deployed.",
            type=ticket.type_key,
            key=ticket.type.process_key,
        )
        raise InvalidInput(message, {"type": [message]}) from error
