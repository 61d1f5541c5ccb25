"""The table of documents. The bytes lie beside the database, named by their SHA-256."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, UTCDateTime


class ParentKind(StrEnum):
    """What a document hangs on."""

    TICKET = "ticket"
    MESSAGE = "message"
    WORK_ENTRY = "work_entry"


class Document(Model):
    """One file of a ticket. Its address is a random UUID; who may read it follows from its parent."""

    __tablename__ = "document"
    __table_args__ = (
        CheckConstraint("parent_kind IN ('ticket', 'message', 'work_entry')", name="parent_kind_known"),
        CheckConstraint("size >= 0", name="size_positive"),
        Index("ix_document_parent", "parent_kind", "parent_id"),
        Index("ix_document_ticket", "ticket_id"),
        Index("ix_document_sha256", "sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True, default=lambda: str(uuid.uuid4()))
    parent_kind: Mapped[str] = mapped_column(String(12))
    parent_id: Mapped[int]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    name: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # A document that was taken off is shown to nobody and can be put back; its bytes stay.
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    removed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
