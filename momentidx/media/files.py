"""Media files are opened here only: read-only, regular files, and nothing but the file that was meant."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from momentidx.errors import UnusableFootage


def open_media(path: Path) -> BinaryIO:
    """The file's bytes, unbuffered.

    Never waits for a pipe's other end and never wakes a device. Raises UnusableFootage:
    `unreadable` (may pass), `not-a-file` or `empty`.
    """
    try:
        _regular(path, path.stat())
        # Between the look and the opening the path may have become something else: hence no waiting
        # for a pipe, no controlling terminal, and a second look at what was really opened.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        file = open(number, "rb", buffering=0)  # noqa: PTH123, SIM115 (a descriptor; the caller closes it)
        try:
            _regular(path, os.fstat(number))
        except BaseException:
            file.close()
            raise
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise unreadable(path, error) from error
    return file


def unreadable(path: Path, error: Exception) -> UnusableFootage:
    reason = getattr(error, "strerror", None) or str(error)
    return UnusableFootage(
        "unreadable",
        f"{path}: the file cannot be read ({reason}). Check that its disk is connected and that you may read it.",
        passing=True,
    )


def _regular(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnusableFootage(
            "not-a-file", f"{path}: this is not a file but a folder, pipe or device. Name the file itself."
        )
    if status.st_size == 0:
        raise UnusableFootage("empty", f"{path}: the file is empty. Copy it again from its source.")
