"""Settings: how people want the desk to be, lists that can be changed, and a record of every change."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LETTERS = str.maketrans({"đ": "d", "ð": "d", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})
IS_CHANGE = sa.text("about IS NOT NULL")


def upgrade() -> None:
    op.add_column("event", sa.Column("about", sa.String(length=60), nullable=True))
    for name, columns in (("ix_event_changes", ["id"]), ("ix_event_about", ["about", "id"])):
        op.create_index(name, "event", columns, sqlite_where=IS_CHANGE, postgresql_where=IS_CHANGE)
    for column in (
        sa.Column("search_text", sa.String(length=500), server_default="", nullable=False),
        sa.Column("signature", sa.Text(), server_default="", nullable=False),
        sa.Column("single_keys", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("told_by", sa.Text(), server_default="", nullable=False),
    ):
        op.add_column("person", column)
    # In words, because SQLite takes a CHECK only with its new column: building the table anew would delete, by its
    # cascades, what belongs to people.
    for name, size, usual, values in (
        ("theme", 10, "system", "'system', 'light', 'dark'"),
        ("density", 15, "comfortable", "'comfortable', 'dense'"),
    ):
        op.execute(
            f"ALTER TABLE person ADD COLUMN {name} VARCHAR({size}) DEFAULT '{usual}' NOT NULL "
            f"CONSTRAINT ck_person_{name}_known CHECK ({name} IN ({values}))"
        )
    op.create_index("ix_person_search_text", "person", ["search_text", "id"])
    _make_findable()
    for table, column in (
        ("ticket_state", sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False)),
        ("request_type", sa.Column("descriptions", sa.JSON(), server_default="{}", nullable=False)),
        ("notification", sa.Column("in_bell", sa.Boolean(), server_default=sa.true(), nullable=False)),
        ("outgoing_mail", sa.Column("is_confidential", sa.Boolean(), server_default=sa.false(), nullable=False)),
    ):
        op.add_column(table, column)


def _make_findable() -> None:
    person = sa.table("person", sa.column("id"), sa.column("name"), sa.column("email"), sa.column("search_text"))
    connection = op.get_bind()
    for person_id, name, email in connection.execute(sa.select(person.c.id, person.c.name, person.c.email)).all():
        found_by = " ".join(_folded(f"{name} {email}").split())[:500]
        connection.execute(sa.update(person).where(person.c.id == person_id).values(search_text=found_by))


def _folded(written: str) -> str:
    letters = (each for each in unicodedata.normalize("NFKD", written) if not unicodedata.combining(each))
    small = "".join(letters).casefold().translate(LETTERS)
    return "".join(each for each in small if not unicodedata.combining(each))
