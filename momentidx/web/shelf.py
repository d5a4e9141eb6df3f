"""Exported files, kept for a while in a temporary folder of the server until they are fetched."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from momentidx.web.problems import Conflict, NotFound

MOST_EXPORTS = 20
MOST_BYTES = 512 * 2**20


class Shelf:
    """The last exports; older ones make room. The folder goes with the process."""

    def __init__(self, most_exports: int = MOST_EXPORTS, most_bytes: int = MOST_BYTES) -> None:
        self._most_exports = most_exports
        self._most_bytes = most_bytes
        self._turn = threading.Lock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._kept: dict[str, dict[str, int]] = {}
        """Of each export, oldest first, names and bytes of its files."""

    @contextmanager
    def room(self) -> Iterator[tuple[str, Path]]:
        """A new export's number and an empty folder; what lies in it at the end of the block is kept."""
        with self._turn:
            self._folder = self._folder or tempfile.TemporaryDirectory(prefix="momentidx-exports-")
            number = secrets.token_urlsafe(12)
            folder = Path(self._folder.name) / number
            folder.mkdir()
        try:
            yield number, folder
            files = {file.name: file.stat().st_size for file in folder.iterdir()}
            if sum(files.values()) > self._most_bytes:
                raise Conflict(
                    f"The files have more than {self._most_bytes // 2**20} MB, which is all that the server keeps. "
                    "Write them with 'momentidx export' instead."
                )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        with self._turn:
            self._kept[number] = files
            while len(self._kept) > self._most_exports or self._bytes() > self._most_bytes:
                oldest = next(iter(self._kept))
                del self._kept[oldest]
                shutil.rmtree(folder.parent / oldest, ignore_errors=True)

    def file(self, number: str, name: str) -> Path:
        """A file of an export. Raises NotFound."""
        with self._turn:
            if self._folder is None or name not in self._kept.get(number, {}):
                raise NotFound("This file is no longer kept. Export it again.")
            return Path(self._folder.name) / number / name

    def close(self) -> None:
        with self._turn:
            self._kept.clear()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def _bytes(self) -> int:
        return sum(size for files in self._kept.values() for size in files.values())
