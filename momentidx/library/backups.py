"""Copies of the database, and the exchange of the database for another one.

A copy is made through SQLite's own interface, also while the library is written to; it is one file,
checked before it gets its name. An exchange moves the present files aside and never deletes them. Once
the new database lies ready beside the old one it is carried through, by whoever opens the library next
if the process dies.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from momentidx.errors import LibraryError
from momentidx.failpoints import reach
from momentidx.library import lock, sqlite

BACKUPS = "backups"
ASIDE = "aside"
"""Where a database goes that another one takes the place of, in a folder for each."""
FRESH = sqlite.DATABASE + ".fresh"
"""A database on its way there, made while the lock is held ..."""
READY = sqlite.DATABASE + ".ready"
"""... and one that is about to take the place of the present one."""
UNFINISHED = ".unfinished"
"""Ending of a copy that has not been checked yet."""
KEPT = 10
"""Backups that are kept; the oldest goes when another is made."""
STAMP = "%Y%m%dT%H%M%S%fZ"


def back_up(folder: Path, to: Path | None = None) -> Path:
    """Copy a library's database, to `backups/` or to a file of one's own choice; where the copy lies.

    Raises LibraryDamaged, leaving no copy, when it is not sound.
    """
    file = folder / sqlite.DATABASE
    if to is None:
        made = folder / BACKUPS / f"{file.stem}-{datetime.now(UTC):{STAMP}}.sqlite"
        with _making(made.parent):
            checked_copy(file, made)
        for old in backups(folder)[KEPT:]:
            if old != made and written(old) >= 0:  # one that cannot be read may be a disk's fault
                old.unlink(missing_ok=True)
        return made
    if to.exists():
        raise LibraryError(f"{to} exists. Choose another name; a backup takes no file's place.")
    checked_copy(file, to)
    return to


def backups(folder: Path) -> list[Path]:
    """The copies in `backups/`, the newest first: the one that knows of most transactions, and then by name.

    Clocks are put back and files are renamed; what a copy says of itself stays. Those that cannot be read come last.
    """
    found = (folder / BACKUPS).glob(f"{Path(sqlite.DATABASE).stem}-*Z.sqlite")
    return sorted(found, key=lambda copy: (written(copy), copy), reverse=True)


def written(copy: Path) -> int:
    """How many transactions a copy knows of; less than none when it cannot be read."""
    try:
        with closing(sqlite.connect(copy, "ro")) as connection:
            number: int = connection.execute("PRAGMA user_version").fetchone()[0]
            return number
    except sqlite3.Error:
        return -1


def next_count(folder: Path, fresh: Path) -> int:
    """How many transactions a database is to know of that takes the place of a library's: more than any did there."""
    most = max(lock.written(folder), *map(written, (fresh, *backups(folder))))
    return (most + 1) % sqlite.MOST_WRITTEN


def sweep(folder: Path) -> None:
    """Delete what processes left that died over a copy; the library's lock must be held.

    Copies that a living process is making stay. One that was to lie elsewhere (`--to`) is found by nobody.
    """
    for left in folder.glob(f"{FRESH}*"):
        left.unlink()
    if (folder / BACKUPS).exists():
        with _making(folder / BACKUPS):
            pass


@contextmanager
def _making(place: Path) -> Iterator[None]:
    """Make copies in a folder: nobody takes them for what a dead process left there, which is deleted.

    Who makes some holds the folder's lock together with others; who has it alone knows that nobody does.
    """
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise LibraryError(f"{place}: no backup can be made there: {error.strerror}.") from error
    try:
        with suppress(OSError):  # held by another one, or a file system without locks
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for left in place.glob(f"*{UNFINISHED}*"):  # and SQLite's journal of it
                left.unlink()
        with suppress(OSError):
            fcntl.flock(folder, fcntl.LOCK_SH)
        yield
    finally:
        os.close(folder)


def checked_copy(file: Path, to: Path) -> None:
    """A consistent, checked copy in one file. It appears whole or not at all."""
    unfinished = to.with_name(to.name + UNFINISHED)
    try:
        to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        _check_room(file, to.parent)
        try:
            with closing(sqlite.connect(file, "ro")) as source, closing(sqlite.connect(unfinished, "rwc")) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")  # nothing beside the one file
                found = [row[0] for row in target.execute("PRAGMA integrity_check(1)")]
        except sqlite3.Error as error:
            raise sqlite.explained(error, file) from error
        if found != ["ok"]:
            raise sqlite.damaged(file, found[0].splitlines()[-1])
        reach("backup.copied")
        unfinished.replace(to)
        reach("backup.replaced")
        _sync(to.parent)
    except OSError as error:
        raise LibraryError(f"{to}: the library cannot be backed up: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)


def is_half_exchanged(folder: Path) -> bool:
    return (folder / READY).exists()


def exchange(folder: Path, fresh: Path, note: Callable[[int], None]) -> Path:
    """Let a database take the place of the present one; where that lies now. Lock and turn (`note`) must be held.

    The new one must be whole, and closed.
    """
    fresh.replace(folder / READY)
    return finish_exchange(folder, note)


def finish_exchange(folder: Path, note: Callable[[int], None]) -> Path:
    """Carry an exchange through, from wherever it stopped."""
    ready = folder / READY
    # When it was made: the same folder for all of one exchange, whoever carries it through.
    made = ready.stat().st_mtime_ns
    aside = folder / ASIDE / f"{datetime.fromtimestamp(made // 10**9, UTC):%Y%m%dT%H%M%S}{made % 10**9:09}Z"
    aside.mkdir(mode=0o700, parents=True, exist_ok=True)
    note(0)  # the count goes on from what the new one says
    # The database goes before its log: no moment leaves it without.
    for ending in ("", "-wal", "-shm"):
        present = folder / (sqlite.DATABASE + ending)
        if present.exists():
            present.replace(aside / present.name)
    ready.replace(folder / sqlite.DATABASE)
    _sync(folder)
    return aside


def _check_room(file: Path, folder: Path) -> None:
    needed, free = file.stat().st_size, shutil.disk_usage(folder).free
    if free < needed:
        raise LibraryError(
            f"{folder}: {needed / 1e6:,.0f} MB are needed for a copy of the library, {free / 1e6:,.0f} MB are free."
        )


def _sync(folder: Path) -> None:
    """Make what was renamed in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
