"""Slow changes from one picture into another: dissolves between shots, and focus that goes from one thing to another.

Both are ramps: between two states, every picture is a mixture of them, and the share of the second one
grows evenly. The line through these shares tells when the change began and when it ended, more
finely than the pictures lie apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.times import Span

KINDS = {
    "dissolve": "one shot becomes the next: every picture between is a mixture of both",
    "rack-focus": "what was sharp becomes soft and what was soft becomes sharp, and nothing else changes",
}

THUMB = (32, 18)
"""Width and height of the pictures in which mixtures are told."""
LENGTHS = (16, 12, 10, 8, 6, 4, 3)
"""Pictures from the middle of a change to either end, at most 2 s at 8 a second."""
DIFFERS = 12.0
"""Levels of 255 by which the two ends of a dissolve must differ."""
RESIDUE = {"dissolve": 0.06, "rack-focus": 0.12}
"""How far a picture may be from a mixture of the ends, as a share of the square of their distance."""
INSIDE = (0.08, 0.92)
"""Shares of the second state between which a picture belongs to the ramp ..."""
FEWEST, STEPS_BACK = 2, 0.1
"""... how many there must be, and how much the share may fall from one to the next."""
CELLS = (4, 6)
DETAIL = 40.0
"""Levels between the darkest and the brightest pixel of a cell that has something to be sharp."""
TURNS, MANY = 0.2, 2
"""Change of a cell's sharpness, 0 to 1, that counts; and the cells that must become sharp, and soft."""
CAME, FEW = 40.0, 0.01
"""Levels by which, but for this share of it, a small picture does not change when only the focus does."""

SOFT = 0.35
"""Sharpness that no cell of a picture out of focus reaches."""
FOCUS = {
    "soft": "no part of the picture is sharp, even when it is made small",
    "sharp": "some part of the picture is sharp",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A change, of one of `KINDS`."""

    span: Span
    kind: str
    residue: float
    """How far its pictures are from mixtures, 0 (not at all) to 1."""


def thumb(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A (H, W) picture as a short vector of brightnesses."""
    return np.asarray(cv2.resize(grey, THUMB, interpolation=cv2.INTER_AREA), np.float32).ravel()


def sharpness(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(24,) sharpness of each cell of a (H, W) picture: the part of its contrast that lies within two pixels.

    1 is a hard edge; NaN is a cell without contrast.
    """
    rows, columns = CELLS
    height, width = grey.shape[0] // rows, grey.shape[1] // columns
    if min(height, width) < 4:
        return np.full(rows * columns, np.nan, np.float32)
    smooth = cv2.blur(grey, (3, 3))
    tiled = smooth[: rows * height, : columns * width].reshape(rows, height, columns, width)
    cells = tiled.transpose(0, 2, 1, 3).reshape(-1, height, width).astype(np.float32)
    contrast = cells.max(axis=(1, 2)) - cells.min(axis=(1, 2))
    across = np.abs(cells[:, :, 2:] - cells[:, :, :-2]).max(axis=(1, 2))
    down = np.abs(cells[:, 2:] - cells[:, :-2]).max(axis=(1, 2))
    return np.asarray(
        np.where(contrast >= DETAIL, np.maximum(across, down) / np.maximum(contrast, 1), np.nan), np.float32
    )


def focus(sharp: Sequence[NDArray[np.float32]]) -> tuple[str | None, float | None]:
    """One of `FOCUS` for the pictures of a shot, and how sharp the sharpest part is; None where it cannot be told."""
    best = [float(np.nanmax(cells)) for cells in sharp if np.isfinite(cells).any()]
    if len(best) * 2 < len(sharp):
        return None, None
    usual = float(np.median(best))
    return ("soft" if usual < SOFT else "sharp"), round(usual, 4)


def dissolves(pictures: Sequence[int], thumbs: Sequence[NDArray[np.float32]], shots: Sequence[Span]) -> list[Change]:
    """The dissolves at the borders of shots, from pictures at (N,) times in order."""
    times = np.array(pictures)
    found = []
    for one, other in pairwise(shots):
        middle = int(np.searchsorted(times, other.start))
        first, end = (int(np.searchsorted(times, pts)) for pts in (one.start, other.end))
        best = _longest(times[first:end], np.array(thumbs[first:end]), middle - first, other.base, "dissolve")
        if best is not None:
            found.append(best)
    return found


def racks(
    shot: Span, pictures: Sequence[int], sharp: Sequence[NDArray[np.float32]], thumbs: Sequence[NDArray[np.float32]]
) -> list[Change]:
    """The rack focuses of a shot whose camera stands, from its pictures at (N,) times."""
    cells = np.array(sharp)
    known = np.isfinite(cells).mean(axis=0) > 0.8
    cells = np.nan_to_num(cells[:, known])
    found: list[Change] = []
    number = min(LENGTHS)
    while number < len(cells) - min(LENGTHS):
        change = _longest(np.array(pictures), cells, number, shot.base, "rack-focus")
        number += 1
        if change is not None and _same(thumbs, np.searchsorted(pictures, [change.span.start, change.span.end])):
            found.append(change)
            number = max(number, int(np.searchsorted(pictures, change.span.end)) + min(LENGTHS))
    return found


def _same(thumbs: Sequence[NDArray[np.float32]], ends: NDArray[np.int64]) -> bool:
    """Whether the picture shows after a change what it showed before: nothing came in, and nothing went."""
    before, after = thumbs[max(0, int(ends[0]) - 1)], thumbs[min(len(thumbs) - 1, int(ends[1]))]
    return float((np.abs(after - before) > CAME).mean()) <= FEW


def _longest(
    times: NDArray[np.int64], states: NDArray[np.float32], middle: int, base: Fraction, kind: str
) -> Change | None:
    """The ramp around a picture, told from the states farthest from it that are still its two ends."""
    for length in LENGTHS:
        begin, end = max(0, middle - length), min(len(states) - 1, middle + length)
        if not begin < middle < end or not _differ(states[begin], states[end], kind):
            continue
        ramp = _ramp(times[begin : end + 1], states[begin : end + 1])
        if ramp is None or ramp[2] > RESIDUE[kind]:
            continue
        start, stop, residue = ramp
        step = times[begin + 1] - times[begin]
        if times[begin] - step <= start <= times[middle] <= stop <= times[end] + step:
            return Change(Span(round(start), max(round(stop), round(start) + 1), base), kind, residue)
    return None


def _differ(one: NDArray[np.float32], other: NDArray[np.float32], kind: str) -> bool:
    turned = other - one
    if kind == "rack-focus":
        return min(int((turned >= TURNS).sum()), int((turned <= -TURNS).sum())) >= MANY
    return float(np.sqrt(np.mean(turned * turned))) >= DIFFERS


def _ramp(times: NDArray[np.int64], states: NDArray[np.float32]) -> tuple[float, float, float] | None:
    """When the ramp between the first and the last of (N, D) states begins and ends, and its residue."""
    way = states[-1] - states[0]
    length = float(way @ way)
    share: NDArray[Any] = (states - states[0]) @ way / length
    rest = states - states[0] - share[:, None] * way
    residue = float((rest * rest).sum(axis=1).max()) / length
    ramp = np.flatnonzero((share > INSIDE[0]) & (share < INSIDE[1]))
    if len(ramp) < FEWEST or (np.diff(share) < -STEPS_BACK).any():
        return None
    if ramp[-1] - ramp[0] + 1 != len(ramp):
        return None
    slope, offset = np.polyfit(times[ramp].astype(float) - times[0], share[ramp], 1)
    if slope <= 0:
        return None
    return float(times[0] - offset / slope), float(times[0] + (1 - offset) / slope), round(residue, 4)
