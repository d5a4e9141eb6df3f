"""Stills: JPEGs named by their content."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from momentidx.errors import LibraryError
from momentidx.failpoints import reach

STILLS = "stills"
ENDING = ".jpg"
PART = ".part"

_BEGINNINGS = [f"{number:02x}" for number in range(256)]
_SETTLED_NS = 2_000_000_000
"""A folder that changed less long ago may change again without showing it: some file systems count in seconds."""


_NOT_THERE, _UNKNOWN = 0, -1
"""... or one of these."""


class Stills:
    """A folder of pictures. A name stands for one content for ever, so nothing is written twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._size: int | None = None
        self._listed: dict[str, int] = {}
        """When each folder last changed before it was listed, in ns since 1970."""

    def path(self, name: str) -> Path:
        """Where a picture lies; two levels, because some file systems slow down in large folders."""
        return self._folder / name[:2] / f"{name}{ENDING}"

    def names(self) -> set[str]:
        """Of all pictures that are there."""
        return {path.stem for path in self._folder.glob(f"*/*{ENDING}")}

    def changed(self) -> dict[str, set[str]]:
        """The names in each folder that changed since this was asked before, by the letters they begin with.

        A look at 256 folders, however many pictures there are. One that cannot be looked into is left out.
        """
        found = {}
        for beginning in _BEGINNINGS:
            folder = self._folder / beginning
            try:
                changed = _changed(folder)
                if changed == self._listed.get(beginning):
                    continue
                found[beginning] = _listing(folder) if changed != _NOT_THERE else set()
            except OSError:
                continue
            self._listed[beginning] = changed if changed < time.time_ns() - _SETTLED_NS else _UNKNOWN
        return found

    def size(self) -> int:
        """Bytes of all pictures: measured when first asked for, and counted on from then."""
        return self.measured() if self._size is None else self._size

    def measured(self) -> int:
        """The same, by a look at every picture. What writers that died left is deleted.

        Only the thread that puts pictures may ask: another would take its unfinished ones for left.
        """
        self._size = sum(map(_bytes, self._folder.glob(f"*/*{ENDING}")))
        self._sweep()
        return self._size

    def bytes_of(self, name: str) -> int:
        """Of one picture; none when it is gone."""
        return _bytes(self.path(name))

    def drop(self, names: Iterable[str]) -> int:
        """Delete pictures that nothing names any more, and what writers that died left; how many bytes."""
        freed = sum(map(_delete, map(self.path, names)))
        if self._size is not None:
            self._size -= freed
        return freed + self._sweep()

    def put(self, jpeg: bytes) -> str:
        """Keep a picture and give its name. After a crash it is there whole or not at all."""
        name = hashlib.sha256(jpeg).hexdigest()
        path = self.path(name)
        if not path.exists():
            try:
                _write(path, jpeg)
            except OSError as error:
                raise LibraryError(f"{path}: a still cannot be written: {error.strerror}. Free some space.") from error
            if self._size is not None:
                self._size += len(jpeg)
        return name

    def _sweep(self) -> int:
        return sum(_delete(part) for part in self._folder.glob(f"*/*{PART}"))


def _changed(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except FileNotFoundError:
        return _NOT_THERE


def _listing(folder: Path) -> set[str]:
    with os.scandir(folder) as entries:
        return {entry.name.removesuffix(ENDING) for entry in entries if entry.name.endswith(ENDING)}


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _delete(path: Path) -> int:
    size = _bytes(path)
    path.unlink(missing_ok=True)
    return size


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = tempfile.NamedTemporaryFile(dir=path.parent, suffix=PART, delete=False)  # noqa: SIM115  closed below
    try:
        with part:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())  # else a power cut could leave the name with nothing behind it
        reach("stills.written")
        # The folder is not synced as well: a power cut may take the name back, and then the picture is missed by
        # the next walk and made again, which costs less than a sync for every event of every clip.
        Path(part.name).replace(path)
        reach("stills.replaced")
    except OSError:
        Path(part.name).unlink(missing_ok=True)
        raise
