"""Recordings of a screen: flat areas between straight borders, without a camera's noise, and writing on them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog.lettering import likely

LEVEL = 1
"""Levels of 255 between neighbours on a flat area: a camera's noise has more, also where nothing is."""
FLAT = 0.5
"""Share of the picture that is flat."""
BORDER, LONG = 6, 0.2
"""Levels at the border of an area, and the part of the picture's width or height along which it runs straight."""
BORDERS = 3
"""Rows, and columns, with such a border at least: of windows, bars, fields."""
SMALLEST = 40
"""Pixels that the shorter side of a screen has."""
WRITING = 0.03
"""Share of the picture that looks like lines of text."""


def drawn(grey: NDArray[np.uint8]) -> bool:
    """Whether a (H, W) picture, of 320 pixels on its longer side, looks as if programs had drawn it."""
    if min(grey.shape) < SMALLEST:
        return False
    levels = grey.astype(np.int16)
    across, down = np.abs(np.diff(levels, axis=1)), np.abs(np.diff(levels, axis=0))
    if ((across[1:] <= LEVEL) & (down[:, 1:] <= LEVEL)).mean() < FLAT:
        return False
    if min(_straight(down), _straight(across.T)) < BORDERS:
        return False
    return bool(likely(grey).mean() >= WRITING)


def _straight(step: NDArray[np.int16]) -> int:
    """Rows of (H, W) differences along which a straight border runs."""
    long = np.ones((1, max(2, round(LONG * step.shape[1]))), np.uint8)
    return int(cv2.erode((step >= BORDER).astype(np.uint8), long).any(axis=1).sum())
