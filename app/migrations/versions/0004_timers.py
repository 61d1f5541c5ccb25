"""Timers in the order they are due, without those that wait for a person."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
