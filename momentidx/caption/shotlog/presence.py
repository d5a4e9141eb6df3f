"""How long something is there, from looks that may err: one flicker is no end, one false hit no beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from momentidx.times import Span


@dataclass(frozen=True, slots=True)
class Sure:
    """When a series of scores means that something is there."""

    keeps: float
    """Score of a look from which it may be there ..."""
    typical: float
    """... and which half of these looks reach (their median) ..."""
    best: float
    """... and the best of them."""
    looks: int
    """How many looks it takes."""
    pause: float
    """Seconds without it that do not count."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time during which something is there."""

    span: Span
    """From half-way between the look before it and its first one; the shot's own edge where there is none."""
    first: int
    last: int
    """Numbers of its first and last look."""
    score: float
    """Median of the looks that saw it."""
    edge: Fraction
    """Seconds that its edges may be off: half the time between the looks on both sides of one."""


def stretches(shot: Span, times: Sequence[int], scores: Sequence[float], sure: Sure) -> list[Stretch]:
    """Where the (N,) scores of looks at (N,) times, all in the shot, say that something is there."""
    values = np.asarray(scores, np.float64)
    hits: list[int] = np.flatnonzero(values >= sure.keeps).tolist()
    if not hits:
        return []
    pause = sure.pause / float(shot.base)
    breaks = [number for number, (one, other) in enumerate(pairwise(hits), 1) if times[other] - times[one] > pause]
    found = []
    for run in np.split(hits, breaks):
        typical = float(np.median(values[run]))
        if len(run) < sure.looks or typical < sure.typical or values[run].max() < sure.best:
            continue
        first, last = int(run[0]), int(run[-1])
        before = times[first - 1] if first else None
        after = times[last + 1] if last + 1 < len(times) else None
        start = shot.start if before is None else (before + times[first] + 1) // 2
        end = shot.end if after is None else (times[last] + after + 1) // 2
        off = max(start - (start if before is None else before), (end if after is None else after) - end)
        found.append(Stretch(Span(start, end, shot.base), first, last, typical, off * shot.base))
    return found


def most(values: NDArray[np.float64]) -> int:
    """The number that is usual among counts: the upper middle, since detectors miss more than they invent."""
    return round(float(np.quantile(values, 0.6)))
