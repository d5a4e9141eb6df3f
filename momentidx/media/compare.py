"""Small pictures and how different two of them are, inside the decoding child."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 64, 36
"""Size at which pictures are compared; chroma has half of it. Borders of shots need no detail."""

_BLACK, _WHITE = 36.0, 225.0
_NOTHING_SEEN = 6.0


@dataclass(frozen=True)
class Picture:
    """One picture as it is compared with others."""

    pts: int
    planes: NDArray[np.uint8]
    """(1, N): luma (HEIGHT x WIDTH), then the two chroma planes (half of that), in one row; 0 to 255 each.

    OpenCV takes an array of one dimension for a column, and is three times as slow with it.
    """

    @property
    def luma(self) -> NDArray[np.uint8]:
        return self.planes[:, : WIDTH * HEIGHT]

    @cached_property
    def brightness(self) -> tuple[float, float]:
        """Mean and standard deviation of luma."""
        mean, deviation = cv2.meanStdDev(self.luma)
        return float(mean[0, 0]), float(deviation[0, 0])

    @cached_property
    def structure(self) -> NDArray[np.float32]:
        """(HEIGHT * WIDTH,) what luma differs from its mean."""
        return np.asarray(self.luma[0] - np.float32(self.brightness[0]), np.float32)

    @property
    def is_empty(self) -> bool:
        """Whether it is black or white, with nothing to be seen."""
        mean, deviation = self.brightness
        return deviation < _NOTHING_SEEN and not _BLACK < mean < _WHITE

    def change(self, other: Picture) -> float:
        """Mean difference of luma, 0 to 255."""
        return float(cv2.norm(self.luma, other.luma, cv2.NORM_L1)) / (WIDTH * HEIGHT)

    def difference(self, other: Picture) -> float:
        """Mean differences of luma and, twice as heavy, of both chromas, added up."""
        # A chroma plane has a quarter of luma's pixels, so equal weight for pixels would be a quarter.
        colour = float(cv2.norm(self.planes[:, WIDTH * HEIGHT :], other.planes[:, WIDTH * HEIGHT :], cv2.NORM_L1))
        return self.change(other) + 8 * colour / (WIDTH * HEIGHT)

    def likeness(self, other: Picture) -> float:
        """Correlation of luma, -1 to 1; exposure and fades do not change it."""
        scale = self.brightness[1] * other.brightness[1] * self.luma.size
        return float(self.structure @ other.structure) / scale if scale > 0 else 0.0
