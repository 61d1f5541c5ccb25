"""What the engine keeps: messages without a receiver, held instances, timers in due order, moves between versions."""

import sqlalchemy as sa
from alembic import op

from app.db import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _messages()
    _timers()
    _moves()
    _history()


def _messages() -> None:
    """Keep messages that nothing waits for yet, and hold instances."""
    op.add_column("process_instance", sa.Column("suspended_at", UTCDateTime(), nullable=True))
    op.add_column("process_instance", sa.Column("suspended_by_id", sa.Integer(), nullable=True))
    op.add_column("process_instance", sa.Column("suspended_reason", sa.Text(), nullable=True))
    op.add_column("message_wait", sa.Column("key", sa.String(length=200), nullable=True))
    op.create_table(
        "early_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("subject_kind", sa.String(length=30), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("held_for_id", sa.Integer(), nullable=True),
        sa.Column("sent_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("delivered_to_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'expired')", name=op.f("ck_early_message_state_known")),
        sa.ForeignKeyConstraint(
            ["held_for_id"], ["process_instance.id"], name=op.f("fk_early_message_held_for_id_process_instance")
        ),
        sa.ForeignKeyConstraint(
            ["delivered_to_id"],
            ["process_instance.id"],
            name=op.f("fk_early_message_delivered_to_id_process_instance"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_early_message")),
    )
    op.create_index("ix_early_message_subject", "early_message", ["subject_kind", "subject_id", "state"])
    op.create_index("ix_early_message_expiry", "early_message", ["state", "expires_at"])
    op.create_index(op.f("ix_early_message_held_for_id"), "early_message", ["held_for_id"])
    op.create_index(op.f("ix_early_message_delivered_to_id"), "early_message", ["delivered_to_id"])


def _timers() -> None:
    """Take timers in the order they are due, without those that wait for a person."""
    op.add_column("timer", sa.Column("parked", sa.String(length=10), nullable=True))
    # Until now a lease that never ends said that a timer's step had failed.
    op.execute("UPDATE timer SET parked = 'stalled', lease_until = NULL WHERE lease_until >= '9999-01-01'")
    op.drop_index("ix_timer_due", table_name="timer")
    op.create_index(
        "ix_timer_claim",
        "timer",
        ["due_at", "id", "lease_until"],
        sqlite_where=sa.text("parked IS NULL"),
        postgresql_where=sa.text("parked IS NULL"),
    )


def _moves() -> None:
    """Say what was asked for when instances move to another version, and what became of each."""
    op.create_table(
        "instance_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_definition_id", sa.Integer(), nullable=False),
        sa.Column("to_definition_id", sa.Integer(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("rearm", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('running', 'done', 'failed')", name=op.f("ck_instance_move_state_known")),
        sa.ForeignKeyConstraint(
            ["from_definition_id"],
            ["process_definition.id"],
            name=op.f("fk_instance_move_from_definition_id_process_definition"),
        ),
        sa.ForeignKeyConstraint(
            ["to_definition_id"],
            ["process_definition.id"],
            name=op.f("fk_instance_move_to_definition_id_process_definition"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance_move")),
    )
    op.create_index("ix_instance_move_state", "instance_move", ["state", "lease_until"])
    op.create_table(
        "move_result",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("move_id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("element", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'moved', 'left', 'failed')", name=op.f("ck_move_result_state_known")),
        sa.ForeignKeyConstraint(
            ["move_id"], ["instance_move.id"], name=op.f("fk_move_result_move_id_instance_move"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name=op.f("fk_move_result_instance_id_process_instance")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_move_result")),
        sa.UniqueConstraint("move_id", "instance_id", name=op.f("uq_move_result_move_id_instance_id")),
    )
    op.create_index("ix_move_result_state", "move_result", ["move_id", "state"])


def _history() -> None:
    """Find the open passages of an instance among the thousands it has after a year."""
    op.create_index(
        "ix_history_entry_open",
        "history_entry",
        ["instance_id", "task_id"],
        sqlite_where=sa.text("left_at IS NULL"),
        postgresql_where=sa.text("left_at IS NULL"),
    )
