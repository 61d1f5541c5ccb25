"""Alembic's entry: `app.migrating` hands over a connection; `./run db revision` uses the same path."""

from typing import Any, Literal

from alembic import context

from app.db import UTCDateTime, db


def written_type(kind: str, item: Any, imports: Any) -> str | Literal[False]:
    """How a new migration writes our own column type; everything else is written by Alembic."""
    if kind == "type" and isinstance(item, UTCDateTime):
        imports.imports.add("from app.db import UTCDateTime")
        return "UTCDateTime()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=db.metadata,
    compare_type=True,
    render_item=written_type,
    render_as_batch=connection.dialect.name == "sqlite",
    # Without it a failed migration would leave half of itself behind on SQLite.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
