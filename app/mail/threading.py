"""Which ticket a mail belongs to.

Our Message-IDs carry the ticket and a keyed hash, so whoever can name one was sent one. Anything else in a mail (its
subject, other people's Message-IDs) is the sender's choice and counts only when they already take part in the ticket.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.contracts.models import Contact
from app.mail.models import OutgoingMail
from app.people.models import Person
from app.tickets.models import Message, Participant, Ticket

_OURS = re.compile(r"<suport\.([0-9a-f]{32})\.(\d{1,18})\.([0-9a-f]{24})@[^<>@\s]+>")


def message_id_for(uuid: str, ticket_id: int | None, secret: str, domain: str) -> str:
    """The Message-ID of one outgoing mail; ticket 0 stands for none."""
    number = ticket_id or 0
    return f"<suport.{uuid}.{number}.{_signature(uuid, number, secret)}@{domain}>"


def ticket_id_in(reference: str, secret: str) -> int | None:
    """The ticket a Message-ID of ours was made for; None when it is not ours or was tampered with."""
    found = _OURS.fullmatch(reference.strip())
    if found is None:
        return None
    uuid, number, signature = found[1], int(found[2]), found[3]
    return number or None if hmac.compare_digest(signature, _signature(uuid, number, secret)) else None


def _signature(uuid: str, number: int, secret: str) -> str:
    return hmac.new(secret.encode(), f"message-id:{uuid}:{number}".encode(), sha256).hexdigest()[:24]


def ticket_answered(
    session: Session, *, references: list[str], subject: str, sender: Person | None, secret: str, number_prefix: str
) -> Ticket | None:
    """The ticket a mail continues, or None when it opens a new one.

    Args:
        references: Message-IDs the mail answers, the nearest first.
        sender: who wrote it, when the desk knows them.
    """
    for reference in references:
        ticket_id = ticket_id_in(reference, secret)
        ticket = session.get(Ticket, ticket_id) if ticket_id else None
        if ticket is not None:
            return ticket
    if sender is None:
        return None
    for candidate in (*_by_stored_messages(session, references), *_by_number(session, subject, number_prefix)):
        if takes_part(session, candidate, sender):
            return candidate
    return None


def is_proven(references: list[str], ticket: Ticket, secret: str) -> bool:
    """Whether a mail names a Message-ID of ours about a ticket: its sender got one, whatever its From line says."""
    return any(ticket_id_in(reference, secret) == ticket.id for reference in references)


def takes_part(session: Session, ticket: Ticket, person: Person) -> bool:
    """Whether a person may continue a ticket without proof: its requester, a participant, its customer's contact."""
    if person.id == ticket.requester_id:
        return True
    participates = exists().where(Participant.ticket_id == ticket.id, Participant.person_id == person.id)
    if session.scalar(select(participates)):
        return True
    if ticket.customer.is_unknown:
        # Strangers share the unknown customer but have nothing to do with one another.
        return False
    speaks = exists().where(Contact.person_id == person.id, Contact.customer_id == ticket.customer_id)
    return bool(session.scalar(select(speaks)))


def _by_stored_messages(session: Session, references: list[str]) -> list[Ticket]:
    """Tickets whose messages came as, or were sent as, one of these mails."""
    if not references:
        return []
    came = select(Message.ticket_id).where(Message.mail_message_id.in_(references))
    left = select(OutgoingMail.ticket_id).where(OutgoingMail.message_id_header.in_(references))
    found = select(Ticket).where(Ticket.id.in_(came.union(left))).order_by(Ticket.id.desc())
    return list(session.scalars(found.limit(10)))


def _by_number(session: Session, subject: str, prefix: str) -> list[Ticket]:
    """Tickets whose number stands in a subject, in brackets or not."""
    numbers = re.findall(rf"(?<![\w-]){re.escape(prefix)}\d{{1,18}}(?!\w)", subject, re.IGNORECASE)[:5]
    if not numbers:
        return []
    return list(session.scalars(select(Ticket).where(Ticket.number.in_([number.upper() for number in numbers]))))
