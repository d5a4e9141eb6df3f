"""Which media files lie under a folder right now."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from momentidx.files import Facts, SeenFile, facts

if TYPE_CHECKING:
    from momentidx.config import Settings


@dataclass(frozen=True)
class Wanted:
    """Which names are looked at."""

    extensions: Sequence[str]
    ignore: Sequence[str]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(settings.extensions, settings.ignore)

    def passes_over(self, name: str) -> bool:
        return self._ignored.match(name) is not None

    def file(self, name: str) -> bool:
        stem, _, ending = name.rpartition(".")
        return bool(stem) and ending.lower() in self._endings and not self.passes_over(name)

    def reaches(self, path: Path, root: Path) -> bool:
        """Whether a walk from the root would come by this path: no folder on the way is passed over."""
        return path.is_relative_to(root) and not any(map(self.passes_over, path.relative_to(root).parts))

    @cached_property
    def _ignored(self) -> re.Pattern[str]:
        # One pattern for all, since every name of a large folder meets it; (?!) matches nothing.
        return re.compile("|".join(map(translate, self.ignore)) or "(?!)")

    @cached_property
    def _endings(self) -> frozenset[str]:
        return frozenset(self.extensions)


@dataclass(slots=True)
class Walk:
    """One walk over one folder: iterate for the files; the other fields fill as it goes."""

    root: Path
    wanted: Wanted
    passed_over: frozenset[Path] = frozenset()
    """Folders that are not entered whatever they are called (the library's own)."""
    unreadable: dict[Path, str] = field(default_factory=dict)
    """A sentence for each folder that could not be looked into; nothing is known of what it holds."""
    folders: int = 0
    """How many folders were listed."""

    def __iter__(self) -> Iterator[SeenFile]:
        """Regular files with wanted names, in order of path; links, devices and pipes are not followed or opened."""
        return (SeenFile(Path(path), *found) for path, found in self.listing())

    def listing(self) -> Iterator[tuple[str, Facts]]:
        """The same as plain values, which take half the time to make."""
        folders = [str(self.root)]
        passed_over = {str(folder) for folder in self.passed_over}
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(folder) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
            except OSError as error:
                self.unreadable[Path(folder)] = f"{folder}: {error.strerror}. Its files are left as they are."
                continue
            self.folders += 1
            inner = []
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not self.wanted.passes_over(entry.name) and entry.path not in passed_over:
                        inner.append(entry.path)
                elif self.wanted.file(entry.name):
                    found = _regular(entry)
                    if found is not None:
                        yield entry.path, found
            folders.extend(reversed(inner))


def _regular(entry: os.DirEntry[str]) -> Facts | None:
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:  # it went away since the folder was listed
        return None
    return facts(found) if stat.S_ISREG(found.st_mode) else None
