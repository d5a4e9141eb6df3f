"""Single camera movements - a pan, a tilt, a push - found on a camera's path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog.following import PARALLAX, Followed, throughout
from momentidx.caption.shotlog.pairs import WEIGHTS
from momentidx.caption.shotlog.path import Path
from momentidx.times import Span

DIRECTIONS = (("pan-left", "pan-right"), ("tilt-up", "tilt-down"), ("push-in", "pull-out"), ("roll-left", "roll-right"))
"""Labels of each figure of a `Move`, where it is positive and where it is negative."""

FOLLOWS = {"pan-left": "left", "pan-right": "right", "tilt-up": "up", "tilt-down": "down"}
"""Movements in which something may be followed, and where the camera goes when the world shows that it travels."""

MOVES = 0.03
"""Longer sides a second that the picture's edge moves at least."""
TRAVELS = (0.06, 0.06, 0.08, 0.09)
"""How far a movement goes at least: sides, sides, logarithm of growth, radians."""
SHORTEST, SHORTEST_WHIP = 0.8, 0.3
"""Seconds that a movement, and a whip pan, last at least."""
SWAYS = 1.5
"""How much farther and longer it must go to be meant when the camera is held in the hand."""
BRIDGED = 0.4
"""Seconds of pause or of unknown movement inside one movement."""
STEADY = 0.75
"""Net way over the way there and back, from which a movement has a direction."""
STARTS = 0.5
"""Part of a movement's usual speed at which it starts and ends."""
WHIPS = 0.7
"""Longer sides a second from which a pan is a whip pan."""
UNSEEN = 0.3
"""Part of a movement's length that may lie unmeasured (in a fade) between it and the shot's edge, and still be it."""


@dataclass(frozen=True, slots=True)
class CameraMove:
    """One movement in one direction."""

    span: Span
    label: str
    amount: float
    """Longer sides, logarithm of growth, or radians, by the kind of movement; without sign."""
    speed: float
    """The same, a second."""
    follows: Followed | None = None
    """What keeps its place in the picture meanwhile."""
    towards: str | None = None
    """Where a camera goes that is `tracking`: `left`, `right`, `up` or `down`."""


def camera_moves(path: Path, *, held: bool) -> tuple[CameraMove, ...]:
    """The movements that go somewhere, in order of time; `held` says that the camera is in the hand."""
    demand = SWAYS if held else 1
    found = []
    for run, number in _runs(path):
        column = number // 2
        steps = _trimmed(path, run, column)
        way = path.moved[steps, column]
        amount = abs(float(way.sum()))
        lasts = float((path.end[steps[-1]] - path.start[steps[0]]) * path.shot.base)
        whips = column == 0 and float(np.abs(path.speed[steps, 0]).max()) >= WHIPS
        if lasts < (SHORTEST_WHIP if whips else SHORTEST * demand):
            continue
        if amount < max(TRAVELS[column] * demand, STEADY * float(np.abs(way).sum())):
            continue
        label = ("whip-" if whips else "") + DIRECTIONS[column][number % 2]
        move = CameraMove(_span(path, steps), label, amount, amount / float(path.seconds[steps].sum()))
        follows = throughout(path.followed[steps[0] : steps[-1] + 1]) if label in FOLLOWS else None
        if follows is not None and follows.parallax >= PARALLAX:
            move = replace(move, label="tracking", towards=FOLLOWS[label])
        found.append(replace(move, follows=follows))
    return tuple(found)


def _runs(path: Path) -> Iterator[tuple[NDArray[np.int64], int]]:
    """(measured steps, direction) wherever one direction prevails, short pauses bridged."""
    smooth = path.smooth
    strength = np.abs(smooth) * WEIGHTS
    column = strength.argmax(axis=1)
    negative = smooth[np.arange(len(smooth)), column] < 0
    moving = np.flatnonzero(path.known & (strength.max(axis=1) >= MOVES))
    direction = (2 * column + negative)[moving]
    pause = (path.start[moving[1:]] - path.end[moving[:-1]]) * float(path.shot.base)
    breaks = np.flatnonzero((direction[1:] != direction[:-1]) | (pause > BRIDGED)) + 1
    for part, kind in zip(np.split(moving, breaks), np.split(direction, breaks), strict=True):
        if len(part):
            yield part, int(kind[0])


def _trimmed(path: Path, run: NDArray[np.int64], column: int) -> NDArray[np.int64]:
    """Without the steps at both ends that only averaging made part of the movement."""
    speed = np.abs(path.speed[run, column])
    fast = np.flatnonzero(speed >= STARTS * np.median(speed))
    return run[fast[0] : fast[-1] + 1]


def _span(path: Path, steps: NDArray[np.int64]) -> Span:
    """From the first to the last picture, and to the shot's edge where nothing else was measured before it."""
    start, end, shot = int(path.start[steps[0]]), int(path.end[steps[-1]]), path.shot
    unseen = UNSEEN * (end - start)
    first, last = np.flatnonzero(path.known)[[0, -1]]
    return Span(
        shot.start if steps[0] == first and start - shot.start <= unseen else start,
        shot.end if steps[-1] == last and shot.end - end <= unseen else end,
        shot.base,
    )
