"""Split screens: a straight border stands in the picture, from edge to edge, while a side of it flows across.

The border of a door stands as straight, but then the world beside it stands too. A horizon stands while the camera
pans along it or closes in on it, but nothing flows across. Past a pillar both sides flow the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog.pairs import movement

STEP = 9
"""Levels of 255 by which the two sides of a border differ ..."""
STRAIGHT = 0.6
"""... along this part of it at least, ..."""
ALONE = 0.7
"""... and a few pixels beside it along at most this part of that: leaves and grids have borders everywhere."""
BESIDE = (4, 6, 8)
INNER = (0.18, 0.82)
"""Parts of the picture between which a border is looked for."""
PLAIN = 10.0
"""Deviation of brightness up to which a side is a bar, and no picture."""
NOISE, STIRS = 3, 0.1
"""Levels by which a place changes without a reason, and share of a side's places that change when it moves."""
FLOWS = 0.6
"""Pixels by which a side moves across the border from one picture to the next ..."""
APART = 0.3
"""... and the part of that by which the other side does not."""
STAYS, OFTEN = 0.9, 0.25
"""Shares of a shot's pictures in which the border is found, and in which a side flows across it."""
EVERY, MOST = 3, 2
"""Of how many pictures one is looked at, and beside how many of its borders, the straightest, is asked what moves."""
FEWEST = 3
"""Such pictures without which nothing is said."""

Border = tuple[bool, int]
"""Whether it is upright, and its column or row in pixels."""


@dataclass(frozen=True, slots=True)
class Seams:
    """Where one picture may be split."""

    borders: frozenset[Border]
    crossed: frozenset[Border]
    """Those that stood there before, and that a side has flowed across since the last picture."""


class SeamFinder:
    """Looks for seams while the pictures of one footage go by."""

    def __init__(self) -> None:
        self._number = 0
        self._before: NDArray[np.uint8] | None = None
        self._borders: frozenset[Border] = frozenset()

    def see(self, grey: NDArray[np.uint8]) -> Seams | None:
        """Take the next (H, W) picture; None where it is not looked at."""
        before, self._before, self._number = self._before, grey, self._number + 1
        if self._number % EVERY or before is None or before.shape != grey.shape:
            return None
        straight = {(True, at): share for at, share in _upright(grey)}
        straight |= {(False, at): share for at, share in _upright(grey.T)}
        stood = sorted(straight.keys() & _near(self._borders), key=lambda border: -straight[border])
        self._borders = frozenset(straight)
        return Seams(self._borders, frozenset(border for border in stood[:MOST] if _crossed(before, grey, border)))


def split(found: Sequence[Seams | None]) -> bool:
    """Whether a shot is a split screen."""
    seen = [each for each in found if each is not None]
    if len(seen) < FEWEST:
        return False
    stays = Counter(chain.from_iterable(_near(each.borders) for each in seen))
    crossed = Counter(chain.from_iterable(_near(each.crossed) for each in seen))
    return any(stays[border] >= STAYS * len(seen) and count >= OFTEN * len(seen) for border, count in crossed.items())


def _upright(grey: NDArray[np.uint8]) -> list[tuple[int, float]]:
    """The columns at which the picture may be split, and how straight the borders there are."""
    smooth = cv2.blur(grey, (1, 3)).astype(np.int16)
    along = (np.abs(smooth[:, 2:] - smooth[:, :-2]) >= STEP).mean(axis=0)  # (W - 2,), at columns 1 ... W - 2
    width = grey.shape[1]
    first, end = round(INNER[0] * width), round(INNER[1] * width)
    if first <= max(BESIDE):
        return []
    near = [along[first - 1 + side * away : end - 1 + side * away] for away in BESIDE for side in (-1, 1)]
    here = along[first - 1 : end - 1]
    found = np.flatnonzero((here >= STRAIGHT) & (np.median(near, axis=0) <= ALONE * here))
    return [(int(at) + first, float(here[at])) for at in found]


def _near(borders: Iterable[Border]) -> frozenset[Border]:
    """Borders and their neighbours: one that lies between two pixels is found in either."""
    return frozenset((upright, at + by) for upright, at in borders for by in (-1, 0, 1))


def _crossed(before: NDArray[np.uint8], grey: NDArray[np.uint8], border: Border) -> bool:
    """Whether one side flows across a border, and the other one does not do likewise."""
    upright, at = border
    then, now = (before, grey) if upright else (before.T, grey.T)
    one_side, other_side = slice(at - 2), slice(at + 2, None)
    if min(float(now[:, one_side].std()), float(now[:, other_side].std())) <= PLAIN:
        return False
    changed = cv2.absdiff(then, now) > NOISE
    if max(changed[:, one_side].mean(), changed[:, other_side].mean()) < STIRS:
        return False
    one, other = (_flow(then, now, side, at) for side in (one_side, other_side))
    if one is None or other is None:
        return False
    flows = max(abs(one), abs(other))
    return flows >= FLOWS and abs(one - other) > APART * flows


def _flow(before: NDArray[np.uint8], grey: NDArray[np.uint8], side: slice, at: int) -> float | None:
    """How far, in pixels, what lies in some columns of a picture moves to the right at the column `at`."""
    move = movement(np.ascontiguousarray(before[:, side]), np.ascontiguousarray(grey[:, side]))
    if move is None:
        return None
    start, end, _ = side.indices(grey.shape[1])
    moved = move.right * max(grey.shape[0], end - start)
    return float(moved + np.expm1(move.grow) * (at - (start + end) / 2))
