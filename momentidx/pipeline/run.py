"""What the daemon is doing right now, for other processes: `run.json` in the library folder.

It is written whole or not at all, at most once a second, and removed when the daemon ends. After a
crash it stays behind; whoever reads it compares its process with the holder of the library's lock.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from momentidx.failpoints import reach

RUN_FILE = "run.json"
EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class WatchedRoot:
    """How one folder is watched."""

    path: str
    mode: str
    """`events` or `polling`."""
    why: str | None
    """Why it is polled."""
    away: str | None
    """Why its files are taken to be away; None while it stands well."""


@dataclass(frozen=True, slots=True)
class InWork:
    """The file that is worked on."""

    path: str
    part: float
    """How much of the current step is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Run:
    """The state of a daemon."""

    pid: int
    started: float
    """Seconds since 1970, like `written`."""
    written: float
    roots: tuple[WatchedRoot, ...] = ()
    settling: int = 0
    """Files that may still be growing."""
    walked: float | None = None
    """When everything was last walked ..."""
    walk_seconds: float = 0.0
    """... and how long that took."""
    in_work: InWork | None = None
    waits: str | None = None
    """Why nothing is worked on although something may be due: `paused`, quiet window, disk, ..."""
    speed: float | None = None
    """Seconds of footage that are done in a second, of late; None before anything was."""
    files_done: int = 0
    files_failed: int = 0
    decoder_deaths: int = 0

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of `to_json`; raises ValueError, TypeError or KeyError for anything else."""
        values: dict[str, Any] = json.loads(text)
        values["roots"] = tuple(WatchedRoot(**root) for root in values["roots"])
        values["in_work"] = values["in_work"] and InWork(**values["in_work"])
        return cls(**values)

    def to_json(self) -> str:
        return json.dumps(asdict(self))


class RunFile:
    """Writes the file, so often as is good for it. Trouble with it never troubles the daemon."""

    def __init__(self, library: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = library / RUN_FILE
        self._clock = clock
        self._next = clock()

    def write(self, run: Callable[[], Run]) -> None:
        """Write what `run` tells, unless that was done a moment ago."""
        if self._clock() < self._next:
            return
        self._next = self._clock() + EVERY_SECONDS
        unfinished = self._file.with_suffix(".unfinished")
        with suppress(OSError):  # a full disk
            unfinished.write_text(run().to_json(), encoding="utf-8")
            reach("run.written")
            unfinished.replace(self._file)
            reach("run.replaced")

    def remove(self) -> None:
        with suppress(OSError):
            self._file.unlink()


def read_run(library: Path, writer: str | None) -> Run | None:
    """The state of the process that holds the library's lock (`Library.writer`); None when it tells none."""
    try:
        run = Run.from_json((library / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return run if writer is not None and writer.startswith(f"process {run.pid} ") else None
