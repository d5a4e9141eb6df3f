"""Moments after which nothing that was heard can be trusted: the machine slept, or a mount came or went."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

SLEPT_SECONDS = 5.0
"""Two clocks, of which one stands still while the machine sleeps, differ by so much only when it did."""
STOPPED_SECONDS = 60.0
"""We look every second; after such a gap we were stopped, and events may have been lost."""


def _with_sleep() -> float:
    """A monotonic clock that goes on while the machine sleeps (Linux); else one that may not."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(slots=True)
class Doubts:
    """Asked regularly, says whether everything has to be looked at again, and why."""

    mounts: Callable[[], tuple[str, ...]]
    """What is mounted where it matters (`mounts_around`)."""
    awake: Callable[[], float] = time.monotonic
    always: Callable[[], float] = _with_sleep
    _before: tuple[float, float, tuple[str, ...]] | None = field(default=None, init=False)

    def new(self) -> str | None:
        """What happened since it was last asked that calls for a full walk; None for nothing."""
        before, now = self._before, (self.awake(), self.always(), self.mounts())
        self._before = now
        if before is None:
            return None
        ran, passed = now[0] - before[0], now[1] - before[1]
        if passed - ran > SLEPT_SECONDS:
            return f"the machine slept for {passed - ran:.0f} s"
        if ran > STOPPED_SECONDS:
            return f"the program was stopped for {ran:.0f} s"
        return "a file system was mounted or unmounted" if now[2] != before[2] else None
