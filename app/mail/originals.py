"""What a message leaves out of the mail it came as: the history it quoted, and how its sender had laid it out.

The message says what was written now. The rest is kept beside it and shown only when somebody asks.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from app.documents import queries as documents
from app.documents.models import Document
from app.documents.previews import preview_of
from app.errors import NotFound
from app.mail.markup import with_inline_images, without_remote_images
from app.mail.models import MailOriginal
from app.mail.parsing import ParsedMail
from app.texts import gettext as _
from app.tickets.models import Message

# Images that came along stand in the page itself; a mail of pictures only is a mail of documents.
MOST_INLINE_BYTES: Final = 4_000_000


@dataclass(frozen=True)
class Beside:
    """What there is beside a message, without the texts themselves."""

    has_quoted: bool
    has_html: bool
    remote_images: int


def keep(session: Session, message: Message, mail: ParsedMail, inline: dict[str, str]) -> None:
    """Keep what a message leaves out of its mail; nothing when it leaves nothing out.

    Args:
        inline: the public key of the document that each content id of the HTML means.
    """
    if not (mail.quoted.strip() or mail.page):
        return
    session.add(
        MailOriginal(
            message_id=message.id,
            quoted=mail.quoted,
            html=mail.page,
            has_quoted=bool(mail.quoted.strip()),
            has_html=mail.page is not None,
            remote_images=mail.remote_images,
            inline=inline,
        )
    )
    session.flush()


def beside(session: Session, message_ids: Sequence[int]) -> dict[int, Beside]:
    """What there is beside messages, in one query; messages without anything are left out."""
    if not message_ids:
        return {}
    columns = (
        MailOriginal.message_id, MailOriginal.has_quoted, MailOriginal.has_html, MailOriginal.remote_images,
    )  # fmt: skip
    found = session.execute(select(*columns).where(MailOriginal.message_id.in_(message_ids)))
    return {message_id: Beside(quoted, html, images) for message_id, quoted, html, images in found}


def of(session: Session, message: Message) -> MailOriginal:
    """What was kept beside a message.

    Raises:
        NotFound: nothing was.
    """
    found = select(MailOriginal).where(MailOriginal.message_id == message.id)
    original = session.scalar(found.options(undefer(MailOriginal.quoted), undefer(MailOriginal.html)))
    if original is None:
        raise NotFound(_("There is nothing more to this message."))
    return original


def shown_html(session: Session, original: MailOriginal, *, remote_images: bool) -> str:
    """The HTML of a mail for a frame without rights, with the images that came along in it.

    Args:
        remote_images: leave the addresses of images on other servers in it; somebody asked for them.
    """
    page = original.html or ""
    if not remote_images:
        page = without_remote_images(page)
    sources = _inline_sources(session, original)
    return with_inline_images(page, lambda content_id: sources.get(content_id, ""))


def _inline_sources(session: Session, original: MailOriginal) -> dict[str, str]:
    """The `data:` addresses of the images that came along, within a bound."""
    if not original.inline:
        return {}
    found = select(Document).where(Document.uuid.in_(original.inline.values()), documents.PRESENT)
    by_uuid = {document.uuid: document for document in session.scalars(found)}
    sources: dict[str, str] = {}
    room = MOST_INLINE_BYTES
    for content_id, uuid in original.inline.items():
        document = by_uuid.get(uuid)
        if document is None or document.size > room:
            continue
        with documents.open_content(document) as content:
            shown = preview_of(document, content)
            if shown is None or shown.kind != "image":
                continue
            room -= document.size
            sources[content_id] = f"data:{shown.content_type};base64,{base64.b64encode(content.read()).decode()}"
    return sources
