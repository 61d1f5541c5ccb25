"""The ticket list: words to search by, tags, saved views, and what was done to many at once."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

from app.db import UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

AT_ONCE = 200
MOST_CHARACTERS = 300_000
LONGEST_WORD = 40
LETTERS = str.maketrans({"đ": "d", "ð": "d", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})


def upgrade() -> None:
    op.create_table(
        "ticket_words",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name="fk_ticket_words_ticket_id_ticket", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_ticket_words"),
    )
    _make_index()
    op.create_table(
        "tag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tag"),
        sa.UniqueConstraint("key", name="uq_tag_key"),
    )
    op.create_table(
        "ticket_tag",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name="fk_ticket_tag_tag_id_tag", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name="fk_ticket_tag_ticket_id_ticket", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_id", "tag_id", name="pk_ticket_tag"),
    )
    op.create_index("ix_ticket_tag_tag_id", "ticket_tag", ["tag_id"])
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("audience", sa.String(length=10), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("audience IN ('own', 'team', 'everybody')", name="ck_saved_view_audience_known"),
        sa.CheckConstraint("(audience = 'team') = (team_id IS NOT NULL)", name="ck_saved_view_team_named"),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name="fk_saved_view_owner_id_person", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_saved_view_team_id_team", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
    )
    op.create_index("ix_saved_view_owner_id", "saved_view", ["owner_id"])
    op.create_index("ix_saved_view_team_id", "saved_view", ["team_id"])
    op.create_table(
        "default_view",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("view_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_default_view_person_id_person", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["view_id"], ["saved_view.id"], name="fk_default_view_view_id_saved_view", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_default_view"),
    )
    op.create_index("ix_default_view_view_id", "default_view", ["view_id"])
    op.create_table(
        "bulk_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("results", sa.JSON(), nullable=False),
        sa.Column("undone_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_bulk_change_by_id_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_change"),
    )
    op.create_index("ix_bulk_change_by_id_made_at", "bulk_change", ["by_id", "made_at"])
    # Orders that are read group by group.
    op.create_index("ix_ticket_priority_updated", "ticket", ["priority", "updated_at", "id"])
    _fill_words(op.get_bind())


def _make_index() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE INDEX ix_ticket_words_words ON ticket_words "
            "USING gin ((array_to_tsvector(string_to_array(words, ' '))))"
        )
        return
    forget = (
        "INSERT INTO ticket_words_index(ticket_words_index, rowid, words) VALUES ('delete', old.ticket_id, old.words)"
    )
    learn = "INSERT INTO ticket_words_index(rowid, words) VALUES (new.ticket_id, new.words)"
    op.execute(
        "CREATE VIRTUAL TABLE ticket_words_index USING fts5("
        "words, content='ticket_words', content_rowid='ticket_id', tokenize='unicode61', prefix='2 3')"
    )
    op.execute(f"CREATE TRIGGER ticket_words_added AFTER INSERT ON ticket_words BEGIN {learn}; END")
    op.execute(f"CREATE TRIGGER ticket_words_removed AFTER DELETE ON ticket_words BEGIN {forget}; END")
    op.execute(f"CREATE TRIGGER ticket_words_changed AFTER UPDATE ON ticket_words BEGIN {forget}; {learn}; END")


def _fill_words(connection: sa.Connection) -> None:
    """Tickets that are there already are found by their words too."""
    tickets = sa.text(
        "SELECT t.id, t.number, t.subject, p.name, p.email, c.name FROM ticket t "
        "JOIN person p ON p.id = t.requester_id JOIN customer c ON c.id = t.customer_id "
        "WHERE t.id > :after ORDER BY t.id LIMIT :most"
    )
    messages = sa.text("SELECT text FROM message WHERE ticket_id = :ticket AND kind <> 'system' ORDER BY id")
    insert = sa.text("INSERT INTO ticket_words (ticket_id, words) VALUES (:ticket_id, :words)")
    after = 0
    while rows := connection.execute(tickets, {"after": after, "most": AT_ONCE}).all():
        values = []
        for ticket_id, number, *said in rows:
            texts = connection.scalars(messages, {"ticket": ticket_id}).all()
            words = _words("\n".join([number, number.replace("-", ""), *said, *texts]))
            values.append({"ticket_id": ticket_id, "words": words})
        connection.execute(insert, values)
        after = rows[-1][0]


def _words(text: str) -> str:
    """As `tickets/search.py` did when this was written."""
    letters = (each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    folded = "".join(letters).casefold().translate(LETTERS)
    folded = "".join(each for each in folded if not unicodedata.combining(each))
    words = " ".join(dict.fromkeys(each[:LONGEST_WORD] for each in re.findall(r"[^\W_]+", folded)))
    return words if len(words) <= MOST_CHARACTERS else words[:MOST_CHARACTERS].rpartition(" ")[0]
