"""Hard cuts: one difference that stands out from the differences around it.

The idea is that of PySceneDetect's adaptive detector. What is different: a cut is compared with the
largest of its neighbours and not with their mean, so that a shaking camera needs more; pictures that
show the same thing are no cut however bright one of them is; and what comes back within the
blink of an eye to what was there before was a flash.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction

from momentidx.media.compare import Picture

NEIGHBOURS = 4
"""Pictures on either side from whose differences a cut has to stand out."""
LEAST = 18.0
"""Differences below are no cut."""
_RATIO, _ALIKE = 4.0, 0.8
"""A cut is so many times the largest difference around it, between pictures that correlate less than this; ..."""
_RATIO_UNLIKE, UNLIKE = 3.0, 0.6
"""... or so many times, between less alike ones; ..."""
_RATIO_BESIDE, _RATIO_STILL, STRONG, _FOREIGN = 1.4, 6.0, 60.0, 0.35
"""... or, strong and between foreign ones, out of or into fast movement: a cut beside which one side is still."""
FLASH_SECONDS = Fraction(2, 5)
_SAME_AGAIN, _SAME_VIEW = 0.4, 0.9
"""What comes back is as near as this share of the cut's difference, and correlates more than this."""


class CutDetector:
    """Fed every picture in order; the first pictures of new shots collect in `cuts`."""

    def __init__(self, base: Fraction) -> None:
        self.cuts: list[int] = []
        self._flash = int(FLASH_SECONDS / base)
        self._seen: deque[Picture] = deque()
        self._steps: deque[float] = deque()  # difference of each to the one before
        self._next = 1  # which of them is to be decided

    def feed(self, picture: Picture) -> None:
        self._steps.append(picture.difference(self._seen[-1]) if self._seen else 0.0)
        self._seen.append(picture)
        while self._next + NEIGHBOURS < len(self._seen) and self._seen[self._next].pts + self._flash < picture.pts:
            self._decide(self._next)
            self._next += 1
            while self._next > NEIGHBOURS + 1 and self._seen[1].pts + self._flash < self._seen[self._next].pts:
                self._seen.popleft()
                self._steps.popleft()
                self._next -= 1

    def finish(self) -> None:
        """Decide about the last pictures as well."""
        for index in range(self._next, len(self._seen)):
            self._decide(index)
        self._next = len(self._seen)

    def _decide(self, index: int) -> None:
        if self._stands_out(index) and not self._is_flash(index):
            self.cuts.append(self._seen[index].pts)

    def _stands_out(self, index: int) -> bool:
        step = self._steps[index]
        if step < LEAST:
            return False
        steps = list(self._steps)
        left = max(steps[max(1, index - NEIGHBOURS) : index], default=0.0)
        right = max(steps[index + 1 : index + 1 + NEIGHBOURS], default=0.0)
        larger, smaller = max(left, right), min(left, right)
        if step < _RATIO_BESIDE * larger:
            return False
        likeness = self._seen[index].likeness(self._seen[index - 1])
        return (
            (step >= _RATIO * larger and likeness < _ALIKE)
            or (step >= _RATIO_UNLIKE * larger and likeness < UNLIKE)
            or (step >= _RATIO_STILL * smaller and step >= STRONG and likeness < _FOREIGN)
        )

    def _is_flash(self, index: int) -> bool:
        """Whether the picture before comes back soon after, or the picture after was there just before."""
        before, after = self._seen[index - 1], self._seen[index]
        limit = _SAME_AGAIN * self._steps[index]
        earlier = (p for p in self._seen if p.pts < before.pts and after.pts - p.pts <= self._flash)
        later = (p for p in self._seen if p.pts > after.pts and p.pts - after.pts <= self._flash)
        return any(_same(after, p, limit) for p in earlier) or any(_same(before, p, limit) for p in later)


def _same(one: Picture, other: Picture, limit: float) -> bool:
    return one.difference(other) < limit and one.likeness(other) > _SAME_VIEW
