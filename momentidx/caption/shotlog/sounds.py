"""What is heard: speech, music, applause, barking, ..., and silence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog.plain_words import HEARD
from momentidx.caption.shotlog.presence import Stretch, Sure, stretches
from momentidx.media.frames import Sound
from momentidx.models.tflite import SOUND_RATE, SOUND_SAMPLES, Sounds
from momentidx.times import Span

STEP = SOUND_SAMPLES // 2
"""Samples from one look to the next: half a second."""
HEARS = Sure(keeps=0.3, typical=0.6, best=0.7, looks=2, pause=1.5)
LOUD = 0.0018
"""Root mean square (1 is full scale) below which there is silence: -55 dB."""
SILENT = Sure(keeps=1.0, typical=1.0, best=1.0, looks=4, pause=0.75)
RISES, PASSING = 5.0, 4
"""Decibels by which a sound of at most so many seconds must rise above the quietest around it that is not silence.
What comes and goes without being louder than the room is the room, and the network hears insects in it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One sound and how long it is heard."""

    span: Span
    name: str
    """A word of `HEARD`, or `silence`."""
    score: float
    edge: Fraction
    """Seconds that the edges of the span may be off."""


class Listener:
    """Collects what a network hears while the sound of one footage goes by."""

    def __init__(self, network: Sounds) -> None:
        self._network = network
        place = {label: number for number, label in enumerate(network.labels)}
        self._classes = {word: [place[label] for label in group] for word, group in HEARD.items()}

    def hear(self, footage: Span, sound: Iterable[Sound]) -> list[Heard]:
        """The sounds of a footage, from its (N,) samples at 16 kHz in stretches without a gap."""
        times: list[int] = []
        levels: list[float] = []
        scores: dict[str, list[float]] = {word: [] for word in (*HEARD, "silence")}
        step = Fraction(STEP, SOUND_RATE) / footage.base
        for part in sound:
            for number, samples in enumerate(_looks(part.samples)):
                # A look stands for the middle half of what it hears.
                pts = part.pts + round((number + Fraction(1, 2)) * step)
                if pts not in footage:
                    continue
                times.append(pts)
                levels.append(float(np.sqrt(np.mean(np.square(samples)))))
                quiet = levels[-1] < LOUD
                found = np.zeros(len(self._network.labels), np.float32) if quiet else self._network(samples)
                scores["silence"].append(float(quiet))
                for word, classes in self._classes.items():
                    scores[word].append(float(found[classes].max()))
        return _sounds(footage, times, levels, scores)


def _sounds(
    footage: Span, times: Sequence[int], levels: Sequence[float], scores: dict[str, list[float]]
) -> list[Heard]:
    def rises(found: Stretch) -> bool:
        around = [*levels[: found.first], *levels[found.last + 1 :]]
        room = min((level for level in around if level >= LOUD), default=0.0)
        return found.span.duration > PASSING or max(levels[found.first : found.last + 1]) >= room * 10 ** (RISES / 20)

    found = [
        Heard(each.span, word, round(each.score, 3), each.edge)
        for word, series in scores.items()
        for each in stretches(footage, times, series, SILENT if word == "silence" else HEARS)
        if word == "silence" or rises(each)
    ]
    return sorted(found, key=lambda heard: (heard.span.start, -heard.span.end, heard.name))


def _looks(samples: NDArray[np.float32]) -> Iterable[NDArray[np.float32]]:
    """Windows of the network's length, half of it apart; a last one is filled up with silence."""
    for first in range(0, max(1, len(samples) - STEP), STEP):
        window = samples[first : first + SOUND_SAMPLES]
        yield np.pad(window, (0, SOUND_SAMPLES - len(window)))
