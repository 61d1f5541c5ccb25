"""Moving running instances to another version: what was asked for, and what became of each instance."""

import sqlalchemy as sa
from alembic import op

from app.db import UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
