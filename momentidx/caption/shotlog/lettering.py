"""Where text is likely in a picture: cheap, so that the networks that read look only there, and only when it changes.

Letters are strokes: within a few pixels it gets lighter and darker again, cell beside cell along a line.
Leaves and gravel do the same, so this says where text may be, never that it is.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

CELL = 8
"""Pixels, of a picture whose longer side has 320."""
STROKE = 20
"""Levels of 255 from one pixel to the next that a stroke's border changes at least."""
DENSE = 0.04
"""Share of a cell's pixels at which it gets lighter, and at which it gets darker, for strokes."""
RUN = 3
"""Cells beside each other that make a line."""
ROOM = 3
"""Cells around them that belong to where text is looked for: a line begins and ends with weaker strokes."""

Cells = NDArray[np.bool_]
"""(H / CELL, W / CELL), true where text is likely."""


def likely(grey: NDArray[np.uint8]) -> Cells:
    """The cells of a (H, W) picture that look like lines of text, in any direction."""
    lines = [_strokes(grey), _strokes(grey.T).T]
    runs = [
        cv2.morphologyEx(line.astype(np.uint8), cv2.MORPH_OPEN, np.ones(shape, np.uint8))
        for line, shape in zip(lines, ((1, RUN), (RUN, 1)), strict=True)
    ]
    return np.asarray(cv2.bitwise_or(*runs) > 0, np.bool_)


def strokes(grey: NDArray[np.uint8], widest: int, *, light: bool) -> NDArray[np.uint8]:
    """How much lighter, or darker, each pixel is than what is around it; only where that is no wider than strokes."""
    operation = cv2.MORPH_TOPHAT if light else cv2.MORPH_BLACKHAT
    return np.asarray(cv2.morphologyEx(grey, operation, np.ones((widest, widest), np.uint8)), np.uint8)


def fresh(now: Cells, before: Cells, known: Cells) -> Cells:
    """What stood in the picture before, and was not there when it was last looked; nothing if it is no line."""
    new = now & _around(before) & ~_around(known)
    return new if int(new.sum()) >= RUN else np.zeros_like(new)


def bounds(cells: Cells) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of what is likely, with some room, as parts of the picture; None where nothing is."""
    if not cells.any():
        return None
    height, width = cells.shape
    rows, columns = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    return (
        max(0.0, (columns[0] - ROOM) / width),
        max(0.0, (rows[0] - ROOM) / height),
        min(1.0, (columns[-1] + 1 + ROOM) / width),
        min(1.0, (rows[-1] + 1 + ROOM) / height),
    )


def _around(cells: Cells) -> Cells:
    return np.asarray(cv2.dilate(cells.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0, np.bool_)


def _strokes(grey: NDArray[np.uint8]) -> Cells:
    """Cells in which it gets lighter and darker from left to right."""
    step = np.diff(grey.astype(np.int16), axis=1)
    size = (max(1, grey.shape[1] // CELL), max(1, grey.shape[0] // CELL))
    lighter, darker = (
        cv2.resize(part.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        for part in (step > STROKE, step < -STROKE)
    )
    return np.asarray(np.minimum(lighter, darker) > DENSE, np.bool_)
