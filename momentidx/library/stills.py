"""Stills: JPEGs named by their content."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from momentidx.errors import LibraryError
from momentidx.failpoints import reach

STILLS = "stills"
PART = ".part"


class Stills:
    """A folder of pictures. A name stands for one content for ever, so nothing is written twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        """Where a picture lies; two levels, because some file systems slow down in large folders."""
        return self._folder / name[:2] / f"{name}.jpg"

    def names(self) -> set[str]:
        """Of all pictures that are there."""
        return {path.stem for path in self._folder.glob("*/*.jpg")}

    def drop(self, names: Iterable[str]) -> int:
        """Delete pictures that nothing names any more, and what writers that died left; how many bytes."""
        freed = 0
        for path in [*map(self.path, names), *self._folder.glob(f"*/*{PART}")]:
            freed += path.stat().st_size
            path.unlink()
        return freed

    def put(self, jpeg: bytes) -> str:
        """Keep a picture and give its name. After a crash it is there whole or not at all."""
        name = hashlib.sha256(jpeg).hexdigest()
        path = self.path(name)
        if not path.exists():
            try:
                _write(path, jpeg)
            except OSError as error:
                raise LibraryError(f"{path}: a still cannot be written: {error.strerror}. Free some space.") from error
        return name


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=PART, delete=False) as part:
        try:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())  # else a power cut could leave the name with nothing behind it
            reach("stills.written")
            Path(part.name).replace(path)
            reach("stills.replaced")
        except OSError:
            Path(part.name).unlink(missing_ok=True)
            raise
