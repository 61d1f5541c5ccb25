"""Tasks carry the set of teams they are for; a small table says which sets a team is in."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

LONGEST = 400
OF_TASK = sa.table("user_task_team", sa.column("user_task_id"), sa.column("team_key", sa.String()))


def upgrade() -> None:
    op.create_table(
        "team_set",
        sa.Column("name", sa.String(length=LONGEST), nullable=False),
        sa.Column("team_key", sa.String(length=LONGEST), nullable=False),
        sa.PrimaryKeyConstraint("name", "team_key", name="pk_team_set"),
    )
    op.create_index("ix_team_set_team_key", "team_set", ["team_key"])
    op.add_column("user_task", sa.Column("team_set", sa.String(length=LONGEST), server_default="", nullable=False))
    _name_sets(op.get_bind())
    op.create_index("ix_user_task_team_set", "user_task", ["team_set", "state", "candidate_role"])
    op.drop_index("ix_user_task_due", "user_task")
    op.drop_table("user_task_team")


def _name_sets(connection: sa.Connection) -> None:
    """What tasks are for already: one statement names the sets, however many tasks there are."""
    task, of_task = sa.table("user_task", *map(sa.column, ("id", "team_set", "candidate_role"))), OF_TASK
    in_order = sa.select(of_task).order_by(of_task.c.user_task_id, of_task.c.team_key).subquery()
    named = (
        sa.select(in_order.c.user_task_id, sa.func.aggregate_strings(in_order.c.team_key, "|").label("name"))
        .group_by(in_order.c.user_task_id)
        .subquery()
    )
    connection.execute(sa.update(task).where(task.c.id == named.c.user_task_id).values(team_set=named.c.name))
    connection.execute(sa.update(task).where(task.c.candidate_role == "").values(candidate_role=None))
    names = connection.scalars(sa.select(task.c.team_set).where(task.c.team_set != "").distinct()).all()
    rows = [{"name": name, "team_key": key} for name in names for key in name.split("|")]
    if rows:
        connection.execute(sa.insert(sa.table("team_set", sa.column("name"), sa.column("team_key"))), rows)
