"""Runs the steps on the connection that `momentidx.library.schema` opened, inside its transaction."""

from __future__ import annotations

from alembic import context

from momentidx.library.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,  # SQLite has it, though Alembic does not count on it
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
