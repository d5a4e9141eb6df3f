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
from numpy.typing import NDArray

from momentidx.media.compare import Picture

_PER_SECOND = 12
_LAGS = (4, 8, 16, 24)
"""Lengths of dissolve looked for, in pictures of the above rate: a third of a second to two seconds."""
_APART = 24.0
"""Least difference between the two ends of a dissolve."""
_UNEVEN = 15.0
"""Least deviation of their difference in luma: where the light changes, it changes nearly everywhere."""
_MOST = 12.0
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

    def __init__(self, base: Fraction) -> None:
        self.middles: list[tuple[int, int, int]] = []
        self._step = max(1, int(1 / (base * _PER_SECOND)))
        self._due: int | None = None
        self._slow: deque[Picture] = deque(maxlen=max(_LAGS) + 1)
        self._best: tuple[float, int, int, int] | None = None

    def feed(self, picture: Picture) -> None:
        if self._due is not None and picture.pts < self._due:
            return
        late = picture.pts if self._due is None else max(self._due, picture.pts - self._step)
        self._due = late + self._step
        self._slow.append(picture)
        found = max((self._dissolved(lag) for lag in _LAGS if lag < len(self._slow)), default=_NOTHING)
        if found[0] > 0:
            if self._best is None or found[0] > self._best[0]:
                self._best = found
        elif self._best is not None and picture.pts - self._best[3] > max(_LAGS) // 2 * self._step:
            self.finish()

    def finish(self) -> None:
        if self._best is not None:
            self.middles.append(self._best[1:])
            self._best = None

    def _dissolved(self, lag: int) -> tuple[float, int, int, int]:
        """How much the last `lag` pictures look like a dissolve (0: not at all), and where it is."""
        first, last = self._slow[-1 - lag], self._slow[-1]
        apart = first.difference(last)
        if apart < _APART or first.is_empty or last.is_empty or first.likeness(last) > _ALIKE:
            return _NOTHING
        if float(np.median(cv2.absdiff(first.luma, last.luma))) < _MOST:
            return _NOTHING
        start = _structure(first)
        way = _structure(last) - start
        length = float(way @ way)
        if length < _UNEVEN**2 * way.size:
            return _NOTHING
        weights = [0.0]
        for part in (lag // 4, lag // 2, lag - lag // 4):
            offset = _structure(self._slow[-1 - lag + part]) - start
            weight = float(offset @ way) / length
            rest = offset - weight * way
            if float(rest @ rest) > _RESIDUAL**2 * length or weight < weights[-1] + _LEAST_STEP:
                return _NOTHING
            weights.append(weight)
        off_centre = abs(weights[2] - 0.5)
        middle = self._slow[-1 - lag + lag // 2]
        return (apart * (1 - off_centre), first.pts, middle.pts, last.pts) if off_centre < _CENTRED else _NOTHING


def _structure(picture: Picture) -> NDArray[np.float32]:
    return picture.luma - np.float32(picture.brightness[0])


def without_cuts(middles: Iterable[tuple[int, int, int]], cuts: Iterable[int]) -> list[int]:
    """The middles of the stretches that no cut touches: where there is a cut, the cut is the border."""
    taken = list(cuts)
    return [middle for start, middle, end in middles if not any(start <= cut <= end for cut in taken)]
