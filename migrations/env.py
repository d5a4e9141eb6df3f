"""Runs the steps on the connection that `momentidx.library.schema` opened, inside its transaction."""

from __future__ import annotations

from alembic import context

from momentidx.failpoints import reach
from momentidx.library.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,  # SQLite has it, though Alembic does not count on it
    render_as_batch=True,
    on_version_apply=lambda **_: reach("migrate.step"),
)
with context.begin_transaction():
    context.run_migrations()
