"""Alembic's entry: `app.migrating` hands over a connection; `./run db revision` uses the same path."""

from alembic import context

from app.db import db

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=db.metadata,
    compare_type=True,
    render_as_batch=connection.dialect.name == "sqlite",
    # Without it a failed migration would leave half of itself behind on SQLite.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
