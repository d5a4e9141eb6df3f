"""Where one event may end and the next begin: peaks of the difference between neighbouring pictures, smoothed.

The difference is PySceneDetect's content score (mean change of hue, saturation and brightness). What looks different
need not be another event: neighbours are joined again where they are consistent (paper, eq. 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.training.engine.looks import Look, alike
from momentidx.training.samples import Picture

FARTHEST = 2**0.5
"""Between the centres of two boxes, in sides of the picture."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When footage is split. The paper gives no figures; these are ours."""

    sigma: float = 0.25
    """Seconds."""
    peak: float = 2.5
    """A smoothed score from which a peak splits; a cut of score 27, PySceneDetect's threshold, comes to 5."""
    consistent: float = 0.9
    """Consistency, 0 to 2, above which neighbours are one event."""
    aside: float = 0.25
    """Seconds from the split at which the last and the first picture are taken: those beside it may be mixed."""


@dataclass(frozen=True, slots=True)
class Region:
    """A thing in one picture, as `consistency` compares it."""

    centre: tuple[float, float]
    """Parts of the picture's width and height."""
    look: Look


def difference(before: Picture | None, after: Picture) -> float:
    """Content score of two (H, W, 3) RGB pictures, 0 to 255; 0 for the first of a footage."""
    if before is None:
        return 0.0
    one, other = (cv2.cvtColor(picture, cv2.COLOR_RGB2HSV) for picture in (before, after))
    return float(cv2.absdiff(one, other).mean())


def smoothed(scores: Sequence[float], sigma: float) -> NDArray[np.float64]:
    """(N,) the scores under a Gaussian of `sigma` pictures, cut off at three of them; nothing lies beyond the ends."""
    reach = max(1, round(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.convolve(scores, kernel / kernel.sum(), mode="full")[reach : reach + len(scores)]


def peaks(scores: NDArray[np.float64], least: float) -> list[int]:
    """Where the scores are at a maximum of at least `least`; of equal neighbours the first."""
    return [
        at for at in range(1, len(scores) - 1) if scores[at] >= least and scores[at - 1] < scores[at] >= scores[at + 1]
    ]


def consistency(last: Look, first: Look, ends: dict[int, Region], begins: dict[int, Region]) -> float:
    """Equation 5: how well the last picture of one event goes with the first of the next, 0 to 2.

    `ends` and `begins` are the things in those pictures, by instance. One that is in only one of them counts with
    distance 1, which is nothing.
    """
    together = ends.keys() | begins.keys()
    shared = 0.0
    for number in ends.keys() & begins.keys():
        one, other = ends[number], begins[number]
        apart = np.hypot(one.centre[0] - other.centre[0], one.centre[1] - other.centre[1]) / FARTHEST
        shared += alike(one.look, other.look) * (1 - float(apart))
    return alike(last, first) + (shared / len(together) if together else 0.0)
