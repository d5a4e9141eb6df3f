"""A plug-in for the tests: captioners and an embedder whose answers follow from the footage alone.

The captioner `parrot` looks at the pictures once and says two sentences that differ with the content.
SCRIPTED_VERSION is the version it claims, SCRIPTED_LOG a file to which each footage that is described
adds a line, SCRIPTED_SLOW how many seconds a description takes longer.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from momentidx.events import Event
from momentidx.footage import Footage
from momentidx.hooks import Offer, hookimpl
from momentidx.media.frames import FrameSource

DIMENSION = 8


class Captioner:
    """Two events, one for each half of the footage."""

    name = "parrot"

    def __init__(self) -> None:
        self.version = os.environ.get("SCRIPTED_VERSION", "1")

    def describe(self, footage: Footage, frames: FrameSource) -> Sequence[Event]:
        time.sleep(float(os.environ.get("SCRIPTED_SLOW", "0")))
        seen = sum(len(batch) for batch in frames.watch(per_second=5, width=48))
        if log := os.environ.get("SCRIPTED_LOG"):
            with open(log, "a", encoding="utf-8") as told:  # noqa: PTH123 (one write, also from several processes)
                told.write(f"{self.name} {self.version} {footage.fingerprint}\n")
        middle, end = max(1, footage.length_frames // 2), footage.length_frames
        spans = [footage.grid.span(0, middle)] + ([footage.grid.span(middle, end)] if end > middle else [])
        return [
            Event(span, f"Part {number} of {footage.fingerprint[:8]}, {seen} pictures, {self.name} {self.version}.")
            for number, span in enumerate(spans, start=1)
        ]


class Embedder:
    """Vectors that depend on nothing but the sentence."""

    name, dimension = "letters", DIMENSION

    def __init__(self) -> None:
        self.version = os.environ.get("LETTERS_VERSION", "1")

    def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        digests = [hashlib.blake2b(sentence.encode(), digest_size=DIMENSION).digest() for sentence in sentences]
        vectors = np.array([list(digest) for digest in digests], np.float32).reshape(-1, DIMENSION) + 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@hookimpl
def captioners() -> list[Offer[Captioner]]:
    return [Offer("parrot", "Says what a test expects.", lambda _settings: Captioner())]


@hookimpl
def embedders() -> list[Offer[Embedder]]:
    return [Offer("letters", "Vectors made from the letters of a sentence.", lambda _settings: Embedder())]
