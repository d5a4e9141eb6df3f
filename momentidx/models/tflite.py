"""Small ready-made networks in TensorFlow Lite's format: objects, what a picture shows, sounds.

Their files are what `models/store.py` says; this module only knows their tensors. They run on one
thread of the processor, and the same picture gives the same figures.
"""

from __future__ import annotations

import csv
import io
import os
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.errors import MomentidxError

SOUND_RATE = 16_000
"""Samples a second that `Sounds` wants."""
SOUND_SAMPLES = 15_600
"""Samples of one look of `Sounds`: 0.975 s."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One object in one picture; places are parts of the picture's width and height, 0 to 1."""

    label: str
    score: float
    left: float
    top: float
    right: float
    bottom: float


class Objects:
    """SSD MobileNet v1, quantised, 80 classes of COCO (arXiv 1512.02325, arXiv 1704.04861)."""

    def __init__(self, file: Path) -> None:
        self._network = _Network(file)
        self._labels = _inside(file, "labelmap.txt")

    def __call__(self, picture: NDArray[np.uint8]) -> list[Detection]:
        """At most ten objects of one (H, W, 3) RGB picture, the surest first."""
        boxes, classes, scores, count = self._network(_fitted(picture, 300)[None])  # (1, 10, 4), (1, 10) twice, (1,)
        found = zip(boxes[0].clip(0, 1), classes[0], scores[0], strict=True)
        return [
            Detection(self._labels[int(label)], float(score), float(left), float(top), float(right), float(bottom))
            for (top, left, bottom, right), label, score in list(found)[: int(count[0])]
        ]


class Scenes:
    """MobileNet v2, quantised, 1,000 classes of ImageNet (Sandler et al., arXiv 1801.04381)."""

    def __init__(self, file: Path) -> None:
        self._network = _Network(file)

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(1001,) probabilities for one (H, W, 3) RGB picture; number 0 is the background."""
        (scores,) = self._network(_fitted(picture, 224)[None])  # (1, 1001), 0 to 255
        return np.asarray(scores[0] / np.float32(256), np.float32)


class Sounds:
    """YAMNet, 521 classes of AudioSet (Gemmeke et al., ICASSP 2017, doi 10.1109/ICASSP.2017.7952261)."""

    def __init__(self, file: Path) -> None:
        self._network = _Network(file)
        self.labels = [row[0] for row in csv.reader(_inside(file, "yamnet_label_list.txt"), delimiter="\t")]
        """(521,) names of the classes."""

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """(521,) scores from 0 to 1, each on its own, for (15600,) samples from -1 to 1 at 16 kHz."""
        (scores,) = self._network(samples)  # (1, 521)
        return np.asarray(scores[0], np.float32)


class _Network:
    """An interpreter with one input."""

    def __init__(self, file: Path) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise MomentidxError(
                "The shot log's models need a program to run them. Install it: pip install 'momentidx[shotlog]'."
            ) from error
        with _quietly():
            self._interpreter: Any = Interpreter(str(file), num_threads=1)
            self._interpreter.allocate_tensors()
        (self._input,) = (each["index"] for each in self._interpreter.get_input_details())
        self._outputs = [each["index"] for each in self._interpreter.get_output_details()]

    def __call__(self, values: NDArray[Any]) -> list[NDArray[Any]]:
        self._interpreter.set_tensor(self._input, values)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(output) for output in self._outputs]


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what the library writes to the standard error while it starts, which no setting of its own turns off."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _fitted(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The whole picture as a square, as the networks were trained to see it."""
    shrinks = max(picture.shape[:2]) > side
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR))


def _inside(file: Path, name: str) -> list[str]:
    """The lines of a text file that travels inside a model file (its metadata is a ZIP archive at the end)."""
    with zipfile.ZipFile(file) as archive, archive.open(name) as content:
        return io.TextIOWrapper(content, encoding="utf-8").read().splitlines()
