"""SeenFile: what the file system says about one file, without opening it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

Facts = tuple[int, int, int, int]
"""Size, mtime_ns, ctime_ns and inode of a file, as in `SeenFile`: a hundred thousand of them are compared in one go."""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file as it was when looked at. Two equal values mean: nothing happened to the file."""

    path: Path
    """Absolute. Names that are not UTF-8 are kept byte for byte (surrogate escapes)."""
    size: int
    """Bytes."""
    mtime_ns: int
    ctime_ns: int
    """Changes even when a copy tool puts the old modification time back."""
    inode: int
    """Its lower 63 bits: a database's integers are signed, and some file systems use all 64."""

    @classmethod
    def of(cls, path: Path, stat: os.stat_result | None = None) -> Self:
        """Look at a file now. Raises OSError when it cannot be looked at."""
        return cls(path, *facts(stat if stat is not None else path.stat()))

    @property
    def facts(self) -> Facts:
        return self.size, self.mtime_ns, self.ctime_ns, self.inode


def facts(stat: os.stat_result) -> Facts:
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino & (2**63 - 1)
