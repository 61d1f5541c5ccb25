"""Looking up mails."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.errors import NotFound
from app.mail.models import OutgoingMail, ReceivedMail
from app.texts import gettext as _
from app.tickets.models import Ticket


def received(session: Session, mail_id: int) -> ReceivedMail:
    """A received mail.

    Raises:
        NotFound: there is none with this id.
    """
    mail = session.get(ReceivedMail, mail_id)
    if mail is None:
        raise NotFound(_("There is no such mail."))
    return mail


def outgoing(session: Session, mail_id: int) -> OutgoingMail:
    """An outgoing mail.

    Raises:
        NotFound: there is none with this id.
    """
    mail = session.get(OutgoingMail, mail_id)
    if mail is None:
        raise NotFound(_("There is no such mail."))
    return mail


def ticket_number(session: Session, mail: ReceivedMail | OutgoingMail) -> str:
    """The number of the ticket a mail is on; empty when it is on none."""
    ticket = session.get(Ticket, mail.ticket_id) if mail.ticket_id is not None else None
    return ticket.number if ticket else ""
