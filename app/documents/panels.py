"""The documents of a ticket, on its page and at the messages they came with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.documents import queries, service, storage
from app.documents.models import Document, ParentKind
from app.people.models import Person
from app.texts import gettext as _
from app.tickets.history import Happening, history_source
from app.tickets.models import Message, Ticket
from app.tickets.panels import Content, attaches_files, message_attachments, panel

# The panel has the newest ones; a page of its own has all.
SHOWN = 8


@panel("documents", order=50)
def documents(session: Session, ticket: Ticket, _reader: Person) -> Content:
    """The newest documents of the ticket, and a form to add more."""
    page = queries.listed(session, ticket, most=SHOWN)
    count = queries.count(session, ticket) if page.before else len(page.rows)
    most = storage.limits().document_max_bytes
    values = {"documents": page.rows, "count": count, "ticket": ticket, "most": most}
    return Content("documents/panel.html", values, title=_("Documents"), note=str(count) if count else "")


@message_attachments
def attachments(session: Session, message_ids: Sequence[int]) -> Mapping[int, Sequence[Document]]:
    """The files that came with messages, in one query."""
    return queries.of_messages(session, message_ids)


@history_source("documents")
def history(session: Session, ticket: Ticket, _reader: Person, until: datetime, most: int) -> list[Happening]:
    """Files that were added to the ticket itself or taken off it; those of messages stand with their messages."""
    own = select(Document).where(Document.ticket_id == ticket.id, Document.parent_kind == ParentKind.TICKET)
    came = own.where(Document.created_at <= until).order_by(Document.created_at.desc(), Document.id.desc())
    left = own.where(Document.removed_at <= until).order_by(Document.removed_at.desc(), Document.id.desc())
    return [
        Happening(
            each.created_at,
            2 * each.id,
            _("Added the document %(name)s", name=each.name),
            "paperclip",
            each.uploaded_by_id,
        )
        for each in session.scalars(came.limit(most))
    ] + [
        Happening(
            each.removed_at,
            2 * each.id + 1,
            _("Took the document %(name)s off", name=each.name),
            "trash",
            each.removed_by_id,
        )
        for each in session.scalars(left.limit(most))
        if each.removed_at is not None
    ]


@attaches_files
def attach_to_message(session: Session, message: Message, uploads: Sequence[service.Upload], by: Person) -> None:
    """Keep the files that a form brought with a message."""
    service.attach_uploads(session, parent=message, uploads=uploads, by=by)
