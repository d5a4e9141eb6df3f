"""What is learned from: pictures, and a conversation about them with its times in seconds.

No seed's way with time is in here: `Said` keeps a time as a number between words, and each method writes it as its
network tells it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""(H, W, 3) RGB bytes."""

Said = tuple[str | float, ...]
"""Words, and times between them in seconds of the clip: `("From ", 1.5, " to ", 3.0, ".")`."""


@runtime_checkable
class Pictures(Protocol):
    """Where the pictures of one clip come from."""

    @property
    def key(self) -> str:
        """The same for the same pictures and for no others; what is seen in them is kept under it.

        Raises UnusableFootage when there is nothing to see.
        """
        ...

    @property
    def rate(self) -> float:
        """Pictures a second."""
        ...

    def at(self, seconds: Sequence[float]) -> list[Picture]:
        """The pictures shown at these times of the clip. Raises UnusableFootage when they cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class Vectors:
    """What somebody else's encoder saw: one vector for each picture, in a file (`.npy` or `.safetensors`)."""

    path: Path

    @property
    def key(self) -> str:
        return hashlib.sha256(str(self.path).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer."""

    asked: Said
    """Empty where a caption follows its picture without a question."""
    answered: Said


@dataclass(frozen=True, slots=True)
class Sample:
    """One clip and what is said about it."""

    name: str
    """For people: what an error or a saved batch calls it."""
    pictures: Pictures | Vectors
    duration: float
    """Seconds of the clip; 0 for a single picture."""
    turns: tuple[Turn, ...]

    def __post_init__(self) -> None:
        times = [part for turn in self.turns for part in (*turn.asked, *turn.answered) if not isinstance(part, str)]
        outside = [time for time in times if not 0 <= time <= self.duration]
        if outside:
            raise ValueError(f"{self.name}: {outside[0]:g} s does not lie in its clip of {self.duration:g} s")
        if not self.turns or not all(any(turn.answered) for turn in self.turns):
            raise ValueError(f"{self.name}: nothing is answered")


def digest(samples: Sequence[Sample]) -> str:
    """Changes with any word or time of the samples, and with their names; not with where their pictures lie."""
    told = hashlib.sha256()
    for sample in samples:
        turns = [[turn.asked, turn.answered] for turn in sample.turns]
        told.update(json.dumps([sample.name, sample.duration, turns], ensure_ascii=False).encode())
    return told.hexdigest()
