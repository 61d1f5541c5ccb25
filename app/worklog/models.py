"""The tables of work: entries, the values corrections replaced, and timers."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model, UTCDateTime, one_of
from app.tickets.models import Ticket


class WorkKind(StrEnum):
    """Where and how the work was done."""

    REMOTE = "remote"
    ON_SITE = "on_site"
    PHONE = "phone"
    OTHER = "other"


class WorkState(StrEnum):
    """How far a work entry is on its way to being counted."""

    SUBMITTED = "submitted"
    REJECTED = "rejected"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class WorkEntry(Model):
    """What one person did for a ticket on one day. `minutes` are real, `billed_minutes` as the contract rounds them."""

    __tablename__ = "work_entry"
    __table_args__ = (
        CheckConstraint(one_of("kind", WorkKind), name="kind_known"),
        CheckConstraint(one_of("state", WorkState), name="state_known"),
        CheckConstraint("minutes BETWEEN 0 AND 1440", name="minutes_sane"),
        CheckConstraint("travel_minutes BETWEEN 0 AND 1440", name="travel_minutes_sane"),
        CheckConstraint("minutes + travel_minutes > 0", name="not_empty"),
        CheckConstraint("billed_minutes >= 0", name="billed_minutes_positive"),
        CheckConstraint("travel_km >= 0", name="travel_km_positive"),
        Index("ix_work_entry_ticket", "ticket_id", "worked_on"),
        Index("ix_work_entry_author", "author_id", "worked_on"),
        Index("ix_work_entry_state", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    worked_on: Mapped[date] = mapped_column(Date)
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    minutes: Mapped[int]
    billed_minutes: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    billable: Mapped[bool]
    travel_minutes: Mapped[int] = mapped_column(default=0)
    travel_km: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default=WorkState.SUBMITTED.value)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decision_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    lock_version: Mapped[int] = mapped_column(default=1)

    changes: Mapped[list[WorkEntryChange]] = relationship(back_populates="entry", order_by="WorkEntryChange.id")

    __mapper_args__ = {"version_id_col": lock_version}


class WorkEntryChange(Model):
    """A correction of a work entry: who made it and the values it replaced; append only."""

    __tablename__ = "work_entry_change"
    __table_args__ = (Index("ix_work_entry_change_entry", "work_entry_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    work_entry_id: Mapped[int] = mapped_column(ForeignKey("work_entry.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    # The values before the correction, by column: {"minutes": 90, "worked_on": "2026-12-01"}.
    previous: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str | None] = mapped_column(Text)

    entry: Mapped[WorkEntry] = relationship(back_populates="changes")


class WorkTimer(Model):
    """The time somebody is taking for a ticket and has not logged; at most one of a person's timers runs."""

    __tablename__ = "work_timer"
    __table_args__ = (
        UniqueConstraint("person_id", "ticket_id"),
        CheckConstraint("counted_seconds >= 0", name="counted_positive"),
        # Whoever starts two at the same moment has one: the database sees to it.
        Index(
            "uq_work_timer_running",
            "person_id",
            unique=True,
            sqlite_where=text("running_since IS NOT NULL"),
            postgresql_where=text("running_since IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Seconds up to the last pause; a running timer adds what passed since `running_since`.
    counted_seconds: Mapped[int] = mapped_column(default=0)
    running_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)

    ticket: Mapped[Ticket] = relationship()

    @property
    def is_running(self) -> bool:
        """Whether it counts now."""
        return self.running_since is not None
