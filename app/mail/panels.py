"""The ticket page's part of mail: who gets the mails, what a message leaves out of its mail, and what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.mail import originals
from app.mail.models import OutgoingKind, OutgoingMail, OutgoingState
from app.people.models import Person, Role
from app.texts import gettext as _
from app.tickets import queries as tickets
from app.tickets.history import Happening, history_source
from app.tickets.models import Message, Ticket
from app.tickets.panels import Content, below_messages, panel

WORKING = (Role.AGENT, Role.TEAM_LEAD, Role.MANAGER)


@panel("people", order=55)
def people_in_it(session: Session, ticket: Ticket, reader: Person) -> Content:
    """Who gets the mails of the ticket, and a field for another address."""
    found = tickets.participants(session, ticket)
    values = {"participants": found, "may_change": reader.has_role(*WORKING)}
    return Content("mail/panel.html", values, title=_("Who gets the mails"), note=str(1 + len(found)))


@below_messages
def left_out(session: Session, message_ids: Sequence[int]) -> Mapping[int, Content]:
    """Where the quoted history and the sender's own layout can be seen."""
    found = originals.beside(session, message_ids)
    if not found:
        return {}
    keys = dict(session.execute(select(Message.id, Message.uuid).where(Message.id.in_(found))).all())
    return {
        message_id: Content("mail/left_out.html", {"beside": beside, "uuid": keys[message_id]})
        for message_id, beside in found.items()
    }


@history_source("mail")
def mails(session: Session, ticket: Ticket, _reader: Person, until: datetime, most: int) -> list[Happening]:
    """Mails that were sent about the ticket, or could not be."""
    found = select(OutgoingMail).where(
        OutgoingMail.ticket_id == ticket.id,
        OutgoingMail.created_at <= until,
        OutgoingMail.state != OutgoingState.SUPPRESSED,
    )
    newest = found.order_by(OutgoingMail.created_at.desc(), OutgoingMail.id.desc()).limit(most)
    return [_told(mail) for mail in session.scalars(newest)]


def _told(mail: OutgoingMail) -> Happening:
    to = ", ".join([mail.to_address, *(copy[1] for copy in mail.cc)])
    if mail.state == OutgoingState.FAILED:
        words, icon = _("The mail to %(to)s could not be sent", to=to), "alert-triangle"
    elif mail.kind == OutgoingKind.REPLY:
        words, icon = _("The reply went by mail to %(to)s", to=to), "mail"
    else:
        subject = re.sub(r"^\[[^\]]*\] ", "", mail.subject)
        words, icon = _("Mail to %(to)s: %(subject)s", to=to, subject=subject), "mail"
    return Happening(mail.created_at, mail.id, words, icon)
