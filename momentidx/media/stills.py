"""Stills: small JPEGs kept while a footage is watched, so that nothing is decoded twice for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

from momentidx.times import Span

KEPT = 400
"""How many stills of one footage are kept at most; beyond, every other one goes and the rest lie twice as far apart."""
_CLOSEST_SECONDS = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Still:
    """One small picture."""

    pts: int
    """True timestamp, in the footage's time base."""
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Sprite:
    """Many small pictures in one, for hover scrubbing: row by row, from left to right."""

    jpeg: bytes
    columns: int
    rows: int
    pts: tuple[int, ...]
    """Timestamps of the pictures; the last row may be shorter."""


class Reservoir:
    """Decides which pictures of a footage of any length to keep: evenly spread and never more than `kept`."""

    def __init__(self, base: Fraction, kept: int = KEPT) -> None:
        self.stills: list[Still] = []
        self._kept = kept
        self._spacing = _CLOSEST_SECONDS / base
        self._first: int | None = None

    def wants(self, pts: int) -> bool:
        """Whether the picture with this timestamp is to be kept; ask in order of time."""
        if self._first is None:
            self._first = pts
        return not self.stills or self._slot(pts) > self._slot(self.stills[-1].pts)

    def keep(self, still: Still) -> None:
        self.stills.append(still)
        while len(self.stills) > self._kept:
            self._spacing *= 2
            by_slot = {self._slot(kept.pts): kept for kept in reversed(self.stills)}  # the first of each slot
            self.stills = sorted(by_slot.values(), key=lambda kept: kept.pts)

    def _slot(self, pts: int) -> int:
        return int((pts - (self._first or 0)) / self._spacing)


def inside(stills: Sequence[Still], span: Span) -> Still | None:
    """The still nearest to the middle of a span, if any lies in it."""
    middle = (span.start + span.end) // 2
    return min(
        (still for still in stills if still.pts in span), key=lambda still: abs(still.pts - middle), default=None
    )


def poster(stills: Sequence[Still], span: Span) -> Still:
    """The still that stands for the whole: near the middle, but not black or bare.

    A picture of nothing takes few bytes as JPEG: one with less than half of the usual number is passed over.
    """
    usual = median(len(still.jpeg) for still in stills)
    telling = [still for still in stills if 2 * len(still.jpeg) >= usual]
    middle = (span.start + span.end) // 2
    return min(telling, key=lambda still: abs(still.pts - middle))
