"""Events that people hear of without a diagram saying so."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.engine.events import InstanceStalled
from app.engine.subject import Subject
from app.errors import NotFound
from app.events import Delivery, delivers, reacts_to
from app.mail.desk import desk_settings
from app.notifications import account_mail, service
from app.people import queries as people
from app.people.events import PasswordSet, SignInLinkAsked
from app.people.models import LinkPurpose
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


@delivers(SignInLinkAsked, name="notifications.sign_in_link")
def mail_the_link(session: Session, event: SignInLinkAsked, delivery: Delivery) -> None:
    """A link goes to whoever has the address; an address nobody has, or whose owner may not sign in, gets nothing."""
    person = people.person_by_email(session, event.address)
    if person is not None and person.is_active:
        account_mail.send_link(session, person, LinkPurpose(event.purpose), event.target)


@reacts_to(PasswordSet)
def tell_of_new_password(session: Session, event: PasswordSet) -> None:
    """Whose password was changed hears of it, so that somebody who did not do it can say so."""
    if event.first and event.by_id != event.person_id:
        # Whoever gave somebody their first one tells them.
        return
    named = people.people_by_ids(session, [event.person_id, event.by_id])
    account_mail.tell_of_new_password(session, named[event.person_id], named.get(event.by_id or 0))
