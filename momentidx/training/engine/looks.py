"""What a picture looks like as a vector, without a network: colours, quarter by quarter."""

from __future__ import annotations

from itertools import product
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.training.samples import Picture

LEVELS = 4
"""Levels of red, of green and of blue that are told apart."""
Look = NDArray[np.float32]
"""(4 * LEVELS ** 3,) of length 1."""


def look(picture: Picture) -> Look:
    """The root of each quarter's histogram, so that the product of two is their Bhattacharyya coefficient, 0 to 1."""
    height, width = picture.shape[:2]
    if min(height, width) < 2:  # a box of one pixel has no quarters
        picture = np.asarray(cv2.resize(picture, (max(2, width), max(2, height))), np.uint8)
        height, width = picture.shape[:2]
    parts = []
    for down, along in product((0, 1), repeat=2):
        rows = slice(down * (height // 2), height // 2 if not down else height)
        columns = slice(along * (width // 2), width // 2 if not along else width)
        quarter: Any = np.ascontiguousarray(picture[rows, columns])
        counts = cv2.calcHist([quarter], [0, 1, 2], None, [LEVELS] * 3, [0, 256] * 3).ravel()
        parts.append(np.sqrt(counts / counts.sum() / 4))
    return np.concatenate(parts).astype(np.float32)


def alike(one: Look, other: Look) -> float:
    """Cosine of the two."""
    return min(float(one @ other), 1.0)
