"""The tables of tickets, their conversation and links, unsent notes, and the lists of states and types."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.contracts.models import Contract, Customer
from app.db import Model, UTCDateTime, one_of
from app.engine.subject import Subject
from app.people.models import Language, Person, Team

DEFAULT_PROCESS = "ticket_lifecycle"


class Category(StrEnum):
    """What a state means for the clocks."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"


class State(StrEnum):
    """The keys of the states every desk has; more may be added to the list."""

    NEW = "new"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    WAITING_CUSTOMER = "waiting_customer"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Priority(StrEnum):
    """How urgent a request is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Channel(StrEnum):
    """The way a request or a message came."""

    EMAIL = "email"
    PORTAL = "portal"
    PHONE = "phone"
    CHAT = "chat"
    DIRECT = "direct"
    API = "api"
    RECURRING = "recurring"


class MessageKind(StrEnum):
    """Who speaks: the customer, the desk to the customer, the desk to itself, or the desk about what happened."""

    CUSTOMER = "customer"
    REPLY = "reply"
    NOTE = "note"
    SYSTEM = "system"


class TicketState(Model):
    """A state a ticket can be in. `labels` and its likes hold a text per language."""

    __tablename__ = "ticket_state"
    __table_args__ = (CheckConstraint(one_of("category", Category), name="category_known"),)

    key: Mapped[str] = mapped_column(String(30), primary_key=True)
    category: Mapped[str] = mapped_column(String(10))
    labels: Mapped[dict[str, str]] = mapped_column(JSON)
    # One that is switched off is offered nowhere; requests that are in it stay there.
    is_active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)


class RequestType(Model):
    """A kind of request: which process it runs and what it starts with."""

    __tablename__ = "request_type"
    __table_args__ = (CheckConstraint(one_of("default_priority", Priority), name="default_priority_known"),)

    key: Mapped[str] = mapped_column(String(30), primary_key=True)
    labels: Mapped[dict[str, str]] = mapped_column(JSON)
    # What customers read under its name when they choose.
    descriptions: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    process_key: Mapped[str] = mapped_column(String(100), default=DEFAULT_PROCESS)
    default_priority: Mapped[str] = mapped_column(String(10), default=Priority.NORMAL)
    default_team_key: Mapped[str | None] = mapped_column(String(50))
    estimated_minutes: Mapped[int | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)


class Ticket(Model):
    """A customer's request. Where it stands is changed by `app.tickets.service` only."""

    __tablename__ = "ticket"
    __table_args__ = (
        CheckConstraint(one_of("priority", Priority), name="priority_known"),
        CheckConstraint(one_of("channel", Channel), name="channel_known"),
        CheckConstraint(one_of("language", Language), name="language_known"),
        # Lists are read newest change first, for a customer, a team, an agent or a state; the id settles equal moments.
        Index("ix_ticket_updated", "updated_at", "id"),
        Index("ix_ticket_customer_updated", "customer_id", "updated_at", "id"),
        Index("ix_ticket_team_updated", "team_id", "updated_at", "id"),
        Index("ix_ticket_assignee_updated", "assignee_id", "updated_at", "id"),
        # How much somebody has on their hands, and how much nobody has, is counted on many pages.
        Index("ix_ticket_assignee_state", "assignee_id", "state_key"),
        # Whose contracts a team works on.
        Index("ix_ticket_contract_team", "contract_id", "team_id"),
        Index("ix_ticket_state_updated", "state_key", "updated_at", "id"),
        Index("ix_ticket_requester_updated", "requester_id", "updated_at", "id"),
        Index("ix_ticket_priority_updated", "priority", "updated_at", "id"),
        # Numbers are made from ids, and SQLite gives the id of a deleted last row again unless told not to.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    subject: Mapped[str] = mapped_column(String(300))
    type_key: Mapped[str] = mapped_column(ForeignKey("request_type.key"))
    priority: Mapped[str] = mapped_column(String(10), default=Priority.NORMAL)
    state_key: Mapped[str] = mapped_column(ForeignKey("ticket_state.key"), default=State.NEW)
    channel: Mapped[str] = mapped_column(String(10))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    requester_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("contract.id"))
    language: Mapped[str] = mapped_column(String(2))
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    first_replied_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Since when nobody in particular has had it; None while somebody does, and once it is resolved.
    unassigned_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    reopened_count: Mapped[int] = mapped_column(default=0)
    previous_ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    # What the search box looks through: lower case, without diacritics (see `tickets/search.py`).
    search_text: Mapped[str] = mapped_column(Text, default="")
    lock_version: Mapped[int] = mapped_column(default=1)

    state: Mapped[TicketState] = relationship()
    type: Mapped[RequestType] = relationship()
    customer: Mapped[Customer] = relationship()
    requester: Mapped[Person] = relationship(foreign_keys=[requester_id])
    team: Mapped[Team | None] = relationship()
    assignee: Mapped[Person | None] = relationship(foreign_keys=[assignee_id])
    contract: Mapped[Contract | None] = relationship()
    previous_ticket: Mapped[Ticket | None] = relationship(remote_side="Ticket.id")

    __mapper_args__ = {"version_id_col": lock_version}

    @property
    def category(self) -> Category:
        """What the ticket's state means: new, open, pending, resolved or closed."""
        return Category(self.state.category)

    @property
    def is_closed(self) -> bool:
        """Whether the ticket is closed or cancelled."""
        return self.category is Category.CLOSED

    @property
    def is_resolved(self) -> bool:
        """Whether the work on the ticket is over: resolved, closed or cancelled."""
        return self.category in (Category.RESOLVED, Category.CLOSED)

    @property
    def process_subject(self) -> Subject:
        """What the engine calls this ticket."""
        return Subject("ticket", self.id)

    def __repr__(self) -> str:
        return f"<Ticket {self.number}>"


class Message(Model):
    """One piece of a ticket's conversation; what customers may never read is never public."""

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint(one_of("kind", MessageKind), name="kind_known"),
        CheckConstraint(one_of("channel", Channel), name="channel_known"),
        CheckConstraint("kind != 'note' OR NOT is_public", name="notes_stay_inside"),
        Index("ix_message_ticket", "ticket_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True, default=lambda: str(uuid.uuid4()))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[str] = mapped_column(String(10))
    channel: Mapped[str] = mapped_column(String(10))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    is_public: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)
    # Cleaned before it comes here; None when the message is plain text.
    html: Mapped[str | None] = mapped_column(Text)
    # A system line keeps its key and values, so that each reader gets it in their language (`tickets/lines.py`).
    line_key: Mapped[str | None] = mapped_column(String(50))
    line_values: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    sent_at: Mapped[datetime] = mapped_column(UTCDateTime)
    mail_message_id: Mapped[str | None] = mapped_column(String(998), index=True)

    ticket: Mapped[Ticket] = relationship()
    author: Mapped[Person | None] = relationship()


class TicketDetail(Model):
    """One answer of the form that a request came with, in words: `label` and `value` hold a text per language."""

    __tablename__ = "ticket_detail"
    __table_args__ = (Index("ix_ticket_detail_ticket", "ticket_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"))
    position: Mapped[int]
    # What the field is called in the form, for programs: "affected".
    key: Mapped[str] = mapped_column(String(64))
    label: Mapped[dict[str, str]] = mapped_column(JSON)
    value: Mapped[dict[str, str]] = mapped_column(JSON)


class TicketRating(Model):
    """How content the customer was with a request, from 1 (very poor) to 5 (very good); one for each ticket."""

    __tablename__ = "ticket_rating"
    __table_args__ = (
        CheckConstraint("score BETWEEN 1 AND 5", name="score_range"),
        Index("ix_ticket_rating_rated_at", "rated_at"),
    )

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    score: Mapped[int]
    comment: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    rated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    by: Mapped[Person] = relationship()


class Participant(Model):
    """Somebody besides the requester who is kept in the conversation by mail."""

    __tablename__ = "participant"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)

    ticket: Mapped[Ticket] = relationship()
    person: Mapped[Person] = relationship()


class NoteDraft(Model):
    """One person's unsent internal note on one ticket."""

    __tablename__ = "note_draft"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True, index=True)
    text: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)


class TicketLink(Model):
    """Two tickets that somebody said go together; the older one is named first, so that a pair is one row."""

    __tablename__ = "ticket_link"
    __table_args__ = (CheckConstraint("older_id < newer_id", name="older_first"),)

    older_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    newer_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True, index=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)


class TakenDownDraft(Model):
    """A request that somebody is taking down and has not opened yet; everybody has one at most."""

    __tablename__ = "taken_down_draft"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    # As the browser sent it: texts by field.
    values: Mapped[dict[str, str]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)
