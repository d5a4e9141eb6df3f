"""Everything that is particular to SQLite.

SQLite alone may open the database file, its `-wal` and its `-shm`: closing any other descriptor of
them in the same process drops SQLite's locks (sqlite.org, "How To Corrupt", §2.2). Copies are made
by `backups.py`.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.engine import ExceptionContext

from momentidx.errors import LibraryBusy, LibraryDamaged, LibraryError
from momentidx.failpoints import reach
from momentidx.library import lock

DATABASE = "library.sqlite"
APPLICATION_ID = int.from_bytes(b"MIDX", "big")
"""In the file's header; tells our database from another program's."""
BUSY_SECONDS = 10.0
"""How long to wait for another program's lock."""
WAL_LIMIT_BYTES = 64 * 2**20
"""The write-ahead log is cut back to this after a checkpoint."""
MOST_WRITTEN = 2**31
"""Transactions are counted up to here and from 0 again."""
LARGEST_NUMBER = 2**63 - 1
"""That a row can have; a greater one is nobody's, and SQLite does not take it."""

READ_PRAGMAS = ("PRAGMA wal_autocheckpoint = 0",)  # only the writing process checkpoints
WRITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}",
)
NOTE_PRAGMAS = ("PRAGMA wal_autocheckpoint = 0", "PRAGMA foreign_keys = 1")


def reading_engine(file: Path) -> Engine:
    """Connections that cannot change anything."""
    return _engine(file, "ro", READ_PRAGMAS)


def writing_engine(file: Path, *, foreign_keys: bool = True) -> Engine:
    """Connections that create the file when it is missing; hold the library's lock.

    A migration that rebuilds a table needs `foreign_keys` off, or dropping the old one would cascade.
    """
    return _engine(file, "rwc", (*WRITE_PRAGMAS, f"PRAGMA foreign_keys = {int(foreign_keys)}"))


def is_being_made(file: Path) -> bool:
    """Whether a process is just making the file, or died when it did.

    That is the one time when there is a rollback journal: afterwards the file has a write-ahead log. Who may only
    read cannot take back what the journal says ("attempt to write a readonly database").
    """
    return file.with_name(f"{file.name}-journal").exists()


def finish_making(file: Path) -> None:
    """Take back what a process began that died in it; hold the library's lock."""
    engine = writing_engine(file)
    engine.connect().close()  # opening it does it
    engine.dispose()


@contextmanager
def writing(engine: Engine, folder: Path, name: str = "note", *, synced: bool = True) -> Iterator[Connection]:
    """One transaction that writes, when it is our turn; `name` is one of `failpoints.TRANSACTIONS`.

    Takes the write lock first, so that it cannot fail half-way for want of it. The checkpoint that a
    commit may bring along is over when the turn is given up. Those that change something are counted.

    Once it is committed the death of the process cannot take it back. A power cut can, with all that came after it,
    if it is not `synced` and no later one was.
    """
    begin = f"PRAGMA synchronous = {'FULL' if synced else 'NORMAL'}", "BEGIN IMMEDIATE"
    with lock.turn(folder) as note:
        with engine.execution_options(momentidx_begin=begin).begin() as connection:
            counted, before = written(connection), _changes(connection)
            yield connection
            number = written(connection) if _changes(connection) == before else count(connection)
            reach(f"{name}.commit")
        reach(f"{name}.committed")
        # What a power cut may take back must not be missed afterwards: what is not synced, or was not before a
        # transaction that changed nothing, for which SQLite syncs nothing.
        if synced and number != counted:
            note(number)


def written(connection: Connection) -> int:
    """How many transactions the database knows of."""
    number: int = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    return number


def count(connection: Connection) -> int:
    """Count this transaction; how many there were, with it."""
    number = (written(connection) + 1) % MOST_WRITTEN
    connection.exec_driver_sql(f"PRAGMA user_version = {number}")
    return number


def is_behind(found: int, noted: int) -> bool:
    """Whether a database that knows of so many transactions lacks some of those that were noted."""
    return 0 < (noted - found) % MOST_WRITTEN < MOST_WRITTEN // 2


def _changes(connection: Connection) -> int:
    changes: int = connection.connection.driver_connection.total_changes  # type: ignore[union-attr]
    return changes


@contextmanager
def noting(folder: Path) -> Iterator[Connection]:
    """One short transaction beside the indexing process, for what a person wants.

    Its connection makes no file, leaves the log alone and is closed afterwards. The library must be up
    to date, as `Library.open` leaves it.
    """
    engine = _engine(folder / DATABASE, "rw", NOTE_PRAGMAS)
    try:
        with writing(engine, folder) as connection:
            yield connection
    finally:
        engine.dispose()


def check(connection: Connection, file: Path) -> None:
    """Raise LibraryDamaged for a database whose pages do not hang together; reads all of it."""
    for (text,) in connection.exec_driver_sql("PRAGMA quick_check(1)"):
        if text != "ok":
            raise damaged(file, text.splitlines()[-1])


def damaged(file: Path, what: str) -> LibraryDamaged:
    """The error for a damaged library, with the ways out."""
    return LibraryDamaged(
        f"{file}: the library is damaged ({what}). 'momentidx library restore --newest' brings the newest backup "
        "back, 'momentidx library rebuild' saves what can still be read; both keep the damaged files."
    )


def explained(error: sqlite3.Error, file: Path) -> LibraryError:
    """SQLite's error as a sentence for the person at the keyboard."""
    # Errors of Python's own module, such as a closed connection, carry no code.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # without the extended part
    if code == sqlite3.SQLITE_FULL:
        return LibraryError(f"{file}: no space is left on the disk. Free some and try again; nothing was lost.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(file, str(error))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LibraryBusy(f"{file}: another program keeps the library locked. Close it and try again.")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return LibraryError(
            f"{file}: the library cannot be opened ({error}). Check the permissions of its folder, "
            "or copy it to where it can be written."
        )
    if code == sqlite3.SQLITE_IOERR:
        return LibraryError(f"{file}: the disk refused ({error}). Check the disk and its free space, then try again.")
    return LibraryError(f"{file}: SQLite refused: {error}. Please report this; nothing was changed.")


def _engine(file: Path, mode: str, pragmas: tuple[str, ...]) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=partial(connect, file, mode),
        poolclass=QueuePool,
        json_serializer=partial(json.dumps, allow_nan=False),
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in pragmas:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # Python's module would begin late and not at all for DDL; see SQLAlchemy's page on pysqlite.
        for statement in connection.get_execution_options().get("momentidx_begin", ("BEGIN",)):
            connection.exec_driver_sql(statement)

    @event.listens_for(engine, "handle_error")
    def _explain(context: ExceptionContext) -> LibraryError | None:
        error = context.original_exception
        return explained(error, file) if isinstance(error, sqlite3.Error) else None

    return engine


def connect(file: Path, mode: str) -> sqlite3.Connection:
    """A connection as Python's module gives it; mode `ro`, `rw` or `rwc`. Transactions are begun by the caller."""
    how = "mode=ro&immutable=1" if mode == "ro" and _cannot_change(file) else f"mode={mode}"
    return sqlite3.connect(
        f"file:{quote(os.fsencode(file.absolute()))}?{how}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,  # the pool hands a connection to one thread at a time
    )


def _cannot_change(file: Path) -> bool:
    """Whether a database lies whole on a file system that is read-only, such as a snapshot or an archived disk.

    SQLite would want to make files beside it for its locks, and must be told that it needs none.
    """
    try:
        return bool(os.statvfs(file).f_flag & os.ST_RDONLY) and not file.with_name(f"{file.name}-wal").exists()
    except OSError:
        return False
