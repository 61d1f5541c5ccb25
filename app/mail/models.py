"""Every mail the desk took or gave: received ones with their raw bytes, outgoing ones with how far they are."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.db import Model, UTCDateTime, one_of

# Stands for the secret part of a link in what is kept of a mail.
HIDDEN = "only-in-the-mail-itself"


class ReceivedState(StrEnum):
    """How far a received mail is."""

    NEW = "new"
    DONE = "done"
    FAILED = "failed"
    IGNORED = "ignored"


class OutgoingState(StrEnum):
    """How far an outgoing mail is. *Kept*: no SMTP server is set, so it is only shown."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    KEPT = "kept"
    SUPPRESSED = "suppressed"


class OutgoingKind(StrEnum):
    """Who speaks: a person (reply) or the desk by itself (notice)."""

    REPLY = "reply"
    NOTICE = "notice"


class ReceivedMail(Model):
    """One mail as it came to one mailbox. The raw bytes are the record; the rest was read from them."""

    __tablename__ = "received_mail"
    __table_args__ = (
        # The same bytes delivered again are the same mail; a Message-ID alone is the sender's choice.
        UniqueConstraint("mailbox", "sha256"),
        CheckConstraint(one_of("state", ReceivedState), name="received_mail_state_known"),
        Index("ix_received_mail_state_id", "state", "id"),
        Index("ix_received_mail_sender_received_at", "sender", "received_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    mailbox: Mapped[str] = mapped_column(String(254))
    # The SMTP envelope's sender; empty text is the null sender of bounces, None is unknown (a pipe told us nothing).
    envelope_from: Mapped[str | None] = mapped_column(String(320))
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    size: Mapped[int]
    raw: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    sender: Mapped[str] = mapped_column(String(254), default="")
    subject: Mapped[str] = mapped_column(String(500), default="")
    message_id: Mapped[str] = mapped_column(String(500), default="", index=True)
    state: Mapped[str] = mapped_column(String(10), default=ReceivedState.NEW.value)
    reason: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    # Real time: the clock offers it to workers from this moment on (one may be at it, or it failed a moment ago).
    not_before: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # A person said that this automatic mail is a request after all.
    is_accepted: Mapped[bool] = mapped_column(default=False)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    message_id_created: Mapped[int | None] = mapped_column(ForeignKey("message.id"))


class MailOriginal(Model):
    """What a message that came by mail left out: the history it quoted, and how its sender had laid it out."""

    __tablename__ = "mail_original"

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    # What the mail quoted of earlier ones; empty when nothing was cut away.
    quoted: Mapped[str] = deferred(mapped_column(Text, default="", nullable=False))
    # Cleaned, with its looks; images are `cid:` (they came along), `data:` or on somebody's server.
    html: Mapped[str | None] = deferred(mapped_column(Text))
    has_quoted: Mapped[bool] = mapped_column(default=False)
    has_html: Mapped[bool] = mapped_column(default=False)
    # How many images would be fetched from other servers.
    remote_images: Mapped[int] = mapped_column(default=0)
    # Which documents of the message the HTML means: {"logo@example": "<uuid>"}.
    inline: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)


class OutgoingMail(Model):
    """One mail the desk sends. Its Message-ID never changes, so a mail sent twice by a crash is recognisable."""

    __tablename__ = "outgoing_mail"
    __table_args__ = (
        CheckConstraint(one_of("state", OutgoingState), name="outgoing_mail_state_known"),
        CheckConstraint(one_of("kind", OutgoingKind), name="outgoing_mail_kind_known"),
        Index("ix_outgoing_mail_state_next_attempt_at", "state", "next_attempt_at"),
        Index("ix_outgoing_mail_ticket_id_to_address", "ticket_id", "to_address"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # The sentinel: by it the database tells which id each of several rows got that were written at once.
    uuid: Mapped[str] = mapped_column(String(32), unique=True, insert_sentinel=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    # The reply this mail carries; its documents are attached.
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    # It brings its reader a secret: nobody else is shown its text, which is forgotten once it was sent.
    is_confidential: Mapped[bool] = mapped_column(default=False)
    # The link it brings to its reader: `HIDDEN` in the text becomes the link's token when the mail leaves, and only
    # then. No foreign key: links are forgotten, the record of the mail stays.
    sign_in_link_id: Mapped[int | None]
    message_id_header: Mapped[str] = mapped_column(String(300), unique=True)
    # Whoever queues the same thing twice (a retried step) names it the same way and gets the same mail.
    source: Mapped[str | None] = mapped_column(String(200), unique=True)
    to_address: Mapped[str] = mapped_column(String(254))
    to_name: Mapped[str] = mapped_column(String(200), default="")
    # [[name, address], …]
    cc: Mapped[list[Any]] = mapped_column(JSON, default=list)
    subject: Mapped[str] = mapped_column(String(500))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    in_reply_to: Mapped[str | None] = mapped_column(String(500))
    # Message-IDs, oldest first.
    references: Mapped[list[Any]] = mapped_column(JSON, default=list)
    language: Mapped[str] = mapped_column(String(2))
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10), default=OutgoingState.QUEUED.value)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(Text, default="")
    # Real time: when the clock has it tried (again); also the lease of the worker that is trying now.
    next_attempt_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
