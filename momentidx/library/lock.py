"""Who may write, and when: two locks beside the database.

`library.lock` is held for as long as a process indexes: it alone claims jobs and changes the schema.
`library.turn` is held for as long as one transaction takes: a person's note must not have to wait for
the daemon to end. No two processes then ever write, or bring the log home (checkpoint), at the same
moment, which is all that SQLite's WAL-reset fault (before 3.51.3) needs to lose a committed row.

`library.turn` also says how many transactions were ever written: a database that knows of fewer has lost
some, because its log was removed or an older copy was put in its place.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from momentidx.errors import LibraryBusy, LibraryError
from momentidx.failpoints import reach

LOCK = "library.lock"
TURN = "library.turn"
TURN_SECONDS = 10.0
"""How long to wait for the turn; a transaction takes less."""
NOTE_BYTES = 20


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold a library's lock.

    The kernel keeps it and frees it with the process, however that ends; the file's text only tells
    others who has it, and the file stays. Raises LibraryBusy when another process holds it.
    """
    with _opened(folder / LOCK) as lock:
        if not _taken(lock, folder / LOCK):
            raise LibraryBusy(
                f"The library {folder} is being written by {_holder(lock)}. Wait for it or stop it, then try again."
            )
        reach("lock.held")
        _sign(lock)
        yield
        with suppress(OSError):
            os.ftruncate(lock, 0)


@contextmanager
def turn(folder: Path) -> Iterator[Callable[[int], None]]:
    """Wait for the turn to write one transaction, and have it until the block ends.

    The block is given a function that notes how many were ever written; see `written`. Raises
    LibraryBusy when another process does not give the turn up in good time.
    """
    with _opened(folder / TURN) as lock:
        deadline = time.monotonic() + TURN_SECONDS
        while not _taken(lock, folder / TURN):
            if time.monotonic() > deadline:
                raise LibraryBusy(f"The library {folder} is being written by another process. Try again.")
            time.sleep(0.005)
        yield partial(_note, lock)


def written(folder: Path) -> int:
    """How many transactions were written, as last noted; 0 when that was never noted.

    Never more than the database knows of, as long as the database is whole: it is noted afterwards.
    """
    try:
        lock = os.open(folder / TURN, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        return int(os.pread(lock, NOTE_BYTES, 0))
    except (OSError, ValueError):
        return 0
    finally:
        os.close(lock)


def _note(lock: int, number: int) -> None:
    # A disk that is full must not fail a transaction that was written; the next one notes it.
    with suppress(OSError):
        os.pwrite(lock, f"{number:>{NOTE_BYTES}}".encode(), 0)
        if number == 0:  # a database that knows of fewer comes next; a power cut must not leave it with this note
            os.fsync(lock)


@contextmanager
def _opened(file: Path) -> Iterator[int]:
    """A lock file's descriptor; closing it gives up the lock."""
    try:
        lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LibraryError(f"{file}: the library cannot be locked: {error.strerror}.") from error
    try:
        yield lock
    finally:
        os.close(lock)


def _taken(lock: int, file: Path) -> bool:
    """Take a lock if nobody has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise LibraryError(
            f"{file}: this file system has no locks ({error.strerror}). Keep the library on a local disk."
        ) from error
    return True


def holder(folder: Path) -> str | None:
    """Who writes to a library right now; None when nobody does."""
    try:
        lock = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(lock)
    except OSError:
        return None
    finally:
        os.close(lock)
    return None


def _sign(lock: int) -> None:
    """Say who has the lock; it is held all the same when a full disk leaves no room for that."""
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200]
    with suppress(OSError):
        os.ftruncate(lock, 0)
        os.pwrite(lock, json.dumps({"pid": os.getpid(), "command": command}).encode(), 0)


def _holder(lock: int) -> str:
    try:
        holder = json.loads(os.pread(lock, 4096, 0))
        return f"process {holder['pid']} ({holder['command']})"
    except (ValueError, TypeError, KeyError):  # it holds the lock, but has not signed yet
        return "another process"
