"""The daemon: one loop that looks, waits for copies to finish, and indexes, until it is told to stop.

Everything happens in one thread. While a long file is being watched, the loop's own duties are done
between two batches of pictures, so that arriving files are noticed and a stop is heard within a
second or two.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from momentidx.library import WritableLibrary
from momentidx.pipeline.intake import Intake
from momentidx.pipeline.tools import Tools
from momentidx.pipeline.worker import Outcome, Stopped, work
from momentidx.watch.hints import Hints

BREATH = 1.0
"""Seconds between two looks at most while something is going on."""


class Listener(Protocol):
    """Is told what the daemon does; the command prints it."""

    def watching(self, roots: Sequence[Path], without_events: dict[Path, str]) -> None: ...
    def unreadable(self, sentences: Sequence[str]) -> None: ...
    def indexed(self, outcome: Outcome) -> None: ...


def watch(
    roots: Sequence[Path],
    library: WritableLibrary,
    tools: Tools,
    stop: threading.Event,
    listener: Listener,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Watch folders and index what arrives, until `stop` is set.

    What an earlier run left queued or half done goes first. Setting `stop` abandons the file in work
    (it stays queued) and returns.
    """
    intake = Intake(library, roots, tools.settings)
    with Hints(roots) as hints:
        listener.watching(roots, hints.unwatched)
        duties = _Duties(intake, hints, stop, listener, clock)
        try:
            while not stop.is_set():
                duties.do()
                for outcome in work(library, tools, tell=duties.between_batches):
                    listener.indexed(outcome)
                stop.wait(BREATH)
        except Stopped:
            return


class _Duties:
    """What has to be done regularly, however busy the worker is."""

    def __init__(
        self, intake: Intake, hints: Hints, stop: threading.Event, listener: Listener, clock: Callable[[], float]
    ) -> None:
        self._intake = intake
        self._hints = hints
        self._stop = stop
        self._listener = listener
        self._clock = clock
        self._next_walk = self._next_round = clock()
        self._complained: list[str] = []

    def do(self) -> None:
        now = self._clock()
        self._next_round = now + BREATH
        if now >= self._next_walk or self._hints.woken.is_set():
            self._hints.woken.clear()  # before the walk: what happens during it wakes us again
            self._intake.look(now)
            self._next_walk = now + self._intake.settings.scan_seconds
            if self._intake.unreadable != self._complained:
                self._complained = self._intake.unreadable
                self._listener.unreadable(self._complained)
        self._intake.settle(now)

    def between_batches(self, _path: Path, _part: Fraction) -> None:
        if self._stop.is_set():
            raise Stopped
        if self._clock() >= self._next_round:
            self.do()
