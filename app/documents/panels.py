"""The documents of a ticket, on its page and at the messages they came with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.documents import queries
from app.documents.models import Document, ParentKind
from app.people.models import Person
from app.texts import gettext as _
from app.tickets.models import Ticket
from app.tickets.panels import Content, message_attachments, panel


@panel("documents", order=50)
def documents(session: Session, ticket: Ticket, reader: Person) -> Content | None:
    """Every document of the ticket, oldest first."""
    found = queries.of_ticket(session, ticket, seen_by=reader)
    if not found:
        return None
    return Content("documents/panel.html", {"documents": found}, title=_("Documents"), note=str(len(found)))


@message_attachments
def attachments(session: Session, ticket: Ticket) -> Mapping[int, Sequence[Document]]:
    """The files that came with each message of the ticket, in one query."""
    found: dict[int, list[Document]] = {}
    wanted = select(Document).where(Document.ticket_id == ticket.id, Document.parent_kind == ParentKind.MESSAGE)
    for document in session.scalars(wanted.order_by(Document.id)):
        found.setdefault(document.parent_id, []).append(document)
    return found
