"""Whether the camera goes along with something: it keeps its place in the picture while everything else passes by.

Told from the corners that `pairs` has followed from one picture to the next. What passes behind and in front must go
one way, on both sides of what stays; then it is neither a thing that crosses before a standing camera nor the far
end of a landscape. Whether the camera turns after it (a pan) or travels beside it (tracking) is told by parallax: when
a camera turns, how fast something passes depends on its place along the way only, and not on how near it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

PASSES = 1.5
"""Pixels (of pictures 320 wide) that the world passes by at least, between two pictures."""
FEWEST, STAYING = 12, 4
"""Corners that pass, and that stay, at least."""
STAYS, SWINGS = 0.3, 0.5
"""Parts of the world's way that what stays may go along with it, and across: whoever walks bobs up and down."""
STAYS_PIXELS, SWINGS_PIXELS = 0.6, 1.5
"""The same in pixels, where the world is slow."""
ASTRAY = 0.35
"""How far across, for each pixel along, a corner may go that passes."""
BESIDE = 0.1
"""Part of the picture's height within which something passes on both sides of each corner that stays."""
ALL = 0.6
"""Share of the corners that stay which are so; others are a far end of the world, which stays as well."""
WIDEST, MARGIN = 0.5, 0.05
"""Parts of the picture's width: how wide what stays may be, and how near to a side it may come."""
DENSE = 0.6
"""Share of the corners where it is that stay."""
AROUND = (0.1, 0.3)
"""Parts of the width and height around it where limbs swing as they like."""
ALIKE, SEEN = 0.9, 8
"""Share of the other corners that must pass, and how many others there must be."""
SIDES = 4
"""Corners that must pass on its left, and on its right."""

OFTEN, PAIRS = 0.33, 5
"""Share of a movement's pairs of pictures, and number of them, that must show somebody followed."""
KEEPS = 0.12
"""Parts of the picture within which the middle of what is followed keeps (the usual departure from its median)."""
STIRS = 0.15
"""Pixels between two pictures below which it does not stir at all, as a title does that is put over the picture."""
PARALLAX, BLUR = 0.15, 0.5
"""Spread of the speeds, over the usual one, from which the camera travels; and the pixels of it that are mere error."""

Points: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Passing:
    """The way the world passes by between two pictures."""

    shift: tuple[float, float]
    """Pixels to the right and down that it usually goes."""
    corners: NDArray[np.bool_]
    """(N,) which corners pass."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What is followed; places are parts of the picture's width and height."""

    left: float
    top: float
    right: float
    bottom: float
    share: float
    """Share of the corners that stay."""
    parallax: float
    """Spread of the speeds of what passes, over the usual one, beside what the place along the way explains."""
    stirs: float
    """Pixels that its corners usually move between two pictures, of pictures 320 wide."""
    name: str | None = None
    """What it was recognised as."""


def passing(start: Points, end: Points) -> Passing | None:
    """The way the world passes, from (N, 2) corners in two pictures; None when it stands or goes all ways."""
    way = end - start
    moving = np.hypot(*way.T) >= PASSES
    if moving.sum() < FEWEST:
        return None
    usual = np.median(way[moving], axis=0)
    speed = float(np.hypot(*usual))
    if speed < PASSES:
        return None
    along, across = _turned(way, usual / speed)
    passes = (along > STAYS * speed) & (np.abs(across) <= ASTRAY * along)
    if passes.sum() < FEWEST:
        return None
    right, down = np.median(way[passes], axis=0).tolist()
    return Passing((right, down), passes)


def followed(start: Points, end: Points, world: Passing, height: int, width: int) -> Followed | None:
    """What keeps its place while the world passes; None when there is nothing, or it may be something else."""
    speed = float(np.hypot(*world.shift))
    towards = np.array(world.shift) / speed
    along, across = _turned(end - start, towards)
    stays = (np.abs(along) <= max(STAYS_PIXELS, STAYS * speed)) & (np.abs(across) <= max(SWINGS_PIXELS, SWINGS * speed))
    stays &= ~world.corners
    kept = stays.copy()
    kept[stays] = _amid(start[stays], start[world.corners], BESIDE * height)
    if kept.sum() < max(STAYING, ALL * stays.sum()):
        return None
    low, high = np.percentile(start[kept], [10, 90], axis=0)
    size = np.array([width, height])
    inside = _inside(start, low, high)
    others = ~stays & ~_inside(start, low - AROUND * size, high + AROUND * size)
    x = start[world.corners, 0]
    if (
        low[0] < MARGIN * width
        or high[0] > (1 - MARGIN) * width
        or high[0] - low[0] > WIDEST * width
        or kept[inside].sum() < DENSE * max(1, inside.sum())
        or others.sum() < SEEN
        or world.corners[others].mean() < ALIKE
        or min((x < low[0]).sum(), (x > high[0]).sum()) < SIDES
    ):
        return None
    (left, top), (right, bottom) = (low / size).tolist(), (high / size).tolist()
    parallax = _parallax(start[world.corners] @ towards, along[world.corners])
    stirs = float(np.median(np.hypot(*(end - start)[kept].T)))
    return Followed(left, top, right, bottom, float(kept.mean()), parallax, stirs)


def throughout(found: Sequence[Followed | None]) -> Followed | None:
    """What is followed during a camera movement, from what its pairs of pictures show."""
    seen = [each for each in found if each is not None]
    if len(seen) < max(PAIRS, OFTEN * len(found)):
        return None
    figures = np.array([[e.left, e.top, e.right, e.bottom, e.share, e.parallax, e.stirs] for e in seen])
    usual = np.median(figures, axis=0)
    middles = (figures[:, 0:2] + figures[:, 2:4]) / 2
    wanders = float(np.median(np.abs(middles - np.median(middles, axis=0)), axis=0).max())
    return Followed(*usual.tolist()) if wanders <= KEEPS and usual[-1] >= STIRS else None


def _turned(way: NDArray[np.floating], direction: NDArray[np.floating]) -> tuple[NDArray[np.floating], ...]:
    """How far each of (N, 2) ways goes along a direction, and across it; (N,) each."""
    x, y = direction
    return way @ np.array([x, y]), way @ np.array([-y, x])


def _parallax(place: NDArray[np.floating], speed: NDArray[np.floating]) -> float:
    """Spread of (N,) speeds that a smooth change with the (N,) place along the way does not explain."""
    unit = (place - place.mean()) / max(1.0, float(place.std()))
    terms = np.stack([np.ones_like(unit), unit, unit**2], axis=1)
    smooth = terms @ np.linalg.lstsq(terms, speed, rcond=None)[0]
    low, high = np.quantile(speed - smooth, (0.1, 0.9))
    return float(max(0.0, high - low - BLUR) / np.median(speed))


def _amid(points: Points, passing: Points, reach: float) -> NDArray[np.bool_]:
    """(N,) whether something passes on both sides of each of (N, 2) points, within a reach of its height."""
    near = np.abs(points[:, None, 1] - passing[None, :, 1]) <= reach
    before = passing[None, :, 0] < points[:, None, 0]
    return np.asarray((near & before).any(axis=1) & (near & ~before).any(axis=1), bool)


def _inside(points: Points, low: NDArray[np.floating], high: NDArray[np.floating]) -> NDArray[np.bool_]:
    return np.asarray(((points >= low) & (points <= high)).all(axis=1), bool)
