"""What took a change of many tickets back is known as such."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("bulk_change") as table:
        table.add_column(sa.Column("undoes_id", sa.Integer(), nullable=True))
        table.create_foreign_key(
            "fk_bulk_change_undoes_id_bulk_change", "bulk_change", ["undoes_id"], ["id"], ondelete="SET NULL"
        )
    op.create_index("ix_bulk_change_undoes_id", "bulk_change", ["undoes_id"])
