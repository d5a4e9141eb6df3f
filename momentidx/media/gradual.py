"""Fades and dissolves: borders without a cut, one for each.

They are slow, so a few pictures a second are enough to see them.

- A fade goes through black or white; its border is the middle of the empty stretch.
- In a dissolve every picture is a mean of the two ends, which no movement of a camera or a thing
  imitates; its border is where both ends weigh the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from fractions import Fraction

import cv2
import numpy as np

from momentidx.media.compare import Picture

_PER_SECOND = 12
_LAGS = (4, 8, 16, 24)
"""Lengths of dissolve looked for, in pictures of the above rate: a third of a second to two seconds."""
_APART = 24.0
"""Least difference between the two ends of a dissolve."""
_DETOUR = 4.0
"""A dissolve goes straight from one end to the other, but for movement and noise: never so many times as far."""
_UNEVEN = 15.0
"""Least deviation of their difference in luma: where the light changes, it changes nearly everywhere."""
_MOST = 12
"""How much at least half of all pixels differ: where only a title comes in, they do not."""
_ALIKE = 0.6
"""Ends that correlate more are one view in changing light."""
_RESIDUAL = 0.25
"""How far a picture between may be from a mixture of the ends, as a share of their distance."""
_LEAST_STEP = 0.1
"""How much of the new picture comes in, at least, with every quarter of the way."""
_CENTRED = 0.3
_BLANK = 3.0
"""Deviation of luma that an empty stretch falls below somewhere; a night view does not."""
_BLINK_SECONDS = Fraction(2, 5)
_NOTHING = (0.0, 0, 0, 0)


class FadeDetector:
    """Fed every picture in order; borders collect in `middles` as (start, middle, end) of the empty stretch."""

    def __init__(self, base: Fraction) -> None:
        self.middles: list[tuple[int, int, int]] = []
        self._blink = int(_BLINK_SECONDS / base)
        self._before: Picture | None = None
        self._since: int | None = None
        self._emptiest = 0.0

    def feed(self, picture: Picture) -> None:
        if picture.is_empty:
            if self._since is None:
                self._since, self._emptiest = picture.pts, picture.brightness[1]
            self._emptiest = min(self._emptiest, picture.brightness[1])
            return
        if self._since is not None and self._before is not None and self._emptiest < _BLANK:
            blinked = picture.pts - self._since <= self._blink and picture.likeness(self._before) > _ALIKE
            if not blinked:
                self.middles.append((self._since, (self._since + picture.pts) // 2, picture.pts))
        self._since, self._before = None, picture


class DissolveDetector:
    """Fed every picture in order; borders collect in `middles` as (start, middle, end) of the dissolve."""

    def __init__(self, start: int, base: Fraction) -> None:
        self.middles: list[tuple[int, int, int]] = []
        self._step = max(1, int(1 / (base * _PER_SECOND)))
        self._start = self._due = start
        self._slow: deque[Picture] = deque(maxlen=max(_LAGS) + 1)
        self._way = 0.0  # all differences from one to the next, added up
        self._ways: deque[float] = deque(maxlen=max(_LAGS) + 1)
        self._best: tuple[float, int, int, int] | None = None

    def feed(self, picture: Picture) -> None:
        if picture.pts < self._due:
            return
        self._due = picture.pts + self._step - (picture.pts - self._start) % self._step
        if self._slow:
            self._way += picture.difference(self._slow[-1])
        self._slow.append(picture)
        self._ways.append(self._way)
        found = max((self._dissolved(lag) for lag in _LAGS if lag < len(self._slow)), default=_NOTHING)
        if found[0] > 0:
            if self._best is None or found[0] > self._best[0]:
                self._best = found
        elif self._best is not None and picture.pts - self._best[3] > max(_LAGS) // 2 * self._step:
            self.finish()

    @property
    def is_open(self) -> bool:
        """Whether the last pictures seem to belong to a dissolve."""
        return self._best is not None

    def finish(self) -> None:
        if self._best is not None:
            self.middles.append(self._best[1:])
            self._best = None

    def _dissolved(self, lag: int) -> tuple[float, int, int, int]:
        """How much the last `lag` pictures look like a dissolve (0: not at all), and where it is."""
        first, last = self._slow[-1 - lag], self._slow[-1]
        way = self._ways[-1] - self._ways[-1 - lag]
        if way < _APART:  # the ends cannot be farther apart than the way between them
            return _NOTHING
        apart = first.difference(last)
        if apart < _APART or way > _DETOUR * apart or first.is_empty or last.is_empty or first.likeness(last) > _ALIKE:
            return _NOTHING
        changed = np.count_nonzero(cv2.absdiff(first.luma, last.luma) >= _MOST)
        if 2 * changed < first.luma.size:
            return _NOTHING
        start = first.structure
        all_of_it = last.structure - start
        length = float(all_of_it @ all_of_it)
        if length < _UNEVEN**2 * all_of_it.size:
            return _NOTHING
        weights = [0.0]
        for part in (lag // 4, lag // 2, lag - lag // 4):
            offset = self._slow[-1 - lag + part].structure - start
            weight = float(offset @ all_of_it) / length
            rest = offset - weight * all_of_it
            if float(rest @ rest) > _RESIDUAL**2 * length or weight < weights[-1] + _LEAST_STEP:
                return _NOTHING
            weights.append(weight)
        off_centre = abs(weights[2] - 0.5)
        middle = self._slow[-1 - lag + lag // 2]
        return (apart * (1 - off_centre), first.pts, middle.pts, last.pts) if off_centre < _CENTRED else _NOTHING


def without_cuts(middles: Iterable[tuple[int, int, int]], cuts: Iterable[int]) -> list[int]:
    """The middles of the stretches that no cut touches: where there is a cut, the cut is the border."""
    taken = list(cuts)
    return [middle for start, middle, end in middles if not any(start <= cut <= end for cut in taken)]
