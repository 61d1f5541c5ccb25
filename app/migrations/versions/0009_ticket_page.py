"""The ticket page: drafts of notes, linked tickets, timers, originals of mails, documents that were taken off."""

import sqlalchemy as sa
from alembic import op

from app.db import UTCDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "note_draft",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("saved_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_note_draft_person_id_person", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name="fk_note_draft_ticket_id_ticket", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "ticket_id", name="pk_note_draft"),
    )
    op.create_index("ix_note_draft_ticket_id", "note_draft", ["ticket_id"])
    op.create_table(
        "ticket_link",
        sa.Column("older_id", sa.Integer(), nullable=False),
        sa.Column("newer_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("older_id < newer_id", name="ck_ticket_link_older_first"),
        sa.ForeignKeyConstraint(["older_id"], ["ticket.id"], name="fk_ticket_link_older_id_ticket", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["newer_id"], ["ticket.id"], name="fk_ticket_link_newer_id_ticket", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_ticket_link_by_id_person", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("older_id", "newer_id", name="pk_ticket_link"),
    )
    op.create_index("ix_ticket_link_newer_id", "ticket_link", ["newer_id"])
    op.create_table(
        "work_timer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("counted_seconds", sa.Integer(), nullable=False),
        sa.Column("running_since", UTCDateTime(), nullable=True),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("counted_seconds >= 0", name="ck_work_timer_counted_positive"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_work_timer_person_id_person", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name="fk_work_timer_ticket_id_ticket", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_work_timer"),
        sa.UniqueConstraint("person_id", "ticket_id", name="uq_work_timer_person_id_ticket_id"),
    )
    op.create_index("ix_work_timer_ticket_id", "work_timer", ["ticket_id"])
    op.create_index(
        "uq_work_timer_running",
        "work_timer",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("running_since IS NOT NULL"),
        postgresql_where=sa.text("running_since IS NOT NULL"),
    )
    op.create_table(
        "mail_original",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("quoted", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("has_quoted", sa.Boolean(), nullable=False),
        sa.Column("has_html", sa.Boolean(), nullable=False),
        sa.Column("remote_images", sa.Integer(), nullable=False),
        sa.Column("inline", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name="fk_mail_original_message_id_message", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name="pk_mail_original"),
    )
    with op.batch_alter_table("document") as document:
        document.add_column(sa.Column("removed_at", UTCDateTime(), nullable=True))
        document.add_column(sa.Column("removed_by_id", sa.Integer(), nullable=True))
        document.create_foreign_key("fk_document_removed_by_id_person", "person", ["removed_by_id"], ["id"])
