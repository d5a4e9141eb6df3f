"""The schema's numbered steps (Alembic); installed as `momentidx.migrations`."""
