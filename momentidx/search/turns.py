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
        self._busy = False

    @contextmanager
    def turn(self, seconds: float = SHORT_SECONDS) -> Iterator[Callable[[], None]]:
        """Waits until it is the turn of a question that takes about so long. What it gets steps back for others."""
        mine = self._clock() + PATIENCE * seconds, next(self._numbers)
        self._begin(mine)
        try:
            yield lambda: self._step_back(mine)
        finally:
            self._end()

    def _step_back(self, mine: tuple[float, int]) -> None:
        with self._changed:
            if not self._waiting or self._waiting[0] > mine:
                return
        self._end()
        self._begin(mine)

    def _begin(self, mine: tuple[float, int]) -> None:
        with self._changed:
            heappush(self._waiting, mine)
            self._changed.wait_for(lambda: not self._busy and self._waiting[0] == mine)
            heappop(self._waiting)
            self._busy = True

    def _end(self) -> None:
        with self._changed:
            self._busy = False
            self._changed.notify_all()


def expected(query: Query) -> float:
    """Seconds that a question takes, about."""
    return LONG_SECONDS if any(isinstance(each, Timed) for each in walk(query)) else SHORT_SECONDS
