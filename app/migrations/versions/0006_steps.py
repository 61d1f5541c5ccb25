"""What a step reads and writes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Find the open passages of an instance among the thousands it has after a year."""
    op.create_index(
        "ix_history_entry_open",
        "history_entry",
        ["instance_id", "task_id"],
        sqlite_where=sa.text("left_at IS NULL"),
        postgresql_where=sa.text("left_at IS NULL"),
    )
