"""Whose turn it is where one question is answered after the other: who waits behind a long one waits little.

Every question gets a time by which it should have begun: when it came, plus as long as it is itself expected to take, a
few times over. The earliest is next. So short questions pass long ones, but not for ever: a question that came later by
more than that stays behind. A long one steps back between its parts where another is due.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count
from math import inf
from time import monotonic

from momentidx.search.query import Query, Timed, walk

SHORT_SECONDS = 0.1
LONG_SECONDS = 1.0
"""What a question about time takes, about: each of its parts is looked for everywhere and then together."""
PATIENCE = 3
"""For so many times as long as it takes itself, a question lets others pass."""


class Turns:
    """One at a time."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._numbers = count()
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int]] = []
        self._running: tuple[float, int] | None = None

    @contextmanager
    def turn(self, seconds: float = SHORT_SECONDS) -> Iterator[Callable[[], None]]:
        """Waits until it is the turn of a question that takes about so long. What it gets steps back for others."""
        mine = self._clock() + PATIENCE * seconds, next(self._numbers)
        self._begin(mine)
        try:
            yield lambda: self._step_back(mine)
        finally:
            self._end()

    @contextmanager
    def last(self) -> Iterator[None]:
        """Waits for all that have begun or wait by now, and not for ever for those that come later."""
        with self._changed:
            known = [*self._waiting, *([self._running] if self._running else [])]
            due = max((until for until, _ in known if until < inf), default=0.0)  # not for what has all the time
            self._begin((due, next(self._numbers)))
        try:
            yield
        finally:
            self._end()

    def _step_back(self, mine: tuple[float, int]) -> None:
        with self._changed:
            if not self._waiting or self._waiting[0] > mine:
                return
            self._end()  # in one go with the next line: who closes must always find it
            self._begin(mine)

    def _begin(self, mine: tuple[float, int]) -> None:
        with self._changed:
            heappush(self._waiting, mine)
            self._changed.wait_for(lambda: not self._running and self._waiting[0] == mine)
            self._running = heappop(self._waiting)

    def _end(self) -> None:
        with self._changed:
            self._running = None
            self._changed.notify_all()


def expected(query: Query) -> float:
    """Seconds that a question takes, about."""
    return LONG_SECONDS if any(isinstance(each, Timed) for each in walk(query)) else SHORT_SECONDS
