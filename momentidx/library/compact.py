"""Making a library small: pictures that nothing names, empty pages, and the scattered index of words."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from momentidx.errors import LibraryError
from momentidx.library import lock, pictures, schema, sqlite, words
from momentidx.library.stills import STILLS, Stills


@dataclass(frozen=True, slots=True)
class Compacted:
    """What it brought."""

    before: int
    """Bytes of the database and its log ..."""
    after: int
    stills: int
    """How many pictures were deleted ..."""
    still_bytes: int
    """... and how large they were."""


def compact(folder: Path) -> Compacted:
    """Delete pictures that no row names, and write the database anew without gaps.

    Needs the library's lock, and as much free space again as the database takes. Raises LibraryBusy
    while a process indexes; killed at any point, the library is as it was.
    """
    file = folder / sqlite.DATABASE
    with lock.hold(folder):
        schema.upgrade(file)
        with lock.turn(folder), closing(sqlite.connect(file, "rw")) as connection:
            try:
                before = _size(file)
                _check_room(folder, before)
                unused = Stills(folder / STILLS)
                names = unused.names() - {name for _, name in connection.execute(pictures.NAMED)}
                freed = unused.drop(names)
                connection.execute(f"INSERT INTO {words.TABLE}({words.TABLE}) VALUES ('optimize')")
                connection.execute("VACUUM")
                connection.execute("PRAGMA optimize")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.Error as error:
                raise sqlite.explained(error, file) from error
            return Compacted(before, _size(file), len(names), freed)


def _size(file: Path) -> int:
    log = file.with_name(file.name + "-wal")
    return sum(part.stat().st_size for part in (file, log) if part.exists())


def _check_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < 2 * size:  # the copy that SQLite makes, and its log
        raise LibraryError(
            f"{folder}: {2 * size / 1e6:,.0f} MB are needed to write the library anew, {free / 1e6:,.0f} MB are free."
        )
