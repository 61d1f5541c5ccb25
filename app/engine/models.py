"""The engine's tables: definitions, instances and what is projected from them.

People are plain integers here: the engine knows no person.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model, UTCDateTime, one_of
from app.engine.subject import Subject

# Between the keys of the teams in the name of their set, and how long such a name may be.
TEAM_SEPARATOR = "|"
LONGEST_SET = 400


class Origin(StrEnum):
    """Where a definition came from."""

    SHIPPED = "shipped"
    EDITED = "edited"


class FileKind(StrEnum):
    """What a file of a definition holds."""

    BPMN = "bpmn"
    DMN = "dmn"
    FORM = "form"


class InstanceState(StrEnum):
    """How far an instance is."""

    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    STALLED = "stalled"


class TaskState(StrEnum):
    """How far a user task is."""

    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Parked(StrEnum):
    """Why a timer is not offered, however long it is due."""

    STALLED = "stalled"
    SUSPENDED = "suspended"


class MessageState(StrEnum):
    """What became of a message that came early."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    EXPIRED = "expired"


class ProcessDefinition(Model):
    """One immutable version of a process, with every file it reaches."""

    __tablename__ = "process_definition"
    __table_args__ = (
        UniqueConstraint("key", "version"),
        CheckConstraint(one_of("origin", Origin), name="origin_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(100))
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    content_hash: Mapped[str] = mapped_column(String(64))
    origin: Mapped[str] = mapped_column(String(10))
    # The compact state refers to task specs by their place in these lists: {process id: [task spec name, …]}.
    spec_names: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    deployed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    deployed_by_id: Mapped[int | None]

    files: Mapped[list[DefinitionFile]] = relationship(
        back_populates="definition", order_by="DefinitionFile.name", cascade="all, delete-orphan"
    )


class DefinitionFile(Model):
    """A diagram, a decision table or a form, as it was when the version was deployed."""

    __tablename__ = "definition_file"
    __table_args__ = (
        UniqueConstraint("definition_id", "name"),
        CheckConstraint(one_of("kind", FileKind), name="kind_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    definition_id: Mapped[int] = mapped_column(ForeignKey("process_definition.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(200))
    content: Mapped[str] = mapped_column(Text)

    definition: Mapped[ProcessDefinition] = relationship(back_populates="files")


class ProcessInstance(Model):
    """One run of a definition for one subject. `blob` is its state, readable by `engine.state` only."""

    __tablename__ = "process_instance"
    __table_args__ = (
        CheckConstraint(one_of("state", InstanceState), name="state_known"),
        Index("ix_process_instance_subject", "subject_kind", "subject_id"),
        # Lists are read by when the instances began: of all, of a state, of the versions of a process.
        Index("ix_process_instance_started", "started_at", "id", "definition_id"),
        Index("ix_process_instance_state", "state", "started_at", "id"),
        Index("ix_process_instance_definition", "definition_id", "started_at", "id"),
        Index("ix_process_instance_definition_state", "definition_id", "state", "started_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    definition_id: Mapped[int] = mapped_column(ForeignKey("process_definition.id"))
    subject_kind: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default=InstanceState.RUNNING.value)
    blob: Mapped[bytes | None] = mapped_column(LargeBinary)
    state_format: Mapped[int] = mapped_column(default=1)
    lock_version: Mapped[int] = mapped_column(default=1)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    started_by_id: Mapped[int | None]
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    end_reason: Mapped[str | None] = mapped_column(Text)
    stalled_element: Mapped[str | None] = mapped_column(String(200))
    stalled_reason: Mapped[str | None] = mapped_column(Text)
    stalled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # The steps that failed and that a retry runs again: {"steps": [{"kind": "message", "data": {…}, "by_id": …}]}.
    pending_step: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    attempts: Mapped[int] = mapped_column(default=0)
    # Somebody holds it: it takes no step before it is resumed. Its state stays what it was.
    suspended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    suspended_by_id: Mapped[int | None]
    suspended_reason: Mapped[str | None] = mapped_column(Text)

    definition: Mapped[ProcessDefinition] = relationship()

    __mapper_args__ = {"version_id_col": lock_version}

    @property
    def subject(self) -> Subject:
        """What the instance is about."""
        return Subject(self.subject_kind, self.subject_id)


class UserTask(Model):
    """A step that waits for a person; kept after it ended, with who and when."""

    __tablename__ = "user_task"
    __table_args__ = (
        UniqueConstraint("instance_id", "task_id"),
        CheckConstraint(one_of("state", TaskState), name="state_known"),
        Index("ix_user_task_subject", "subject_kind", "subject_id", "state"),
        Index("ix_user_task_assignee", "assignee_id", "state"),
        # No index begins with the state: SQLite would take it for anything about open tasks, and go through them all.
        Index("ix_user_task_team_set", "team_set", "state", "candidate_role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True, default=lambda: str(uuid.uuid4()))
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id"))
    task_id: Mapped[str] = mapped_column(String(32))
    element: Mapped[str] = mapped_column(String(200))
    name: Mapped[dict[str, str]] = mapped_column(JSON)
    form: Mapped[str | None] = mapped_column(String(200))
    variable: Mapped[str | None] = mapped_column(String(100))
    subject_kind: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[int]
    assignee_id: Mapped[int | None]
    # What the diagram's `assignee` gave last: a refresh changes the assignee only when this changes, so claims last.
    offered_to_id: Mapped[int | None]
    candidate_role: Mapped[str | None] = mapped_column(String(30))
    # The teams whose members may take it, as `team_sets` names such a set; empty when it is for no team in particular.
    team_set: Mapped[str] = mapped_column(String(LONGEST_SET), default="", server_default="")
    excluded_person_id: Mapped[int | None]
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    customer_step: Mapped[dict[str, str] | None] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10), default=TaskState.OPEN.value)
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    completed_by_id: Mapped[int | None]
    outcome: Mapped[str | None] = mapped_column(String(100))

    instance: Mapped[ProcessInstance] = relationship()

    @property
    def subject(self) -> Subject:
        """What the task is about."""
        return Subject(self.subject_kind, self.subject_id)

    @property
    def team_keys(self) -> list[str]:
        """The keys of the teams whose members may take the task, in their order."""
        return self.team_set.split(TEAM_SEPARATOR) if self.team_set else []


class TeamSet(Model):
    """A team of a set of teams that tasks are or were for; `team_sets` writes them."""

    __tablename__ = "team_set"

    name: Mapped[str] = mapped_column(String(LONGEST_SET), primary_key=True)
    team_key: Mapped[str] = mapped_column(String(LONGEST_SET), primary_key=True, index=True)


class Timer(Model):
    """A waiting timer event of an instance; the clock offers it when it is due."""

    __tablename__ = "timer"
    # An event gateway is one task that waits for several timers.
    __table_args__ = (
        UniqueConstraint("instance_id", "task_id", "element"),
        # What the clock looks for, in its order. Parked ones are not in there, so they cost a look nothing.
        Index(
            "ix_timer_claim",
            "due_at",
            "id",
            "lease_until",
            sqlite_where=text("parked IS NULL"),
            postgresql_where=text("parked IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id"))
    task_id: Mapped[str] = mapped_column(String(32))
    element: Mapped[str] = mapped_column(String(200))
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Real time, not desk time: moving the desk's clock must not end a worker's lease.
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    # A `Parked`: it waits for a person, who retries its step or resumes its instance.
    parked: Mapped[str | None] = mapped_column(String(10))


class MessageWait(Model):
    """A place where an instance waits for a message about its subject."""

    __tablename__ = "message_wait"
    __table_args__ = (
        UniqueConstraint("instance_id", "task_id", "name"),
        Index("ix_message_wait_subject", "name", "subject_kind", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id"))
    task_id: Mapped[str] = mapped_column(String(32))
    element: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(100))
    subject_kind: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[int]
    # What the diagram's `correlation` gave when the wait began; None takes a message with any key or none.
    key: Mapped[str | None] = mapped_column(String(200))


class EarlyMessage(Model):
    """A message that came when nothing waited for it, and what became of it."""

    __tablename__ = "early_message"
    __table_args__ = (
        CheckConstraint(one_of("state", MessageState), name="state_known"),
        Index("ix_early_message_subject", "subject_kind", "subject_id", "state"),
        Index("ix_early_message_expiry", "state", "expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    subject_kind: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[int]
    key: Mapped[str | None] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10), default=MessageState.WAITING.value)
    # Set where an instance already waited but was suspended: it is kept for that one.
    held_for_id: Mapped[int | None] = mapped_column(ForeignKey("process_instance.id"), index=True)
    sent_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # None: until the instance it is held for goes on or ends.
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    delivered_to_id: Mapped[int | None] = mapped_column(ForeignKey("process_instance.id"), index=True)


class HistoryEntry(Model):
    """One passage of an instance through one element; `left_at` is None while it waits there."""

    __tablename__ = "history_entry"
    __table_args__ = (
        Index("ix_history_entry_instance", "instance_id", "id"),
        # A step closes the few passages that are open, among thousands after a year.
        Index(
            "ix_history_entry_open",
            "instance_id",
            "task_id",
            sqlite_where=text("left_at IS NULL"),
            postgresql_where=text("left_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id"))
    task_id: Mapped[str] = mapped_column(String(32))
    element: Mapped[str] = mapped_column(String(200))
    element_type: Mapped[str] = mapped_column(String(60))
    name: Mapped[str | None] = mapped_column(String(200))
    entered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    actor_id: Mapped[int | None]
    outcome: Mapped[str | None] = mapped_column(String(100))
    note: Mapped[str | None] = mapped_column(Text)
