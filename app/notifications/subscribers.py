"""Events that people hear of without a diagram saying so."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.engine.events import InstanceStalled
from app.engine.subject import Subject
from app.errors import NotFound
from app.events import Delivery, delivers, reacts_to
from app.mail.desk import desk_settings
from app.notifications import service
from app.people import queries as people
from app.tickets.events import TicketReplied
from app.tickets.models import Message, Ticket
from app.tickets.subjects import ticket_of


@reacts_to(TicketReplied)
def mail_the_reply(session: Session, event: TicketReplied) -> None:
    """A reply leaves by mail, whatever channel the request came by."""
    message = session.get_one(Message, event.message_id)
    service.send_reply(session, session.get_one(Ticket, event.ticket_id), message)


@delivers(InstanceStalled, name="notifications.stalled")
def tell_of_a_stalled_instance(session: Session, event: InstanceStalled, delivery: Delivery) -> None:
    """Managers hear of it later and apart, so that telling them cannot spoil the record of the failure itself."""
    subject = Subject(event.subject_kind, event.subject_id)
    try:
        ticket = ticket_of(session, subject)
    except NotFound:
        # The step that failed was the one that made the ticket: whoever did it was told at once.
        return
    url = f"{desk_settings().base_url.rstrip('/')}/instances/{event.instance_id}"
    service.notify(
        session,
        people.managers(session),
        "stalled",
        ticket=ticket,
        subject=subject,
        step=f"{event.instance_id}:{event.element}"[:200],
        instance={"url": url, "element": event.element, "reason": event.reason},
    )
