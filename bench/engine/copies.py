"""Many instances in one and the same state: one is brought there, the others are copies of its rows."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.orm import Session

from app import db
from app.engine.models import ProcessInstance

_ROWS_AT_ONCE: Final = 5000


def copy_instance(session: Session, instance_id: int, count: int) -> None:
    """Add copies of an instance with everything the engine keeps about it, each for a subject of its own."""
    instances: Any = ProcessInstance.__table__
    seed = dict(session.execute(select(instances).where(instances.c.id == instance_id)).mappings().one())
    highest = session.scalar(select(func.max(instances.c.id))) or 0
    # In this order: nobody may see a timer whose instance is not there yet.
    tables = [table for table in db.db.metadata.sorted_tables if "instance_id" in table.c]
    ids = range(highest + 1, highest + 1 + count)
    insert_all(session, instances, ({**seed, "id": number, "subject_id": number} for number in ids))
    if session.get_bind().dialect.name == "postgresql":
        # It does not notice ids that were given.
        session.execute(text(f"SELECT setval('process_instance_id_seq', {ids[-1]})"))
    for table in tables:
        rows = session.execute(select(table).where(table.c.instance_id == instance_id)).mappings().all()
        insert_all(session, table, (copied(dict(row), number) for number in ids for row in rows))


def copied(row: dict[str, Any], instance_id: int) -> dict[str, Any]:
    """A row for a copied instance, with an identity of its own."""
    row.pop("id", None)
    row["instance_id"] = instance_id
    if "uuid" in row:
        row["uuid"] = str(uuid.uuid4())
    if "subject_id" in row:
        row["subject_id"] = instance_id
    return row


def insert_all(session: Session, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    """Insert very many rows in batches."""
    left = iter(rows)
    while batch := list(islice(left, _ROWS_AT_ONCE)):
        session.execute(insert(table), batch)
