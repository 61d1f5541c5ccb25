"""The count of unread notifications, which every page shows, from an index of its own."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_notification_person_id_read_at", "notification", ["person_id", "read_at"])
