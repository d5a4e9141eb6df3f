"""Intake: what lies in the folders, compared with what the library knows, becomes jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from momentidx.config import Settings
from momentidx.files import SeenFile
from momentidx.library import WritableLibrary
from momentidx.watch.settle import Settling
from momentidx.watch.walk import Walk, Wanted


@dataclass(slots=True)
class Intake:
    """Looks at watched folders and queues what is new and complete. The clock is passed in."""

    library: WritableLibrary
    roots: Sequence[Path]
    settings: Settings
    settling: Settling = field(init=False)
    unreadable: list[str] = field(default_factory=list)
    """Folders the last walk could not look into, as sentences."""

    def __post_init__(self) -> None:
        self.settling = Settling(self.settings.settle_seconds)

    def look(self, now: float) -> None:
        """Walk every root: new and changed files begin to settle, vanished ones are offline."""
        known = self.library.known_files()
        found: set[Path] = set()
        self.unreadable = []
        for root in self.roots:
            walk = Walk(root, Wanted.of(self.settings), passed_over=frozenset({self.library.folder}))
            fresh = []
            for file in walk:
                found.add(file.path)
                if known.get(file.path) != file:
                    fresh.append(file)
            self.settling.saw(fresh, now)
            self.unreadable += walk.unreadable
        here = [path for path in known if any(path.is_relative_to(root) for root in self.roots)]
        self.library.mark(
            online=[path for path in here if path in found], offline=[path for path in here if path not in found]
        )

    def settle(self, now: float) -> int:
        """Look again at files that may still grow and queue those that stood still; how many were queued."""
        for path in self.settling.paths:
            try:
                self.settling.saw([SeenFile.of(path)], now)
            except OSError:  # it went away, or cannot be looked at any more
                self.settling.forget([path])
        return len(self.library.enqueue_all(self.settling.ready(now)))
