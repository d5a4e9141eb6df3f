"""The countdown leader before a film: a hand sweeps round the middle of the picture, once for each number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.times import Span

KINDS = {"countdown": "a hand sweeps round the middle of the picture at least twice, about a second for each turn"}

ANGLES, RADII = 64, 32
REACH, INNER = 0.48, 20
"""Radius looked at, as a part of the shorter side, and the ring from which on the number is not in the way."""
NARROWEST = 3
"""Angles that the part already swept, and the part still to be swept, cover at least."""
TELLS, CONTRAST = 0.6, 20.0
"""Share of the differences in brightness that the hand explains, and levels of 255 between its two sides."""
TURN = (0.3, 0.4)
"""Part of a turn before which the hand must be seen, and by which it must go on, in one turn ..."""
SEEN = 3
"""... and in how many places at least."""
LASTS = (Fraction(3, 10), Fraction(2))
"""Seconds between the first and the last sight of the hand in one turn."""
PAUSE = Fraction(3, 5)
"""Seconds between two turns of one countdown, and to the cut at which it begins or ends, at most."""
TURNS = 2
"""A single turn is a clock wipe."""


@dataclass(frozen=True, slots=True)
class Countdown:
    """A countdown leader."""

    span: Span
    turns: int
    """Numbers counted, as far as their hands were seen."""
    edge: Fraction
    """Seconds that its edges may be off; 0 where it begins and ends with a cut."""


def hand(grey: NDArray[np.uint8]) -> float | None:
    """How far the hand of a (H, W) picture has turned from the top, clockwise, 0 to 1; None where there is none."""
    height, width = grey.shape
    round_ = cv2.warpPolar(
        grey, (RADII, ANGLES), (width / 2, height / 2), REACH * min(height, width), cv2.WARP_POLAR_LINEAR
    )
    light = np.roll(round_[:, INNER:].mean(axis=1), ANGLES // 4)  # from the top instead of from the right
    light = np.median([np.roll(light, by) for by in (-1, 0, 1)], axis=0)  # without the cross
    swept = np.arange(1, ANGLES)
    before = np.cumsum(light)[:-1] / swept
    after = (light.sum() - before * swept) / (ANGLES - swept)
    explained = swept * (ANGLES - swept) / ANGLES * (before - after) ** 2 / max(float(light.var()) * ANGLES, 1e-6)
    best = NARROWEST - 1 + int(explained[NARROWEST - 1 : 1 - NARROWEST].argmax())
    if explained[best] < TELLS or abs(before[best] - after[best]) < CONTRAST:
        return None
    return float(swept[best] / ANGLES)


def countdowns(pictures: Sequence[int], hands: Sequence[float | None], shots: Sequence[Span]) -> list[Countdown]:
    """The countdowns of a footage from the hands in its pictures at (N,) times; cuts nearby are their edges."""
    if not shots:
        return []
    base = shots[0].base
    pause = int(PAUSE / base)
    runs: list[list[tuple[int, int]]] = []
    for first, last in _turns(pictures, hands, base):
        if runs and first - runs[-1][-1][1] <= pause:
            runs[-1].append((first, last))
        else:
            runs.append([(first, last)])
    cuts = np.array([shots[0].start, *(shot.end for shot in shots)])
    found = []
    for run in runs:
        if len(run) >= TURNS:
            start, end = cuts[cuts <= run[0][0]].max(), cuts[cuts > run[-1][1]].min()
            cut_in, cut_out = run[0][0] - start <= pause, end - run[-1][1] <= pause
            span = Span(int(start) if cut_in else run[0][0], int(end) if cut_out else run[-1][1], base)
            found.append(Countdown(span, len(run), Fraction(0) if cut_in and cut_out else PAUSE))
    return found


def _turns(pictures: Sequence[int], hands: Sequence[float | None], base: Fraction) -> list[tuple[int, int]]:
    """(first, last) sight of the hand in each turn."""
    turns: list[list[tuple[int, float]]] = [[]]
    for pts, turned in zip(pictures, hands, strict=True):
        if turned is None:
            continue
        if turns[-1] and (turned < turns[-1][-1][1] or pts - turns[-1][-1][0] > int(PAUSE / base)):
            turns.append([])
        turns[-1].append((pts, turned))
    return [(turn[0][0], turn[-1][0]) for turn in turns if _whole(turn, base)]


def _whole(turn: Sequence[tuple[int, float]], base: Fraction) -> bool:
    if not turn:
        return False
    (first, begins), (last, ends) = turn[0], turn[-1]
    on_time = LASTS[0] <= (last - first) * base <= LASTS[1]
    return on_time and begins <= TURN[0] and ends - begins >= TURN[1] and len({turned for _, turned in turn}) >= SEEN
