"""Which schema a database has, and bringing it up to ours.

Revisions are numbered `0001`, `0002`, ... so that reading needs no Alembic to tell older from newer.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum, auto
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection

from momentidx.errors import LibraryError
from momentidx.library import sqlite

HEAD = "0003"
"""The revision this version of momentidx works with: the last one in `migrations/`."""
MIGRATIONS = files("momentidx.migrations")


class Schema(Enum):
    """How a database's schema compares with ours."""

    EMPTY = auto()
    OLDER = auto()
    CURRENT = auto()


def compare(file: Path) -> Schema:
    """Look at a database without changing it; a missing one is empty.

    Raises LibraryError for another program's database and for one from a newer version.
    """
    try:
        if not file.exists():
            return Schema.EMPTY
    except OSError as error:
        raise LibraryError(f"{file}: the library cannot be looked at: {error.strerror}.") from error
    engine = sqlite.reading_engine(file)
    try:
        with engine.begin() as connection:
            return _compare(connection, file)
    finally:
        engine.dispose()


def _compare(connection: Connection, file: Path) -> Schema:
    application = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    anything = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    if not anything and application == 0:
        return Schema.EMPTY  # as a process leaves it that died while creating it
    if application != sqlite.APPLICATION_ID:
        raise LibraryError(f"{file} belongs to another program. Choose another folder with --library.")
    revision: str = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
    if revision > HEAD:
        raise LibraryError(
            f"{file} was written by a newer momentidx (schema {revision}, this version knows {HEAD}). "
            "Update momentidx, or choose another folder with --library."
        )
    return Schema.CURRENT if revision == HEAD else Schema.OLDER


def upgrade(file: Path) -> None:
    """Create the tables or bring them up to ours, in one transaction; the lock must be held.

    A database that holds something is backed up first.
    """
    found = compare(file)
    if found is Schema.CURRENT:
        return
    if found is Schema.OLDER:
        sqlite.backup(file, file.parent / sqlite.BACKUPS / f"{file.stem}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.sqlite")
    engine = sqlite.writing_engine(file, foreign_keys=False)
    try:
        with sqlite.writing(engine, file.parent, "migrate") as connection:
            connection.exec_driver_sql(f"PRAGMA application_id = {sqlite.APPLICATION_ID}")
            _migrate(connection)
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise LibraryError(
                    f"{file}: the upgrade would leave loose ends; nothing was changed. Please report it."
                )
    finally:
        engine.dispose()


def _migrate(connection: Connection) -> None:
    from alembic import command  # a fifth of a second, and needed once in a library's life
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
