"""A captioner and an embedder that do as they are told and count how often they are asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from momentidx.events import Event
from momentidx.footage import Footage
from momentidx.media.frames import FrameSource

Script = Callable[[Footage, FrameSource], Sequence[Event]]


def halves(footage: Footage, frames: FrameSource) -> list[Event]:
    """Two events, one for each half on the frame grid, after watching everything once."""
    seen = sum(len(batch) for batch in frames.watch(per_second=5, width=64))
    middle, end = footage.length_frames // 2, footage.length_frames
    return [
        Event(footage.grid.span(0, middle), f"First half of {seen} pictures."),
        Event(footage.grid.span(middle, end), "Second half."),
    ]


class Scripted:
    """A captioner that runs a function."""

    def __init__(self, script: Script = halves, version: str = "1", name: str = "scripted") -> None:
        self.name = name
        self.version = version
        self.asked: list[Fraction] = []
        """Duration of each footage it was asked about."""
        self._script = script

    def describe(self, footage: Footage, frames: FrameSource) -> Sequence[Event]:
        self.asked.append(footage.duration)
        return self._script(footage, frames)


class Hashed:
    """An embedder whose vectors depend on nothing but the sentence."""

    dimension = 8

    def __init__(self, name: str = "hashed", version: str = "1") -> None:
        self.name = name
        self.version = version
        self.asked: list[str] = []
        """Every sentence it was asked about."""

    def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        self.asked += sentences
        digests = [hashlib.blake2b(sentence.encode(), digest_size=self.dimension).digest() for sentence in sentences]
        vectors = np.array([list(digest) for digest in digests], np.float32).reshape(-1, self.dimension) + 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
