"""Which pictures the three seeds look at, as functions of the footage's length and nothing else.

A model was trained with one rule and answers in fractions of the clip, so the rule belongs to the
model: another one shifts every time it says. `pictures` is how many the footage has; answers are
numbers of pictures from 0, in order, `count` of them.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np


def endpoints(pictures: int, count: int = 100) -> list[int]:
    """VTimeLLM: even steps from the first picture to the last, both included, rounded down.

    With fewer pictures than `count`, pictures repeat.
    """
    _check(pictures, count)
    return _even(pictures - 1, count)


def seconds_uniform(pictures: int, rate: Fraction, count: int = 300) -> list[int]:
    """Momentor: even times from 0 to the length in seconds, each at its nearest picture, at most the last."""
    _check(pictures, count)
    seconds = pictures / float(rate)
    times = (index * seconds / max(count - 1, 1) for index in range(count))
    return [min(round(float(rate) * time), pictures - 1) for time in times]


def midpoints(pictures: int, count: int = 96) -> list[int]:
    """Grounded-VideoLLM: the middle picture of each of `count` even stretches.

    With fewer pictures than `count`: every picture once, then the last one again and again.
    """
    _check(pictures, count)
    if pictures < count:
        return [min(index, pictures - 1) for index in range(count)]
    bounds = _even(pictures, count + 1)
    return [(start + end - 1) // 2 for start, end in pairwise(bounds)]


def _even(last: int, count: int) -> list[int]:
    # In floating point, as the seeds did: where a step is not exact, the rounding is part of the rule.
    return [int(value) for value in np.linspace(0, last, count)]


def _check(pictures: int, count: int) -> None:
    if pictures < 1 or count < 1:
        raise ValueError(f"{count} of {pictures} pictures cannot be chosen")
