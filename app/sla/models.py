"""The tables of service levels: calendars, clocks and what happened to each clock."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model, UTCDateTime, one_of


class ClockKind(StrEnum):
    """What a clock measures."""

    RESPONSE = "response"
    RESOLUTION = "resolution"


class ClockState(StrEnum):
    """Whether a clock counts, and if not, why."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    STOPPED = "stopped"


class EntryKind(StrEnum):
    """What may happen to a clock."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    MEET = "meet"
    RETARGET = "retarget"
    BREACH = "breach"


LIVE = (ClockState.RUNNING, ClockState.PAUSED)


class Calendar(Model):
    """When a team works: hours by weekday in a zone, public holidays, and single days that differ."""

    __tablename__ = "calendar"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    zone: Mapped[str] = mapped_column(String(60))
    # {"mon": [["09:00", "18:00"]], …}; a weekday that is missing is closed; a day may end at "24:00".
    hours: Mapped[dict[str, list[list[str]]]] = mapped_column(JSON)
    # ISO 3166 country whose public holidays are closed; empty for none.
    holidays_country: Mapped[str] = mapped_column(String(10), default="")
    # {"2026-12-24": {"name": "Company day off", "hours": []}}: a day that differs from its weekday.
    extra: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class SlaClock(Model):
    """One deadline of a ticket.

    Everything but its identity is derived from its entries (`sla.clocks.reckon`) and kept here so that lists and
    timers need no history.
    """

    __tablename__ = "sla_clock"
    __table_args__ = (
        CheckConstraint(one_of("kind", ClockKind), name="kind_known"),
        CheckConstraint(one_of("state", ClockState), name="state_known"),
        CheckConstraint("target_minutes > 0", name="target_positive"),
        CheckConstraint("warn_percent BETWEEN 1 AND 100", name="warn_percent_sane"),
        # Also finds which clock of a ticket comes due first.
        Index("ix_sla_clock_ticket", "ticket_id", "state", "due_at"),
        Index("ix_sla_clock_due", "state", "due_at"),
        # Kept and missed deadlines are counted by week: for the desk, for a team, for a customer.
        Index("ix_sla_clock_decided", "kind", "is_kept", "decided_at", "id"),
        Index("ix_sla_clock_team_decided", "decided_team_id", "kind", "is_kept", "decided_at", "id"),
        Index("ix_sla_clock_customer_decided", "decided_customer_id", "kind", "is_kept", "decided_at", "id"),
        # One live clock of a kind per ticket, whoever starts a second one at the same moment.
        Index(
            "uq_sla_clock_live",
            "ticket_id",
            "kind",
            unique=True,
            sqlite_where=text("state IN ('running', 'paused')"),
            postgresql_where=text("state IN ('running', 'paused')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[str] = mapped_column(String(12))
    target_minutes: Mapped[int]
    warn_percent: Mapped[int]
    calendar_key: Mapped[str] = mapped_column(String(60))
    rule: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10))
    # Working seconds counted up to the last entry; a running clock adds what passed since `running_since`.
    counted_seconds: Mapped[int] = mapped_column(default=0)
    running_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    warn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    met_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    breached_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Whether the deadline was kept, once that is known, and when that was decided: when the clock was met in time, or
    # when the allowance was used up. It counts for the team and the customer that had the ticket then.
    is_kept: Mapped[bool | None]
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    decided_customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    lock_version: Mapped[int] = mapped_column(default=1)

    entries: Mapped[list[ClockEntry]] = relationship(back_populates="clock", order_by="ClockEntry.id")

    __mapper_args__ = {"version_id_col": lock_version}

    @property
    def is_live(self) -> bool:
        """Whether the clock may still come due."""
        return self.state in LIVE


class ClockEntry(Model):
    """One thing that happened to a clock; append only. `at` is in whole seconds."""

    __tablename__ = "clock_entry"
    __table_args__ = (
        CheckConstraint(one_of("kind", EntryKind), name="kind_known"),
        Index("ix_clock_entry_clock", "clock_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey("sla_clock.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    kind: Mapped[str] = mapped_column(String(10))
    # The target that holds from here on; only a start or a retarget has one.
    target_minutes: Mapped[int | None]
    warn_percent: Mapped[int | None]
    calendar_key: Mapped[str | None] = mapped_column(String(60))
    rule: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(Text)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    clock: Mapped[SlaClock] = relationship(back_populates="entries")
