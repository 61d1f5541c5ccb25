"""A notice has its title in every language; those that are there keep theirs under the language of their reader."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notification", sa.Column("titles", sa.JSON(), server_default="{}", nullable=False))
    _keep_titles(op.get_bind())
    op.drop_column("notification", "title")


def _keep_titles(connection: sa.Connection) -> None:
    """One statement, however many notices there are."""
    notice = sa.table("notification", *map(sa.column, ("person_id", "title", "titles")))
    person = sa.table("person", sa.column("id"), sa.column("language"))
    by_language = sa.func.json_object if connection.dialect.name == "sqlite" else sa.func.json_build_object
    connection.execute(
        sa.update(notice)
        .where(person.c.id == notice.c.person_id)
        .values(titles=by_language(person.c.language, notice.c.title))
    )
