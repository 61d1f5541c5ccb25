"""Looking up documents, always as the person who asks may see them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.documents import storage
from app.documents.models import Document, ParentKind
from app.errors import NotFound
from app.people.models import Person
from app.texts import gettext as _
from app.tickets import queries as tickets
from app.tickets.models import Message, MessageKind, Ticket

# A document that was taken off is there for nobody.
PRESENT = Document.removed_at.is_(None)


@dataclass(frozen=True)
class Listed:
    """A document, who added it (None when nobody is known), and its message unless it hangs on something else."""

    document: Document
    by: Person | None
    message: Message | None


def by_uuid(session: Session, uuid: str, *, seen_by: Person) -> Document:
    """The document with a public key.

    Raises:
        NotFound: there is none, or that person may not read it.
    """
    document = session.scalar(select(Document).where(Document.uuid == uuid, PRESENT))
    if document is None or not may_read(session, seen_by, document):
        raise NotFound(_("There is no such document."))
    return document


def may_read(session: Session, person: Person, document: Document) -> bool:
    """Staff read what hangs on tickets they see; customers only what came with messages they can read."""
    if not tickets.may_see(session, person, document.ticket_id):
        return False
    if person.is_staff:
        return True
    if document.parent_kind != ParentKind.MESSAGE:
        return False
    message = session.get(Message, document.parent_id)
    return message is not None and message.is_public and message.kind != MessageKind.NOTE


def put_on_ticket(session: Session, ticket_id: int, uuids: Iterable[str], *, by: Person) -> list[Document]:
    """Which of these documents hang on the ticket itself and were put there by this person, in the order named."""
    wanted = list(dict.fromkeys(uuids))
    if not wanted:
        return []
    found = select(Document).where(
        Document.uuid.in_(wanted),
        Document.ticket_id == ticket_id,
        Document.parent_kind == ParentKind.TICKET,
        Document.uploaded_by_id == by.id,
        PRESENT,
    )
    return sorted(session.scalars(found), key=lambda document: wanted.index(document.uuid))


@dataclass(frozen=True)
class Page:
    """A piece of the documents of a ticket, newest first; `before` continues it, None at the end."""

    rows: list[Listed]
    before: str | None


def listed(session: Session, ticket: Ticket, *, most: int, before: str | None = None) -> Page:
    """The documents of a ticket for staff, newest first, with who added each and the message it came with.

    Args:
        before: go on after the document with this public key.
    """
    found = (
        select(Document, Person, Message)
        .outerjoin(Person, Person.id == Document.uploaded_by_id)
        .outerjoin(Message, and_(Document.parent_kind == ParentKind.MESSAGE, Message.id == Document.parent_id))
        .where(Document.ticket_id == ticket.id, PRESENT)
    )
    if before:
        place = select(Document.id).where(Document.uuid == before, Document.ticket_id == ticket.id).scalar_subquery()
        found = found.where(Document.id < place)
    rows = session.execute(found.order_by(Document.id.desc()).limit(most + 1)).all()
    shown = [Listed(document, by, message) for document, by, message in rows[:most]]
    return Page(shown, shown[-1].document.uuid if len(rows) > most else None)


def count(session: Session, ticket: Ticket) -> int:
    """How many documents a ticket has."""
    counted = select(func.count()).select_from(Document).where(Document.ticket_id == ticket.id, PRESENT)
    return session.scalar(counted) or 0


def removed_by(session: Session, uuid: str, person: Person) -> Document:
    """A document that this person took off.

    Raises:
        NotFound: there is none, or somebody else did.
    """
    where = (Document.uuid == uuid, Document.removed_at.is_not(None), Document.removed_by_id == person.id)
    document = session.scalar(select(Document).where(*where))
    if document is None:
        raise NotFound(_("There is no such document."))
    return document


def of_message(session: Session, message: Message) -> list[Document]:
    """The files that came with a message."""
    return of_messages(session, [message.id]).get(message.id, [])


def of_messages(session: Session, message_ids: Iterable[int]) -> dict[int, list[Document]]:
    """The files of many messages, by message, in one query."""
    return _by_parent(session, ParentKind.MESSAGE, message_ids)


def of_work_entries(session: Session, entry_ids: Iterable[int]) -> dict[int, list[Document]]:
    """The files of many work entries, by entry, in one query."""
    return _by_parent(session, ParentKind.WORK_ENTRY, entry_ids)


def of_ticket(session: Session, ticket: Ticket, *, seen_by: Person) -> list[Document]:
    """Every document of a ticket that somebody may read, oldest first, in one query."""
    found = select(Document).where(Document.ticket_id == ticket.id, PRESENT).order_by(Document.id)
    if not seen_by.is_staff:
        found = found.join(Message, Message.id == Document.parent_id).where(
            Document.parent_kind == ParentKind.MESSAGE, Message.is_public, Message.kind != MessageKind.NOTE
        )
    return list(session.scalars(found))


def open_content(document: Document) -> IO[bytes]:
    """The bytes of a document, to be read and closed.

    Raises:
        NotFound: the file is missing from the data folder.
    """
    try:
        return storage.path_of(document.sha256).open("rb")
    except FileNotFoundError:
        raise NotFound(_("The bytes of %(name)s are missing from the desk's files.", name=document.name)) from None


def content(document: Document) -> bytes:
    """The bytes of a document at once, for a mail that takes it along."""
    with open_content(document) as file:
        return file.read()


def _by_parent(session: Session, kind: ParentKind, parent_ids: Iterable[int]) -> dict[int, list[Document]]:
    wanted = set(parent_ids)
    found: dict[int, list[Document]] = {}
    if wanted:
        where = (Document.parent_kind == kind, Document.parent_id.in_(wanted), PRESENT)
        for document in session.scalars(select(Document).where(*where).order_by(Document.id)):
            found.setdefault(document.parent_id, []).append(document)
    return found
