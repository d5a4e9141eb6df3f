"""One process writes: the lock beside the database."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from momentidx.errors import LibraryBusy, LibraryError

LOCK = "library.lock"


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold a library's lock.

    The kernel keeps it and frees it with the process, however that ends; the file's text only tells
    others who has it, and the file stays. Raises LibraryBusy when another process holds it.
    """
    file = folder / LOCK
    try:
        lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LibraryError(f"{file}: the library cannot be locked: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LibraryBusy(
                f"The library {folder} is being written by {_holder(lock)}. Wait for it or stop it, then try again."
            ) from None
        except OSError as error:
            raise LibraryError(
                f"{file}: this file system has no locks ({error.strerror}). Keep the library on a local disk."
            ) from error
        _sign(lock)
        yield
        os.ftruncate(lock, 0)
    finally:
        os.close(lock)


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
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200]
    os.ftruncate(lock, 0)
    os.pwrite(lock, json.dumps({"pid": os.getpid(), "command": command}).encode(), 0)


def _holder(lock: int) -> str:
    try:
        holder = json.loads(os.pread(lock, 4096, 0))
        return f"process {holder['pid']} ({holder['command']})"
    except (ValueError, TypeError, KeyError):  # it holds the lock, but has not signed yet
        return "another process"
