"""What is told around an event, by the events of the same footage next to it.

"He lands on the mat" says little; the events around it say gymnastics.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from momentidx.search.words import vocabulary

if TYPE_CHECKING:
    from momentidx.events import Moment
    from momentidx.library import Library
    from momentidx.search.protocol import Embedder

WINDOW = 32
"""So many events, the event itself among them, are its surroundings; of a short clip all. On a long tape the rest says
little of this moment, and would have to be read for every question."""


@dataclass(frozen=True, slots=True)
class Around:
    """The surroundings of one event, itself included."""

    vector: NDArray[np.float32]
    """(D,) mean of the captions' vectors, scaled to length 1."""
    stems: frozenset[str]
    """Of all the captions."""


class Surroundings:
    """Reads what is told around events, and remembers it for the next question."""

    def __init__(self, library: Library, embedder: Embedder) -> None:
        self._library = library
        self._embedder = embedder
        self._told: dict[int, tuple[NDArray[np.float32], str]] = {}
        self._clips: dict[str, list[int]] = {}

    def of(self, moments: Sequence[Moment]) -> list[Around]:
        """For each moment what is told around it; its own caption alone where nothing else has a vector."""
        clips = {moment.footage.fingerprint for moment in moments} - self._clips.keys()
        self._clips.update(self._library.moments_of(clips) if clips else {})
        windows = [_window(self._clips.get(moment.footage.fingerprint, []), moment.id) for moment in moments]
        self._read({number for window in windows for number in window} - self._told.keys())
        known: dict[tuple[int, ...], Around] = {}
        for window in windows:
            if window not in known:
                known[window] = self._together(window)
        return [known[window] for window in windows]

    def learn(self, moment: Moment, vector: NDArray[np.float32]) -> None:
        """Take in a caption whose vector the library does not have yet."""
        self._told[moment.id] = vector, moment.event.caption

    def _read(self, numbers: set[int]) -> None:
        told = self._library.told(numbers, self._embedder)
        self._told.update((number, (vector, caption)) for number, caption, vector in told)

    def _together(self, window: Iterable[int]) -> Around:
        told = [self._told[number] for number in window if number in self._told]
        total = np.zeros(self._embedder.dimension, np.float32)
        for vector, _ in told:  # a few: adding them is less work than making one array of them
            total += vector
        length = float(np.sqrt(total @ total))
        mean = (total / max(length, 1e-12)).astype(np.float32)
        return Around(mean, vocabulary(caption for _, caption in told))


def _window(numbers: Sequence[int], number: int) -> tuple[int, ...]:
    """The numbers around one, in order; those of a layer count up in order of time."""
    if len(numbers) <= WINDOW:
        return tuple(numbers) or (number,)
    place = numbers.index(number) if number in numbers else 0
    first = min(max(place - WINDOW // 2, 0), len(numbers) - WINDOW)
    return tuple(numbers[first : first + WINDOW])
