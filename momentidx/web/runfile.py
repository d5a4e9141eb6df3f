"""Where the server of a library is and what opens it: `web.json` in the library folder, for its owner alone.

The server keeps the file locked for as long as it runs, so that what a killed one left behind is known for what it is.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from momentidx.errors import LibraryBusy, LibraryError

RUN_FILE = "web.json"
LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Address:
    """A server that runs."""

    url: str
    """Without a slash at its end."""
    token: str
    pid: int


@contextmanager
def published(folder: Path, address: Address) -> Iterator[None]:
    """Tell where the server is, until the end of the block.

    Raises LibraryBusy when another one serves the library, LibraryError where nothing can be written.
    """
    file = folder / RUN_FILE
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LibraryError(
            f"{file} cannot be written: {error.strerror}. The page needs it; copy the library to where it can be."
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LibraryBusy(f"{folder}: another process serves this library already.") from error
        os.fchmod(descriptor, 0o600)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(address)).encode(), 0)
        yield
        # Emptied, not removed: whoever is about to lock the file would lock one that nobody else sees.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def running(folder: Path) -> Address | None:
    """The server of a library; None when there is none."""
    try:
        descriptor = os.open(folder / RUN_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:  # somebody serves
        with suppress(ValueError, TypeError, OSError):
            return Address(**json.loads(os.pread(descriptor, LONGEST, 0)))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return None
