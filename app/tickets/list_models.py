"""The tables of the ticket list: words to search by, tags, saved views, and what was done to many at once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import DDL, JSON, CheckConstraint, ForeignKey, Index, String, Text, event
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.schema import ExecutableDDLElement

from app.db import Model, UTCDateTime, one_of
from app.people.models import Person, Team

# SQLite's full-text index over `ticket_words`, kept by triggers in the transaction that writes the words.
_FORGET: Final = (
    "INSERT INTO ticket_words_index(ticket_words_index, rowid, words) VALUES ('delete', old.ticket_id, old.words)"
)
_LEARN: Final = "INSERT INTO ticket_words_index(rowid, words) VALUES (new.ticket_id, new.words)"
_OPTIONS: Final = "words, content='ticket_words', content_rowid='ticket_id', tokenize='unicode61', prefix='2 3'"
SQLITE_INDEX: Final = (
    f"CREATE VIRTUAL TABLE ticket_words_index USING fts5({_OPTIONS})",
    f"CREATE TRIGGER ticket_words_added AFTER INSERT ON ticket_words BEGIN {_LEARN}; END",
    f"CREATE TRIGGER ticket_words_removed AFTER DELETE ON ticket_words BEGIN {_FORGET}; END",
    f"CREATE TRIGGER ticket_words_changed AFTER UPDATE ON ticket_words BEGIN {_FORGET}; {_LEARN}; END",
)
# PostgreSQL's: made from the words as they are, so that no dictionary or parser of the server has a say.
POSTGRESQL_WORDS: Final = "array_to_tsvector(string_to_array(words, ' '))"
POSTGRESQL_INDEX: Final = f"CREATE INDEX ix_ticket_words_words ON ticket_words USING gin (({POSTGRESQL_WORDS}))"


class TicketWords(Model):
    """Every different word of a ticket, without case and diacritics, parted by single spaces; for staff only.

    Notes are in it too, so what customers search is `Ticket.search_text`.
    """

    __tablename__ = "ticket_words"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    words: Mapped[str] = mapped_column(Text)


def _ddl(statement: str, dialect: str) -> ExecutableDDLElement:
    return DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]  # SQLAlchemy's own gap


for _statement in SQLITE_INDEX:
    event.listen(TicketWords.__table__, "after_create", _ddl(_statement, "sqlite"))
event.listen(TicketWords.__table__, "after_create", _ddl(POSTGRESQL_INDEX, "postgresql"))
event.listen(TicketWords.__table__, "after_drop", _ddl("DROP TABLE IF EXISTS ticket_words_index", "sqlite"))


class Tag(Model):
    """A word that staff put on tickets. `key` is the name without case and diacritics: one tag however it is typed."""

    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(40))


class TicketTag(Model):
    """A tag on a ticket."""

    __tablename__ = "ticket_tag"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True, index=True)


class Audience(StrEnum):
    """Who finds a saved view in their list."""

    OWN = "own"
    TEAM = "team"
    EVERYBODY = "everybody"


class SavedView(Model):
    """A list of tickets under a name: its filters, columns and order, as the query of its address."""

    __tablename__ = "saved_view"
    __table_args__ = (
        CheckConstraint(one_of("audience", Audience), name="audience_known"),
        CheckConstraint("(audience = 'team') = (team_id IS NOT NULL)", name="team_named"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    audience: Mapped[str] = mapped_column(String(10), default=Audience.OWN)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    query: Mapped[str] = mapped_column(String(2000))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Deleted views can be brought back for a while.
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    owner: Mapped[Person] = relationship()
    team: Mapped[Team | None] = relationship()


class DefaultView(Model):
    """The view that the list opens with for somebody."""

    __tablename__ = "default_view"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    view_id: Mapped[int] = mapped_column(ForeignKey("saved_view.id", ondelete="CASCADE"), index=True)

    view: Mapped[SavedView] = relationship()


class BulkChange(Model):
    """What somebody did to many tickets at once, with a result for each, so that it can be looked at and undone."""

    __tablename__ = "bulk_change"
    __table_args__ = (Index("ix_bulk_change_by_id_made_at", "by_id", "made_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # The query of the list's address it was done in.
    query: Mapped[str] = mapped_column(String(2000), default="")
    # One object per ticket: number, subject, why it was not changed (or null), and its values before and after.
    results: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # The change that this one took back.
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("bulk_change.id", ondelete="SET NULL"), index=True)
