"""My work: saved filters, and what was done to many tasks at once."""

import sqlalchemy as sa
from alembic import op

from app.db import UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("opens_first", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_saved_filter_person_id_person", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_saved_filter"),
    )
    op.create_index("ix_saved_filter_person_id", "saved_filter", ["person_id"])
    op.create_table(
        "bulk_deed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("deed", sa.String(length=10), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        sa.Column("undone_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("deed IN ('claim', 'release', 'approve', 'return')", name="ck_bulk_deed_deed_known"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_bulk_deed_by_id_person", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["undoes_id"], ["bulk_deed.id"], name="fk_bulk_deed_undoes_id_bulk_deed", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_deed"),
    )
    op.create_index("ix_bulk_deed_by_id_made_at", "bulk_deed", ["by_id", "made_at"])
    op.create_index("ix_bulk_deed_undoes_id", "bulk_deed", ["undoes_id"])
    op.create_table(
        "bulk_result",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deed_id", sa.Integer(), nullable=False),
        sa.Column("task_uuid", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("is_undoable", sa.Boolean(), nullable=False),
        sa.Column("winner_id", sa.Integer(), nullable=True),
        sa.Column("won_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deed_id"], ["bulk_deed.id"], name="fk_bulk_result_deed_id_bulk_deed", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["winner_id"], ["person.id"], name="fk_bulk_result_winner_id_person", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_result"),
        sa.UniqueConstraint("deed_id", "task_uuid", name="uq_bulk_result_deed_id_task_uuid"),
    )
    op.create_index("ix_bulk_result_winner_id", "bulk_result", ["winner_id"])
