"""Callers are found by words, requests being taken down are kept, and what took a change of many back is known."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

from app.db import UTCDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

LETTERS = str.maketrans({"đ": "d", "ð": "d", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})
NUMBER = re.compile(r"\+?[\d\s()./-]+")
PREFIX = re.compile(r"^(?:0040|40(?=\d{9}$)|0)")


def upgrade() -> None:
    with op.batch_alter_table("bulk_change") as table:
        table.add_column(sa.Column("undoes_id", sa.Integer(), nullable=True))
        table.create_foreign_key(
            "fk_bulk_change_undoes_id_bulk_change", "bulk_change", ["undoes_id"], ["id"], ondelete="SET NULL"
        )
    op.create_index("ix_bulk_change_undoes_id", "bulk_change", ["undoes_id"])
    op.create_table(
        "taken_down_draft",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("saved_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_taken_down_draft_person_id_person", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_taken_down_draft"),
    )
    op.add_column("contact", sa.Column("found_by", sa.String(length=600), server_default="", nullable=False))
    _fill_found_by(op.get_bind())


def _fill_found_by(connection: sa.Connection) -> None:
    """Contacts that are there already are found too."""
    contacts = sa.text(
        "SELECT k.id, p.name, p.email, c.name, c.is_unknown, k.phone FROM contact k "
        "JOIN person p ON p.id = k.person_id JOIN customer c ON c.id = k.customer_id"
    )
    update = sa.text("UPDATE contact SET found_by = :found_by WHERE id = :id")
    for contact_id, name, email, company, is_unknown, phone in connection.execute(contacts).all():
        said = _folded(f"{name} {email} {'' if is_unknown else company}")
        every = [*re.findall(r"[^\W_]+", said), _number(phone or "")]
        words = "".join(f" {word}" for word in dict.fromkeys(every) if word)[:600]
        connection.execute(update, {"id": contact_id, "found_by": words})


def _folded(text: str) -> str:
    letters = (each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    small = "".join(letters).casefold().translate(LETTERS)
    return "".join(each for each in small if not unicodedata.combining(each))


def _number(written: str) -> str:
    if not NUMBER.fullmatch(written.strip()):
        return ""
    digits = PREFIX.sub("", re.sub(r"\D", "", written))
    return digits if len(digits) >= 4 else ""
