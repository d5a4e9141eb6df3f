"""What a person or the system wants of a running daemon, and what it says of itself meanwhile."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from momentidx.pipeline.run import InWork, WatchedRoot

if TYPE_CHECKING:  # signals are heard before the worker and its libraries are loaded
    from momentidx.pipeline.worker import Outcome


@dataclass(frozen=True, slots=True)
class Orders:
    """Events that a signal handler sets."""

    stop: threading.Event = field(default_factory=threading.Event)
    """Finish or leave what is in work, and end."""
    hurry: threading.Event = field(default_factory=threading.Event)
    """End now: it was asked for twice."""
    reload: threading.Event = field(default_factory=threading.Event)
    """Read the settings again."""


class Listener(Protocol):
    """Is told what the daemon does, by any of its threads; the command prints it."""

    def watching(self, roots: Sequence[WatchedRoot]) -> None: ...
    def told(self, sentence: str) -> None: ...
    def indexed(self, outcome: Outcome) -> None: ...


@dataclass(slots=True)
class Progress:
    """What the threads of the daemon know of each other; every field is set whole by one of them."""

    clock: Callable[[], float] = time.monotonic
    roots: tuple[WatchedRoot, ...] = ()
    settling: int = 0
    walked: float | None = None
    """Seconds since 1970."""
    walk_seconds: float = 0.0
    in_work: InWork | None = None
    waits: str | None = None
    files_done: int = 0
    files_failed: int = 0
    beat: float = field(init=False)
    """When the worker last showed a sign of life, by `clock`."""
    _recent: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=50))
    """Of the last files: seconds of footage, and seconds they took."""

    def __post_init__(self) -> None:
        self.beat = self.clock()

    def works(self, path: Path, part: float) -> None:
        self.in_work = InWork(str(path), round(part, 4))
        self.beat = self.clock()

    def ended(self, outcome: Outcome, seconds: float) -> None:
        self.in_work = None
        self.beat = self.clock()
        if outcome.footage is None:
            self.files_failed += 1
        else:
            self.files_done += 1
            self._recent.append((float(outcome.footage.duration), seconds))

    def rests(self, why: str | None) -> None:
        self.in_work = None
        self.waits = why
        self.beat = self.clock()

    @property
    def speed(self) -> float | None:
        """Seconds of footage done in a second, over the last files."""
        footage, took = (sum(column) for column in zip(*self._recent, strict=True)) if self._recent else (0.0, 0.0)
        return footage / took if took else None
