"""Where one shot ends and the next begins, from every picture of a footage in order."""

from __future__ import annotations

from fractions import Fraction

from momentidx.media.compare import Picture
from momentidx.media.cuts import CutDetector
from momentidx.media.gradual import DissolveDetector, FadeDetector, without_cuts


class ShotDetector:
    """Fed every picture once, small. Keeps about a second of them, however long the footage is."""

    def __init__(self, base: Fraction) -> None:
        self._cuts = CutDetector(base)
        self._fades = FadeDetector(base)
        self._dissolves = DissolveDetector(base)

    def feed(self, picture: Picture) -> None:
        self._cuts.feed(picture)
        self._fades.feed(picture)
        self._dissolves.feed(picture)

    def borders(self) -> tuple[int, ...]:
        """The first timestamps of all shots but the first; no picture may be fed afterwards."""
        self._cuts.finish()
        self._dissolves.finish()
        cuts = self._cuts.cuts
        fades = without_cuts(self._fades.middles, cuts)
        dissolves = without_cuts(self._dissolves.middles, [*cuts, *fades])
        return tuple(sorted([*cuts, *fades, *dissolves]))
