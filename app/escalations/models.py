"""The table of escalations."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, UTCDateTime, one_of


class EscalationKind(StrEnum):
    """Who wanted it: a person, or a deadline that passed."""

    ASKED = "asked"
    OVERDUE = "overdue"


class EscalationState(StrEnum):
    """How far an escalation is."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"


OPEN = (EscalationState.ASKED, EscalationState.APPROVED)


class Escalation(Model):
    """One request to hand a ticket to another team or consultant, and how it ended."""

    __tablename__ = "escalation"
    __table_args__ = (
        CheckConstraint(one_of("kind", EscalationKind), name="kind_known"),
        CheckConstraint(one_of("state", EscalationState), name="state_known"),
        Index("ix_escalation_ticket", "ticket_id"),
        # One open escalation per ticket, whoever asks at the same moment.
        Index(
            "uq_escalation_open",
            "ticket_id",
            unique=True,
            sqlite_where=text("state IN ('asked', 'approved')"),
            postgresql_where=text("state IN ('asked', 'approved')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    skill: Mapped[str | None] = mapped_column(String(60))
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    from_team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    from_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    to_team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    to_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(10), default=EscalationState.ASKED.value)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decision_reason: Mapped[str | None] = mapped_column(Text)
    accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    lock_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": lock_version}

    @property
    def is_open(self) -> bool:
        """Whether the escalation still waits for a decision or an acceptance."""
        return self.state in OPEN
