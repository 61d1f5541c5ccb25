"""The documents of a ticket, on its page and at the messages they came with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.documents import queries, service
from app.documents.models import Document, ParentKind
from app.people.models import Person
from app.texts import gettext as _
from app.tickets.models import Message, Ticket
from app.tickets.panels import Content, attaches_files, message_attachments, panel


@panel("documents", order=50)
def documents(session: Session, ticket: Ticket, _reader: Person) -> Content:
    """Every document of the ticket, newest first, and a form to add more."""
    found = queries.listed(session, ticket)
    values = {"documents": found, "ticket": ticket}
    return Content("documents/panel.html", values, title=_("Documents"), note=str(len(found)) if found else "")


@message_attachments
def attachments(session: Session, ticket: Ticket) -> Mapping[int, Sequence[Document]]:
    """The files that came with each message of the ticket, in one query."""
    found: dict[int, list[Document]] = {}
    wanted = select(Document).where(Document.ticket_id == ticket.id, Document.parent_kind == ParentKind.MESSAGE)
    for document in session.scalars(wanted.order_by(Document.id)):
        found.setdefault(document.parent_id, []).append(document)
    return found


@attaches_files
def attach_to_message(session: Session, message: Message, uploads: Sequence[service.Upload], by: Person) -> None:
    """Keep the files that a form brought with a message."""
    service.attach_uploads(session, parent=message, uploads=uploads, by=by)
