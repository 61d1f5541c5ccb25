"""Keeping what customers type before it is sent: their words while they write, their files when a form comes back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app import clock
from app.documents import service as documents
from app.documents import storage
from app.documents.models import Document
from app.documents.names import clean_content_type, clean_name
from app.documents.service import Upload
from app.errors import InvalidInput
from app.people.models import Person
from app.portal.models import NEW, DraftFile, RequestDraft
from app.texts import gettext as _
from app.tickets.models import Message, Ticket

# What one draft may hold; a browser that sends more than any form has is refused.
MOST_CHARACTERS = 200_000

Typed = Mapping[str, Any]


def place_of(ticket: Ticket | None) -> str:
    """What the draft of a message on a ticket is called, or of a new request."""
    return f"reply:{ticket.id}" if ticket is not None else NEW


def find(session: Session, person: Person, ticket: Ticket | None) -> RequestDraft | None:
    """Somebody's draft of a message on a ticket, or of a new request, with its files."""
    found = select(RequestDraft).where(RequestDraft.person_id == person.id, RequestDraft.place == place_of(ticket))
    return session.scalar(found.options(selectinload(RequestDraft.files)))


def save(session: Session, person: Person, ticket: Ticket | None, typed: Typed) -> RequestDraft:
    """Keep what somebody has typed so far; files that were kept before stay.

    Raises:
        InvalidInput: it is far more than a form can hold.
    """
    if sum(len(str(value)) for value in typed.values()) > MOST_CHARACTERS:
        raise InvalidInput(_("This is too long to keep."))
    draft = find(session, person, ticket)
    if draft is None:
        draft = RequestDraft(person_id=person.id, place=place_of(ticket), files=[])
        session.add(draft)
    draft.values, draft.saved_at = dict(typed), clock.now()
    session.flush()
    return draft


def forget(session: Session, person: Person, ticket: Ticket | None) -> None:
    """Forget a draft: it was sent, or is not wanted any more."""
    draft = find(session, person, ticket)
    if draft is not None:
        session.delete(draft)
        session.flush()


def fitting(
    draft: RequestDraft | None, uploads: Sequence[Upload], removed: Collection[str]
) -> tuple[list[Upload], list[str]]:
    """The chosen files of a form that may go along with those kept before, and sentences on why others may not."""
    present = [file for file in draft.files if file.uuid not in removed] if draft is not None else []
    return documents.within_limits(uploads, present=len(present))


def keep_files(session: Session, draft: RequestDraft, uploads: Sequence[Upload], removed: Collection[str]) -> None:
    """Keep the files of a form that is shown again, and let go of those that were taken back."""
    draft.files = [file for file in draft.files if file.uuid not in removed]
    for upload in uploads:
        upload.stream.seek(0)
        stored = storage.keep(upload.stream, storage.limits().document_max_bytes)
        draft.files.append(
            DraftFile(
                name=clean_name(upload.filename),
                content_type=clean_content_type(upload.mimetype),
                size=stored.size,
                sha256=stored.sha256,
            )
        )
    session.flush()


def attach_files(
    session: Session,
    draft: RequestDraft | None,
    message: Message,
    uploads: Sequence[Upload],
    removed: Collection[str],
    *,
    by: Person,
) -> list[Document]:
    """Hang the files of a draft and those that came with the form on the message that was sent."""
    kept = [file for file in draft.files if file.uuid not in removed] if draft is not None else []
    with ExitStack() as stack:
        again = [_Kept(file, stack.enter_context(storage.path_of(file.sha256).open("rb"))) for file in kept]
        return documents.attach_uploads(session, parent=message, uploads=[*again, *uploads], by=by)


class _Kept:
    """A kept file, as a form would bring it."""

    def __init__(self, file: DraftFile, stream: IO[bytes]) -> None:
        self.filename: str | None = file.name
        self.mimetype: str = file.content_type
        self.stream: IO[bytes] = stream
