"""What the screens of tasks keep: unsent answers, saved filters, and what became of many tasks done at once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model, UTCDateTime, one_of


class Draft(Model):
    """One person's unsent answer. Kept by instance and element, so that the same step, opened anew, finds it."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("person_id", "instance_id", "element"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id", ondelete="CASCADE"), index=True)
    element: Mapped[str]
    # As the browser sent it: texts and lists of texts by field key.
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)


class SavedFilter(Model):
    """Filters of My work under a name: whose tasks and which, as the query of the list's address."""

    __tablename__ = "saved_filter"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(2000))
    # My work opens with it; at most one of each person.
    opens_first: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Deleted filters can be brought back for a while.
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Deed(StrEnum):
    """What can be done to many tasks at once."""

    CLAIM = "claim"
    RELEASE = "release"
    APPROVE = "approve"
    RETURN = "return"


class BulkDeed(Model):
    """What somebody did to many tasks at once. Each task has a result of its own, written with what was done to it."""

    __tablename__ = "bulk_deed"
    __table_args__ = (
        CheckConstraint(one_of("deed", Deed), name="deed_known"),
        Index("ix_bulk_deed_by_id_made_at", "by_id", "made_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    deed: Mapped[str] = mapped_column(String(10))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # What was typed for a return: still there when some of it could not be done.
    reason: Mapped[str] = mapped_column(Text, default="")
    # The query of the list's address in which it was done.
    query: Mapped[str] = mapped_column(String(2000), default="")
    # It took back what another one did.
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("bulk_deed.id", ondelete="SET NULL"), index=True)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    results: Mapped[list[BulkResult]] = relationship(
        order_by="BulkResult.id", cascade="all, delete-orphan", passive_deletes=True
    )


class BulkResult(Model):
    """What became of one task: done, or not done and why."""

    __tablename__ = "bulk_result"
    __table_args__ = (UniqueConstraint("deed_id", "task_uuid"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    deed_id: Mapped[int] = mapped_column(ForeignKey("bulk_deed.id", ondelete="CASCADE"))
    task_uuid: Mapped[str] = mapped_column(String(36))
    # Of the request that the task is about; empty when the task is nobody's business here.
    number: Mapped[str] = mapped_column(String(40), default="")
    # Why it was not done, in the reader's language; empty when it was.
    why: Mapped[str] = mapped_column(Text, default="")
    # It can be taken back: it changed something that is whoever did it to change back.
    is_undoable: Mapped[bool] = mapped_column(default=False)
    # Whoever was faster, and when.
    winner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    won_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
