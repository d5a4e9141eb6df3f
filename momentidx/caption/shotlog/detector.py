"""The shot log's way of finding things in pictures: people, and objects where its small models are installed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog.models import Models
from momentidx.caption.shotlog.people import Finder
from momentidx.models.tflite import Detection

PERSON, NOTHING = "person", "n/a"


class ShotLogDetector:
    """See `Detector`. It knows people and the 80 classes of COCO; of other words it finds nothing."""

    name, width = "shotlog", 320

    def __init__(self, models: Models | None = None) -> None:
        models = models or Models()
        self._objects, self._finder = models.objects, Finder()
        self.version = f"shotlog {models.version}".strip()

    def find(self, pictures: Sequence[NDArray[np.uint8]], words: Sequence[str]) -> list[list[Detection]]:
        """See `Detector`."""
        found = [self._found(picture) for picture in pictures]
        return [[each for each in some if not words or each.label in words] for some in found]

    def _found(self, picture: NDArray[np.uint8]) -> list[Detection]:
        objects = self._objects(picture) if self._objects else None
        people = [
            Detection(PERSON, each.score, each.left, each.top, each.right, each.bottom)
            for each in self._finder(picture, objects, faces="none")
        ]
        named = [each for each in objects or () if each.label not in (PERSON, NOTHING)]
        return sorted([*people, *named], key=lambda each: -each.score)
