"""Detectors: what is in single pictures, and where. Joining boxes to things over time is not theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from momentidx.models.tflite import Detection


class Detector(Protocol):
    """Finds things in pictures, each picture by itself; the same picture and words give the same boxes."""

    name: str
    version: str
    """Changes whenever what is found could change."""
    width: int
    """Pixels of the longer side of the pictures that it is to be shown."""

    def find(self, pictures: Sequence[NDArray[np.uint8]], words: Sequence[str]) -> list[list[Detection]]:
        """What is in each (H, W, 3) RGB picture, the surest first; all pictures have one size.

        `words` are what is looked for, one or a few words each; without any it is whatever the detector knows. A label
        is a noun in small letters, `person` for people. Raises MomentidxError when it cannot work at all.
        """
        ...
