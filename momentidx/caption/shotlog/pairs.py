"""How the camera moved between two neighbouring pictures.

Corners are followed from one picture to the next (Lucas-Kanade, with a check backwards), and one
similarity - shift, size, turn - is fitted to as many as agree (RANSAC). What agrees is counted by
cells of the picture instead of by corners, so that a richly textured object in front of a plain wall
does not pass for the world.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog.following import Followed, followed, passing

GRID = (4, 6)
"""Rows and columns of cells."""
CORNERS = 220
LEAP, LEAP_RESPONSE = 4.0, 0.25
"""Pixels at half size, and height of the phase correlation's peak (0 to 1), from which a leap is believed."""
BACKWARDS = 0.7
"""Pixels: a corner that does not come back to where it started was lost."""
AGREES = 1.2
"""Pixels: how near to the fitted movement a corner must land."""
UNMOVED = 0.4
"""Pixels: below this a corner stands still."""
ENOUGH_CELLS = 5
"""Cells with corners without which nothing is said about the camera."""
ENOUGH_AGREEING = 0.5
"""Share of those cells that must follow the fitted movement."""
STANDS = 0.35
"""Share of cells standing still from which the camera stands, whatever else moves in front of it."""
BETTER = 0.85
"""Of two explanations of a cell, one is better when its error is below this part of the other's."""
CONVINCES = 1.5
"""How many times more cells must speak for the movement than against it."""
VISIBLE = 0.6
"""Grey levels: errors below this are noise and speak for neither explanation."""


WEIGHTS = (1.0, 1.0, 0.5, 0.3)
"""How far a unit of each figure (shifts, growth, turn) moves the picture's edge, in longer sides."""


@dataclass(frozen=True, slots=True)
class Move:
    """A camera movement between two pictures, as the shift of what is seen.

    Shifts are parts of the picture's longer side at its centre: contents that go right and down are
    positive. So a camera that turns left has a positive `right`.
    """

    right: float
    down: float
    grow: float
    """Natural logarithm of the growth in size: positive when closing in."""
    turn: float
    """Radians, positive when the contents turn clockwise."""
    agreeing: float
    """Share of the cells with corners that follow this movement."""
    followed: Followed | None = None
    """What stays in its place while the world goes this way."""

    @property
    def figures(self) -> tuple[float, float, float, float]:
        return self.right, self.down, self.grow, self.turn

    @property
    def edge(self) -> float:
        """How far the picture's edge moves, in longer sides."""
        return max(abs(figure) * weight for figure, weight in zip(self.figures, WEIGHTS, strict=True))


def movement(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Move | None:
    """The camera movement between two (H, W) grey pictures; None when it cannot be told."""
    found = _fitted(before, after, (0.0, 0.0))
    if found is None and (leap := _leap(before, after)) is not None:
        found = _fitted(before, after, leap)
    return found


def _leap(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> tuple[float, float] | None:
    """The shift (x, y) of the whole picture by phase correlation: for leaps too wide to follow corners."""
    half = (before.shape[1] // 2, before.shape[0] // 2)
    if min(half) < 2:
        return None
    one, other = (cv2.resize(p, half, interpolation=cv2.INTER_AREA).astype(np.float32) for p in (before, after))
    (x, y), response = cv2.phaseCorrelate(one, other, cv2.createHanningWindow(half, cv2.CV_32F))
    return (2 * x, 2 * y) if response > LEAP_RESPONSE and max(abs(x), abs(y)) > LEAP else None


def _fitted(before: NDArray[np.uint8], after: NDArray[np.uint8], leap: tuple[float, float]) -> Move | None:
    """The movement that most cells agree on, when corners are looked for a `leap` away."""
    start, end = _followed(before, after, leap)
    height, width = before.shape
    cells = _cells(start, height, width)
    occupied = np.unique(cells)
    if len(occupied) < ENOUGH_CELLS:
        return None
    if (beside := _beside(start, end, height, width)) is not None:
        return beside
    cv2.setRNGSeed(1)  # RANSAC draws at random; the same pictures must give the same answer
    fitted: Any = cv2.estimateAffinePartial2D(start, end, method=cv2.RANSAC, ransacReprojThreshold=AGREES)
    matrix: NDArray[np.float64] | None = fitted[0]
    if matrix is None:
        return None
    landed = start @ matrix[:, :2].T + matrix[:, 2]
    agrees = _agreeing(np.linalg.norm(landed - end, axis=1) < AGREES, cells, occupied)
    stands = _agreeing(np.linalg.norm(start - end, axis=1) < UNMOVED, cells, occupied)
    agreeing, standing = len(agrees) / len(occupied), len(stands) / len(occupied)
    if standing >= max(STANDS, 0.8 * agreeing):
        return Move(0.0, 0.0, 0.0, 0.0, standing)
    if agreeing < ENOUGH_AGREEING or not _all_round(agrees) or not _explained(before, after, matrix):
        return None
    centre = np.array([width / 2, height / 2])
    shift = matrix[:, :2] @ centre + matrix[:, 2] - centre
    side = max(width, height)
    size = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    angle = float(np.arctan2(matrix[1, 0], matrix[0, 0]))
    return Move(float(shift[0]) / side, float(shift[1]) / side, float(np.log(size)), angle, agreeing)


def _beside(start: NDArray[np.float32], end: NDArray[np.float32], height: int, width: int) -> Move | None:
    """The movement when something goes along with the camera; what is near and what is far need not agree then."""
    world = passing(start, end)
    what = followed(start, end, world, height, width) if world else None
    if world is None or what is None:
        return None
    right, down = world.shift
    return Move(right / max(height, width), down / max(height, width), 0.0, 0.0, float(world.corners.mean()), what)


def _followed(
    before: NDArray[np.uint8], after: NDArray[np.uint8], leap: tuple[float, float]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(N, 2) corners of the first picture and where they are in the second."""
    # OpenCV's stubs do not know that it returns None when it finds nothing.
    corners: Any = cv2.goodFeaturesToTrack(before, CORNERS, qualityLevel=0.01, minDistance=9, blockSize=5)
    if corners is None:
        none = np.empty((0, 2), np.float32)
        return none, none
    found, ok = _follow(before, after, corners, corners + np.array(leap, np.float32))
    back, ok_back = _follow(after, before, found, found - np.array(leap, np.float32))
    kept = ok & ok_back & (np.linalg.norm(back - corners, axis=2).ravel() < BACKWARDS)
    return corners[kept, 0], found[kept, 0]


def _follow(
    before: NDArray[np.uint8], after: NDArray[np.uint8], points: NDArray[np.float32], guess: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Where (N, 1, 2) points went, and (N,) whether they were found again."""
    found, ok, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points, guess, winSize=(17, 17), maxLevel=4, flags=cv2.OPTFLOW_USE_INITIAL_FLOW
    )
    return np.asarray(found, np.float32), np.asarray(ok, bool).ravel()


def _explained(before: NDArray[np.uint8], after: NDArray[np.uint8], matrix: NDArray[np.float64]) -> bool:
    """Whether the movement explains the second picture better than standing still does.

    Asked of every cell, also of those without corners: asphalt under a passing car has hardly any,
    and yet it shows that the camera stood.
    """
    moved = cv2.warpAffine(before, matrix, before.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    error_moved, error_still = _errors(np.asarray(moved, np.uint8), after), _errors(before, after)
    for_moved = (error_moved < BETTER * error_still) & (error_still > VISIBLE)
    for_still = (error_still < BETTER * error_moved) & (error_moved > VISIBLE)
    return int(for_moved.sum()) >= CONVINCES * int(for_still.sum())


def _errors(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean difference by cell, apart from changes of brightness that are wider than a few pixels."""
    difference = other.astype(np.float32) - one
    detail = np.abs(difference - cv2.blur(difference, (13, 13)))
    return np.asarray(cv2.resize(detail, GRID[::-1], interpolation=cv2.INTER_AREA), np.float32)


def _cells(points: NDArray[np.float32], height: int, width: int) -> NDArray[np.int64]:
    """(N,) number of the cell each (x, y) lies in."""
    rows, columns = GRID
    row = np.clip(points[:, 1] * rows / height, 0, rows - 1).astype(np.int64)
    column = np.clip(points[:, 0] * columns / width, 0, columns - 1).astype(np.int64)
    return row * columns + column


def _agreeing(yes: NDArray[np.bool_], cells: NDArray[np.int64], occupied: NDArray[np.int64]) -> NDArray[np.int64]:
    """The occupied cells in which at least half of the corners say yes."""
    size = GRID[0] * GRID[1]
    said = np.bincount(cells, weights=yes, minlength=size)[occupied]
    return occupied[said * 2 >= np.bincount(cells, minlength=size)[occupied]]


def _all_round(cells: NDArray[np.int64]) -> bool:
    """Whether cells reach from side to side, or nearly so and from above to below.

    Somebody in the middle of the picture is not the world.
    """
    rows, columns = np.divmod(cells, GRID[1])
    first, last = int(columns.min()), int(columns.max())
    tall = rows.min() < GRID[0] / 2 <= rows.max()
    return bool(first == 0 and last == GRID[1] - 1) or bool(tall and first <= 1 and last >= GRID[1] - 2)
