"""What people were told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, UTCDateTime


class Notification(Model):
    """One thing one person was told; the mail that went with it is an `OutgoingMail`."""

    __tablename__ = "notification"
    __table_args__ = (
        # The list asks for a person's newest, the guard against doubled steps for a step.
        Index("ix_notification_person_id_id", "person_id", "id"),
        # Every page asks how many are unread, and must not read through those that were read.
        Index("ix_notification_person_id_read_at", "person_id", "read_at"),
        Index("ix_notification_step_person_id", "step", "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    # The template's name: response_soon, work_rejected…
    kind: Mapped[str] = mapped_column(String(40))
    # In each language of the desk, because its reader may read it in another than they were told in.
    titles: Mapped[dict[str, str]] = mapped_column(JSON)
    # Where it leads on the desk, such as /tickets/S-10482.
    link: Mapped[str] = mapped_column(String(300), default="")
    # What caused it, such as "12:tell_team" (instance and element); empty when no process did.
    step: Mapped[str] = mapped_column(String(200), default="")
    # Whether it stands behind the bell; a notice that somebody wants by mail only is kept so that no step repeats it.
    in_bell: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
