"""When is a file complete? When it stood still long enough. Decided here, without a clock of its own.

`now` is a reading of a monotonic clock in seconds, so that setting the machine's clock changes
nothing. A file that a copy tool stamps with an old or a future modification time is no different:
only a change of what is seen restarts its wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from momentidx.files import SeenFile

CARD_FOLDERS = frozenset({"AVCHD", "BPAV", "CLIPS", "CONTENTS", "DCIM", "M4ROOT", "PRIVATE", "XDROOT"})
"""Folders that cameras make on their cards. A card is copied file by file: its clips wait for each other."""
PATIENCE = 600.0
"""Seconds after which a file is not kept waiting any more for the rest of its card, or for its first byte."""

UNFINISHED = frozenset({"empty", "truncated"})
"""What the probe says of files whose rest is still to come."""


@dataclass(slots=True)
class _Wait:
    file: SeenFile
    since: float
    """When it was first seen as it is."""
    card: Path | None


@dataclass(slots=True)
class Settling:
    """Files that were seen and may still be growing."""

    seconds: Callable[[Path], float]
    """How long the file at a path has to stand still."""
    _waiting: dict[Path, _Wait] = field(default_factory=dict)
    _arrivals: dict[Path, float] = field(default_factory=dict)
    """For each card that is being copied: when one of its files was last seen to change."""

    def saw(self, files: Iterable[SeenFile], now: float) -> None:
        for file in files:
            known = self._waiting.get(file.path)
            if known is None or known.file != file:
                card = known.card if known else card_of(file.path)
                self._waiting[file.path] = _Wait(file, now, card)
                if card:
                    self._arrivals[card] = now

    def forget(self, paths: Iterable[Path]) -> None:
        """They are gone, or were taken care of."""
        for path in paths:
            self._waiting.pop(path, None)
        if not self._waiting:
            self._arrivals.clear()

    def due(self, now: float) -> list[Path]:
        """Files whose wait is over if they are still as they were: look at them again, then ask `ready`."""
        return [path for path, wait in self._waiting.items() if now >= self._over(wait)]

    def ready(self, now: float) -> list[SeenFile]:
        """Files that stood still, in the order they were seen; each is given once."""
        found = [self._waiting[path].file for path in self.due(now)]
        self.forget(file.path for file in found)
        return found

    @property
    def paths(self) -> list[Path]:
        """Files that are still waited for."""
        return list(self._waiting)

    def _over(self, wait: _Wait) -> float:
        """When a wait ends, if nothing more happens."""
        if not wait.file.size:
            return wait.since + PATIENCE  # then let the worker say that it is empty
        seconds = self.seconds(wait.file.path)
        arrival = self._arrivals[wait.card] if wait.card else wait.since
        return max(wait.since + seconds, min(arrival + seconds, wait.since + PATIENCE))


def may_still_grow(code: str, file: SeenFile, now: float) -> bool:
    """Whether a file that stood still but does not open may just be slow in coming; `now` in seconds since 1970.

    It is tried again then, until it was left alone for long.
    """
    changed = max(file.mtime_ns, file.ctime_ns) / 1e9
    return code in UNFINISHED and abs(now - changed) < PATIENCE


def card_of(path: Path) -> Path | None:
    """The folder of a camera card that a file lies in, the outermost one; None for other files."""
    for depth, name in enumerate(path.parts[:-1]):
        if name.upper() in CARD_FOLDERS:
            return Path(*path.parts[: depth + 1])
    return None
