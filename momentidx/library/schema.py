"""Which schema a database has, and bringing it up to ours.

Revisions are numbered `0001`, `0002`, ... so that reading needs no Alembic to tell older from newer.
"""

from __future__ import annotations

from enum import Enum, auto
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection

from momentidx.errors import LibraryError
from momentidx.library import backups, lock, sqlite

HEAD = "0003"
"""The revision this version of momentidx works with: the last one in `migrations/`."""
MIGRATIONS = files("momentidx.migrations")
SMALL, LARGE = 8 * 2**20, 2**30
"""Bytes that are checked when a library is opened for reading and for writing: about 0.01 s and 1.5 s."""


class Schema(Enum):
    """How a database's schema compares with ours."""

    EMPTY = auto()
    HALF_RESTORED = auto()
    """Another database was about to take its place; `upgrade` carries that through."""
    OLDER = auto()
    CURRENT = auto()


def compare(file: Path, *, checked: int = SMALL) -> Schema:
    """Look at a database without changing it; a missing one is empty. One of at most `checked` bytes is read wholly.

    Raises LibraryError for another program's database and for one from a newer version, LibraryDamaged
    for one that cannot be read, and for one that is not there any more or is older than it was.
    """
    folder = file.parent
    if backups.is_half_exchanged(folder):
        return Schema.HALF_RESTORED
    noted = lock.written(folder)  # first, as both may grow
    try:
        size = file.stat().st_size if file.exists() else 0
    except OSError as error:
        raise LibraryError(f"{file}: the library cannot be looked at: {error.strerror}.") from error
    if size == 0 or (not noted and sqlite.is_being_made(file)):
        return _nothing(file, noted)
    engine = sqlite.reading_engine(file)
    try:
        with engine.begin() as connection:
            found = _compare(connection, file)
            if found is Schema.EMPTY:
                return _nothing(file, noted)
            # A restore in between puts the note back as well.
            put_back = sqlite.is_behind(lock.written(folder), noted)
            if sqlite.is_behind(sqlite.written(connection), noted) and not put_back:
                raise sqlite.damaged(file, "its newest changes are missing, as if its -wal file was removed")
            if size <= checked:
                sqlite.check(connection, file)
            return found
    finally:
        engine.dispose()


def _nothing(file: Path, noted: int) -> Schema:
    """Empty, as before the first transaction, or as a process leaves it that died in it."""
    if backups.is_half_exchanged(file.parent):
        return Schema.HALF_RESTORED
    if noted:
        raise sqlite.damaged(file, f"the file is {'empty' if file.exists() else 'missing'}, and was not before")
    return Schema.EMPTY


def _compare(connection: Connection, file: Path) -> Schema:
    application = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    anything = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    if not anything and application == 0:
        return Schema.EMPTY
    if application != sqlite.APPLICATION_ID:
        raise LibraryError(f"{file} belongs to another program. Choose another folder with --library.")
    known = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'").scalar()
    revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() if known else None
    if revision is None:
        raise sqlite.damaged(file, "it does not say which schema it has")
    if revision > HEAD:
        raise LibraryError(
            f"{file} was written by a newer momentidx (schema {revision}, this version knows {HEAD}). "
            "Update momentidx, or choose another folder with --library."
        )
    return Schema.CURRENT if revision == HEAD else Schema.OLDER


def upgrade(file: Path) -> None:
    """Create the tables or bring them up to ours, in one transaction; the lock must be held.

    A database that holds something is backed up first. One that was about to be exchanged for another
    when the process died is exchanged.
    """
    if sqlite.is_being_made(file):
        sqlite.finish_making(file)
    found = compare(file, checked=LARGE)
    if found is Schema.HALF_RESTORED:
        with lock.turn(file.parent) as note:
            backups.finish_exchange(file.parent, note)
        found = compare(file, checked=LARGE)
    if found is Schema.CURRENT:
        return
    if found is Schema.OLDER:
        backups.back_up(file.parent)
    step(file, HEAD)


def step(file: Path, revision: str) -> None:
    """Create the tables of a revision, or bring those of an older one up to it; the lock must be held."""
    engine = sqlite.writing_engine(file, foreign_keys=False)
    try:
        with sqlite.writing(engine, file.parent, "migrate") as connection:
            loose = len(connection.exec_driver_sql("PRAGMA foreign_key_check").all())
            connection.exec_driver_sql(f"PRAGMA application_id = {sqlite.APPLICATION_ID}")
            _migrate(connection, revision)
            if len(connection.exec_driver_sql("PRAGMA foreign_key_check").all()) > loose:
                raise LibraryError(
                    f"{file}: the upgrade would leave loose ends; nothing was changed. Please report it."
                )
    finally:
        engine.dispose()


def _migrate(connection: Connection, revision: str) -> None:
    from alembic import command  # a fifth of a second, and needed once in a library's life
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
