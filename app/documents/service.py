"""Attaching files to tickets, messages and work entries."""

from __future__ import annotations

from collections.abc import Sequence
from os import SEEK_END
from typing import IO, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock, events
from app.documents import queries, storage
from app.documents.events import DocumentAttached, DocumentRemoved
from app.documents.models import Document, ParentKind
from app.documents.names import clean_content_type, clean_name
from app.errors import InvalidInput, NotAllowed
from app.people.models import Person
from app.texts import gettext as _
from app.tickets.models import Message, Ticket
from app.worklog.models import WorkEntry

Parent = Ticket | Message | WorkEntry


class Upload(Protocol):
    """A file as a form brings it (Werkzeug's FileStorage is one)."""

    @property
    def filename(self) -> str | None:
        """The name the sender gave it."""

    @property
    def mimetype(self) -> str:
        """The media type the sender gave it."""

    @property
    def stream(self) -> IO[bytes]:
        """Its bytes."""


def attach(
    session: Session,
    *,
    parent: Parent,
    name: str | None,
    stream: IO[bytes],
    content_type: str | None = None,
    by: Person | None = None,
) -> Document:
    """Keep a file and hang it on a ticket, a message or a work entry.

    Raises:
        InvalidInput: the file is too large, or its parent has as many files as it may.
    """
    kind, ticket_id = place_of(parent)
    limits, shown = storage.limits(), clean_name(name)
    if kind is not ParentKind.TICKET and _count(session, kind, parent.id) >= limits.documents_per_message:
        raise _refused(_("At most %(count)s files go with one message.", count=limits.documents_per_message))
    try:
        stored = storage.keep(stream, limits.document_max_bytes)
    except storage.TooLarge:
        raise _refused(_too_large(shown)) from None
    document = Document(
        parent_kind=kind.value,
        parent_id=parent.id,
        ticket_id=ticket_id,
        name=shown,
        content_type=clean_content_type(content_type),
        size=stored.size,
        sha256=stored.sha256,
        uploaded_by_id=by.id if by else None,
        created_at=clock.now(),
    )
    session.add(document)
    session.flush()
    events.record(session, DocumentAttached(document_id=document.id, ticket_id=ticket_id, by_id=by.id if by else None))
    return document


def attach_uploads(
    session: Session, *, parent: Parent, uploads: Sequence[Upload], by: Person | None = None
) -> list[Document]:
    """Attach the files of a form; fields that were left empty are passed over.

    Raises:
        InvalidInput: a file is too large or there are too many; then none of them is attached.
    """
    fitting, problems = within_limits(uploads)
    if problems:
        raise InvalidInput(" ".join(problems), {"files": problems})
    for upload in fitting:
        # A request that lost a race runs again with the same streams, read to their ends by the first run.
        upload.stream.seek(0)
    return [
        attach(session, parent=parent, name=upload.filename, stream=upload.stream, content_type=upload.mimetype, by=by)
        for upload in fitting
    ]


def within_limits(uploads: Sequence[Upload], *, present: int = 0) -> tuple[list[Upload], list[str]]:
    """The chosen files of a form that may be kept, and sentences on why the others may not; nothing is written.

    Args:
        present: how many files the message has already.
    """
    limits = storage.limits()
    chosen = [upload for upload in uploads if upload.filename]
    fitting = [upload for upload in chosen if _size(upload) <= limits.document_max_bytes]
    problems = [_too_large(clean_name(upload.filename)) for upload in chosen if upload not in fitting]
    room = max(limits.documents_per_message - present, 0)
    if len(fitting) > room:
        problems.append(_("At most %(count)s files go with one message.", count=limits.documents_per_message))
    return fitting[:room], problems


def move_to_message(session: Session, message: Message, uuids: Sequence[str], *, by: Person | None) -> None:
    """Let documents of the ticket go with a message from now on: those that its author put there, no others.

    What is on the message already stays: a process may send the same list twice.
    """
    if by is None:
        return
    for document in queries.put_on_ticket(session, message.ticket_id, uuids, by=by):
        document.parent_kind, document.parent_id = ParentKind.MESSAGE.value, message.id
    session.flush()


def take_back(session: Session, document: Document, *, by: Person) -> None:
    """Take a file off a ticket that somebody had put there; its bytes stay, and `put_back` shows it again.

    Raises:
        NotAllowed: it is somebody else's, or was sent with a message.
    """
    if document.removed_at is not None:
        return
    if document.parent_kind != ParentKind.TICKET or document.uploaded_by_id != by.id:
        raise NotAllowed(_("Only who added a file to the request can take it back, and only until it is sent."))
    document.removed_at, document.removed_by_id = clock.now(), by.id
    session.flush()
    removed = DocumentRemoved(document_id=document.id, ticket_id=document.ticket_id, name=document.name, by_id=by.id)
    events.record(session, removed)


def put_back(session: Session, document: Document, *, by: Person) -> None:
    """Show a file again that this person took off; one that is there already stays.

    Raises:
        NotAllowed: somebody else took it off.
    """
    if document.removed_at is None:
        return
    if document.removed_by_id != by.id:
        raise NotAllowed(_("Only who took a file off can put it back."))
    document.removed_at = document.removed_by_id = None
    session.flush()
    events.record(session, DocumentAttached(document_id=document.id, ticket_id=document.ticket_id, by_id=by.id))


def place_of(parent: Parent) -> tuple[ParentKind, int]:
    """What kind of parent this is, and the ticket it belongs to."""
    if isinstance(parent, Ticket):
        return ParentKind.TICKET, parent.id
    if isinstance(parent, Message):
        return ParentKind.MESSAGE, parent.ticket_id
    return ParentKind.WORK_ENTRY, parent.ticket_id


def _count(session: Session, kind: ParentKind, parent_id: int) -> int:
    where = (Document.parent_kind == kind.value, Document.parent_id == parent_id, queries.PRESENT)
    return session.scalar(select(func.count()).select_from(Document).where(*where)) or 0


def _size(upload: Upload) -> int:
    size = upload.stream.seek(0, SEEK_END)
    upload.stream.seek(0)
    return size


def _too_large(name: str) -> str:
    most = storage.limits().document_max_bytes // (1024 * 1024)
    return str(_("%(name)s is larger than %(most)s MB.", name=name, most=most))


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, {"files": [message]})
