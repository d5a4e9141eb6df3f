"""Which media files lie under a folder right now."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Self

from momentidx.files import SeenFile

if TYPE_CHECKING:
    from momentidx.config import Settings


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which names are looked at."""

    extensions: Sequence[str]
    ignore: Sequence[str]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(settings.extensions, settings.ignore)

    def passes_over(self, name: str) -> bool:
        return any(fnmatch(name, pattern) for pattern in self.ignore)

    def file(self, name: str) -> bool:
        stem, _, ending = name.rpartition(".")
        return bool(stem) and ending.lower() in self.extensions and not self.passes_over(name)


@dataclass(slots=True)
class Walk:
    """One walk over one folder: iterate for the files; `unreadable` grows as it goes."""

    root: Path
    wanted: Wanted
    passed_over: frozenset[Path] = frozenset()
    """Folders that are not entered whatever they are called (the library's own)."""
    unreadable: list[str] = field(default_factory=list)
    """A sentence for each folder that could not be looked into."""

    def __iter__(self) -> Iterator[SeenFile]:
        """Regular files with wanted names, in order of path; links, devices and pipes are not followed or opened."""
        folders = [self.root]
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(folder) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
            except OSError as error:
                self.unreadable.append(f"{folder}: {error.strerror}. Its files are left as they are.")
                continue
            inner = []
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    path = Path(entry.path)
                    if not self.wanted.passes_over(entry.name) and path not in self.passed_over:
                        inner.append(path)
                elif self.wanted.file(entry.name):
                    found = _regular(entry)
                    if found is not None:
                        yield SeenFile.of(Path(entry.path), found)
            folders.extend(reversed(inner))


def _regular(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:  # it went away since the folder was listed
        return None
    return found if stat.S_ISREG(found.st_mode) else None
