"""What is told around an event, by the events of the same footage next to it.

"He lands on the mat" says little; the events around it say gymnastics.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from momentidx.search.words import vocabulary

if TYPE_CHECKING:
    from momentidx.library import Candidate, Library
    from momentidx.search.protocol import Embedder

WINDOW = 32
"""So many events, the event itself among them, are its surroundings; of a short clip all. On a long tape the rest says
little of this moment, and would have to be read for every question."""
REMEMBERED = 20_000
"""Surroundings that are kept for the next questions, some 2.5 KB each."""

Told = tuple[NDArray[np.float32], str]
"""The vector (D,) of a caption, and the caption."""
Window = tuple[int, ...]
"""The captions around an event, by the numbers of their vectors: such a number stands for one caption for ever, so
what was made of it is never out of date. A caption whose vector the library does not have yet is told by the number
of its event, below 0."""


@dataclass(frozen=True, slots=True)
class Around:
    """The surroundings of one event, itself included."""

    vector: NDArray[np.float32]
    """(D,) mean of the captions' vectors, scaled to length 1."""
    words: str
    """The stems of all the captions, each once, a blank before and after each: a set of them takes ten times the
    memory."""

    def having(self, stems: Set[str]) -> frozenset[str]:
        """Those of the stems that any of the captions has."""
        return frozenset(stem for stem in stems if f" {stem} " in self.words)


class Surroundings:
    """Reads what is told around events, and remembers it for the next question; who asks often keeps it."""

    def __init__(self, library: Library, embedder: Embedder) -> None:
        self._library = library
        self._embedder = embedder
        self._generation = library.generation()
        self._clips: dict[str, tuple[Window, Window]] = {}
        """The events of a clip, and the vector of each (0 where there is none), as of that generation."""
        self._known: dict[Window, Around] = {}

    def refresh(self) -> None:
        """Take in that events came or went since."""
        generation = self._library.generation()
        if generation != self._generation:
            self._clips, self._generation = {}, generation

    def learn(self, clips: Collection[str]) -> None:
        """Read what is told around the events of these clips before anybody asks; not of long tapes."""
        read = self._library.vectors_in(clips, self._embedder)
        self._clips.update(read)
        windows = {tuple(filter(None, vectors)) for events, vectors in read.values() if len(events) <= WINDOW}
        self._known.update(self._made(windows - self._known.keys(), {}))

    def of(self, events: Sequence[Candidate], silent: Mapping[int, Told] | None = None) -> list[Around]:
        """For each event what is told around it; its own caption alone where nothing else has a vector.

        `silent` tells of events, by their numbers, whose vectors the library does not have yet.
        """
        silent = silent or {}
        _shorten(self._clips)
        clips = {event.clip for event in events} - self._clips.keys()
        self._clips.update(self._library.vectors_in(clips, self._embedder) if clips else {})
        windows = [_window(*self._clips.get(event.clip, ((), ())), event.id, silent) for event in events]
        fresh = self._made(set(windows) - self._known.keys(), silent)
        found = [fresh.get(window) or self._known[window] for window in windows]
        _shorten(self._known)
        self._known.update((window, each) for window, each in fresh.items() if all(number > 0 for number in window))
        return found

    def _made(self, windows: set[Window], silent: Mapping[int, Told]) -> dict[Window, Around]:
        numbers = {number for window in windows for number in window if number > 0}
        told: dict[int, Told] = {-event: each for event, each in silent.items()}
        if numbers:
            found, captions, matrix = self._library.told(numbers)
            told.update(zip(found, zip(matrix, captions, strict=True), strict=True))
        return {window: self._together([told[number] for number in window if number in told]) for window in windows}

    def _together(self, told: Sequence[Told]) -> Around:
        total = np.zeros(self._embedder.dimension, np.float32)
        for vector, _ in told:  # a few: adding them is less work than making one array of them
            total += vector
        length = float(np.sqrt(total @ total))
        mean = (total / max(length, 1e-12)).astype(np.float32)
        return Around(mean, f" {' '.join(vocabulary(caption for _, caption in told))} ")


def _window(events: Window, vectors: Window, event: int, silent: Mapping[int, Told]) -> Window:
    """The captions around an event, in order; the events of a layer count up in order of time."""
    if len(events) > WINDOW:
        place = events.index(event) if event in events else 0
        first = min(max(place - WINDOW // 2, 0), len(events) - WINDOW)
        events, vectors = events[first : first + WINDOW], vectors[first : first + WINDOW]
    if not silent:
        return tuple(filter(None, vectors))
    both = zip(events or (event,), vectors or (0,), strict=True)
    return tuple(filter(None, (-each if each in silent else vector for each, vector in both)))


def _shorten(kept: dict[str, tuple[Window, Window]] | dict[Window, Around]) -> None:
    """Drop what was kept first, so that memory has an end."""
    if len(kept) > REMEMBERED:
        for key in list(kept)[: REMEMBERED // 2]:
            del kept[key]  # type: ignore[arg-type]
