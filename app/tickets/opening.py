"""A ticket begins: with its first message, the answers of its form and the contract that covers it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from app import clock, events
from app.contracts import queries as contracts
from app.contracts.days import today
from app.contracts.models import Customer
from app.people.models import Person
from app.texts import gettext as _
from app.tickets import numbers, search
from app.tickets.changing import LONGEST_SUBJECT, priority_of, state_of, type_of
from app.tickets.conversation import add_message, add_participant, add_system_line, storable
from app.tickets.details import Detail, add_details, spoken
from app.tickets.events import TicketOpened
from app.tickets.lists import TYPE_OF_MAIL
from app.tickets.models import Channel, MessageKind, Priority, State, Ticket


def open_ticket(
    session: Session,
    *,
    subject: str,
    text: str,
    requester: Person,
    channel: Channel | str,
    type_key: str = TYPE_OF_MAIL,
    priority: Priority | str | None = None,
    customer: Customer | None = None,
    by: Person | None = None,
    html: str | None = None,
    mail_message_id: str | None = None,
    participants: Iterable[Person] = (),
    previous: Ticket | None = None,
    author: Person | None = None,
    details: Sequence[Detail] = (),
) -> Ticket:
    """Open a ticket with its first message; its type says which process starts with it.

    Args:
        author: who wrote the first message, when that is a colleague of the requester.
        details: the answers of the form it came with.
        priority: the type's default when None.
        customer: the one the requester speaks for when None, else the unknown customer.
        by: who wrote it down for the requester (a call, a visit); None when they did it themselves.
        previous: the closed ticket this one follows.

    Raises:
        InvalidInput: the type or the priority is unknown, or there is no text.
    """
    kind = type_of(session, type_key)
    contact = None if customer is not None else contracts.contact_of(session, requester)
    owner = customer or (contact.customer if contact else contracts.unknown_customer(session))
    moment = clock.now()
    ticket = Ticket(
        # Takes the place of the number until the database has given the id that the number is made of.
        number=uuid.uuid4().hex,
        subject=_subject(subject, text),
        type=kind,
        priority=priority_of(priority or kind.default_priority),
        state=state_of(session, State.NEW),
        channel=Channel(channel),
        customer=owner,
        requester=requester,
        contract=contracts.contract_for(session, owner.id, today()),
        language=requester.language,
        opened_at=moment,
        unassigned_since=moment,
        updated_at=moment,
        previous_ticket=previous,
    )
    session.add(ticket)
    session.flush()
    ticket.number = numbers.number_of(ticket.id)
    add_details(session, ticket, details)
    search.begin(session, ticket, "\n".join([text, *spoken(details)]))
    first = add_message(
        session,
        ticket,
        MessageKind.CUSTOMER,
        text if text.strip() or html else ticket.subject,
        author=author or requester,
        channel=channel,
        html=html,
        mail_message_id=mail_message_id,
    )
    for person in participants:
        add_participant(session, ticket, person)
    if author is not None and author.id != requester.id:
        add_system_line(session, ticket, "on_behalf", by=author, person=author.name, other=requester.name)
    if previous is not None:
        add_system_line(session, ticket, "follows", number=previous.number)
    events.record(session, TicketOpened(ticket_id=ticket.id, message_id=first.id, by_id=by.id if by else None))
    return ticket


def _subject(subject: str, text: str) -> str:
    line = " ".join(storable(subject).split()) or next((" ".join(each.split()) for each in text.splitlines()), "")
    return line[:LONGEST_SUBJECT] or _("(no subject)")
