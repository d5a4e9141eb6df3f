"""What is said to be heard, from what a network made of each half second."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from momentidx.caption.shotlog.plain_words import HEARD
from momentidx.caption.shotlog.sounds import STEP, Listener
from momentidx.media.frames import Sound
from momentidx.models.tflite import Sounds
from momentidx.times import Span

SECONDS = 10
LABELS = sorted({label for group in HEARD.values() for label in group})


class Scripted:
    """Hears one class, with the score given for each look in turn."""

    labels = LABELS

    def __init__(self, label: str, scores: Sequence[float]) -> None:
        self._label, self._scores = label, iter(scores)

    def __call__(self, _samples: NDArray[np.float32]) -> NDArray[np.float32]:
        found = np.zeros(len(LABELS), np.float32)
        found[LABELS.index(self._label)] = next(self._scores)
        return found


def heard(label: str, scores: Sequence[float], levels: Sequence[float]) -> list[tuple[str, float, float]]:
    """Sounds with start and end in seconds; `levels` are the amplitudes of each half second."""
    samples = np.repeat(np.array(levels, np.float32), STEP) * np.where(np.arange(len(levels) * STEP) % 2, 1, -1)
    span = Span(0, SECONDS * 1000, Fraction(1, 1000))
    listener = Listener(cast("Sounds", Scripted(label, scores)))
    found = listener.hear(span, [Sound(0, samples.astype(np.float32))])
    return [(each.name, round(each.span.start / 1000, 1), round(each.span.end / 1000, 1)) for each in found]


LOOKS = 2 * SECONDS - 1
ROOM, LOUD = [0.01] * 8, [0.2] * 4


def during(score: float) -> list[float]:
    return [0.0] * 8 + [score] * 3 + [0.0] * 8


def test_a_sound_that_rises_above_the_room_is_an_event() -> None:
    assert heard("Bark", during(0.9), [*ROOM, *LOUD, *ROOM]) == [("barking", 3.9, 5.4)]


def test_what_is_no_louder_than_the_room_is_the_room() -> None:
    assert heard("Insect", during(0.9), [*ROOM, *ROOM[:4], *ROOM]) == []


@pytest.mark.parametrize("scores", [[0.9] * LOOKS, [0.9] * 12 + [0.0] * 7], ids=["to the end", "for six seconds"])
def test_what_lasts_may_be_as_quiet_as_the_room(scores: list[float]) -> None:
    ((name, start, end),) = heard("Insect", scores, [0.01] * 2 * SECONDS)
    assert (name, start, end) == ("insects", 0.0, 5.8 if scores[-1] == 0 else SECONDS)


def test_what_the_network_is_not_sure_of_is_not_said() -> None:
    assert heard("Car", during(0.55), [*ROOM, *LOUD, *ROOM]) == []


def test_silence_is_heard_from_two_seconds_on() -> None:
    quiet = [*ROOM, *[0.0] * 6, *ROOM[:6]]
    assert heard("Bark", [0.0] * LOOKS, quiet) == [("silence", 3.9, 6.3)]
    assert heard("Bark", [0.0] * LOOKS, [*ROOM, *[0.0] * 3, *ROOM, 0.01]) == []
