"""What customers typed and have not sent yet."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model, UTCDateTime

# The draft of a new request; that of a message is called after its ticket.
NEW = "new"


class RequestDraft(Model):
    """One person's unsent text: of a new request, or of a message on one. There is one for each place."""

    __tablename__ = "request_draft"
    __table_args__ = (UniqueConstraint("person_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    place: Mapped[str] = mapped_column(String(40))
    # As the browser sent it: texts and lists of texts by the name of their field.
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)

    files: Mapped[list[DraftFile]] = relationship(
        order_by="DraftFile.id", cascade="all, delete-orphan", passive_deletes=True
    )


class DraftFile(Model):
    """A file that came with a form which had to be looked at again: nobody has to choose it twice."""

    __tablename__ = "draft_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("request_draft.id", ondelete="CASCADE"), index=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True, default=lambda: str(uuid.uuid4()))
    name: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
