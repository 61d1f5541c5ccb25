"""Messages that wait for a receiver, and instances that somebody holds."""

import sqlalchemy as sa
from alembic import op

from app.db import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
