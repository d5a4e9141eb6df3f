"""When is a file complete? When it stood still long enough. Decided here, without a clock of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from momentidx.files import SeenFile


@dataclass(slots=True)
class Settling:
    """Files that were seen and may still be growing.

    `now` is a reading of a monotonic clock in seconds, so that setting the machine's clock changes
    nothing. A file that a copy tool stamps with an old or a future modification time is no different:
    only a change of what is seen restarts its wait.
    """

    seconds: float
    """How long a file has to stand still."""
    _since: dict[Path, tuple[SeenFile, float]] = field(default_factory=dict)

    def saw(self, files: Iterable[SeenFile], now: float) -> None:
        for file in files:
            known = self._since.get(file.path)
            if known is None or known[0] != file:
                self._since[file.path] = (file, now)

    def forget(self, paths: Iterable[Path]) -> None:
        """They are gone, or were taken care of."""
        for path in paths:
            self._since.pop(path, None)

    def ready(self, now: float) -> list[SeenFile]:
        """Files that stood still and are not empty, oldest first; each is given once."""
        found = [file for file, since in self._since.values() if now - since >= self.seconds and file.size > 0]
        self.forget(file.path for file in found)
        return found

    @property
    def paths(self) -> list[Path]:
        """Files that are still waited for."""
        return list(self._since)

    def next_ready(self) -> float | None:
        """The moment at which the next file may be ready; None when none is waiting."""
        return min((since + self.seconds for file, since in self._since.values() if file.size > 0), default=None)
