"""The tables of moves: what was asked for, and what became of each instance."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model, UTCDateTime, one_of
from app.engine.models import ProcessDefinition


class MoveState(StrEnum):
    """How far a move is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ResultState(StrEnum):
    """What became of one instance of a move."""

    WAITING = "waiting"
    MOVED = "moved"
    LEFT = "left"
    FAILED = "failed"


class InstanceMove(Model):
    """Instances of one version that are to run on another one from now on."""

    __tablename__ = "instance_move"
    __table_args__ = (
        CheckConstraint(one_of("state", MoveState), name="state_known"),
        Index("ix_instance_move_state", "state", "lease_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    from_definition_id: Mapped[int] = mapped_column(ForeignKey("process_definition.id"))
    to_definition_id: Mapped[int] = mapped_column(ForeignKey("process_definition.id"))
    # What differs from the automatic plan: {old element: new element | null}.
    mapping: Mapped[dict[str, str | None]] = mapped_column(JSON)
    # Whether deadlines whose expression changed are calculated anew.
    rearm: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10), default=MoveState.RUNNING.value)
    total: Mapped[int] = mapped_column(default=0)
    # How often a worker took it up since an instance was last moved.
    attempts: Mapped[int] = mapped_column(default=0)
    # Real time, not desk time: moving the desk's clock must not end a worker's lease.
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    by_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    from_definition: Mapped[ProcessDefinition] = relationship(foreign_keys=[from_definition_id])
    to_definition: Mapped[ProcessDefinition] = relationship(foreign_keys=[to_definition_id])

    def settings(self) -> dict[str, Any]:
        """What decides how an instance is moved, for `instances.move`."""
        return {"overrides": dict(self.mapping), "rearm": self.rearm, "by_id": self.by_id}


class MoveResult(Model):
    """One instance of a move. A failed one stays on its old version, with the reason."""

    __tablename__ = "move_result"
    __table_args__ = (
        UniqueConstraint("move_id", "instance_id"),
        CheckConstraint(one_of("state", ResultState), name="state_known"),
        Index("ix_move_result_state", "move_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    move_id: Mapped[int] = mapped_column(ForeignKey("instance_move.id", ondelete="CASCADE"))
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id"))
    state: Mapped[str] = mapped_column(String(10), default=ResultState.WAITING.value)
    element: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
