"""Momentor: a time is a place between N anchors (arXiv 2402.11435, section 3.2).

A time t of a clip of D seconds lies at p = (N - 1) * t / D: between anchor floor(p) and the next, at
r = p - floor(p). It is embedded, and taught, as (1 - r) of the one and r of the other. In text it is
`<TEMP-017>`; the network says more than that, and `spoken` writes the place between as `<TEMP-17.250>`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from momentidx.models.codecs.protocol import Reading, Target, inside
from momentidx.models.compat import Compat

INPUT, OUTPUT = "<TEMP-INPUT>", "<TEMP-OUTPUT>"
PATCH, START, END = "<vid_patch>", "<vid_start>", "<vid_end>"
MARKERS = (PATCH, START, END, INPUT, OUTPUT)
"""Tokens with rows of their own; the anchors that follow them lie past the embedding matrix."""
TOKEN = re.compile(r"<TEMP-(\d{1,6}(?:\.\d{1,9})?)>")


@dataclass(frozen=True, slots=True)
class Place:
    """Between two anchors."""

    floor: int
    ceil: int
    ratio: float
    """How far from the lower to the upper; 0 exactly on an anchor."""


@dataclass(frozen=True, slots=True)
class Anchors:
    """`count` anchors, the first at the start of the clip and the last at its end."""

    count: int = 300
    compat: Compat = "fixed"

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return (*MARKERS, *(f"<TEMP-{anchor:03d}>" for anchor in range(self.count)))

    def place(self, fraction: float) -> Place:
        """Where a fraction of the clip lies; held inside the clip."""
        position = min(max(fraction, 0.0), 1.0) * (self.count - 1)
        floor = math.floor(position)
        return Place(floor, math.ceil(position), position - floor)

    def soft(self, fraction: float) -> tuple[tuple[int, float], ...]:
        """How the target's mass is shared among anchors.

        The official code writes 1 - r and then r to the same anchor when p is whole: nothing is left.
        """
        place = self.place(fraction)
        if place.floor == place.ceil:
            return ((place.floor, 0.0 if self.compat == "official" else 1.0),)
        return (place.floor, 1.0 - place.ratio), (place.ceil, place.ratio)

    def encode(self, seconds: float, duration: float) -> str:  # noqa: ARG002  the place travels beside the text
        return INPUT

    def target(self, seconds: float, duration: float) -> Target:
        return Target(OUTPUT, self.soft(seconds / duration))

    def decode(self, answer: str, duration: float) -> Reading:
        """Times two by two in the order of the text."""
        places = [float(found[1]) for found in TOKEN.finditer(answer)]
        problems = [f"<TEMP-{place:g}> is past the last anchor" for place in places if place > self.count - 1]
        seconds = [place * duration / (self.count - 1) for place in places if place <= self.count - 1]
        if len(seconds) % 2:
            problems.append("a time without its partner")
        return inside(list(zip(seconds[::2], seconds[1::2], strict=False)), duration, problems)

    def resolution(self, duration: float) -> float:
        """Between two anchors; what lies between them is finer, but how much depends on the network."""
        return duration / (self.count - 1)

    def spoken(self, probabilities: Sequence[float]) -> float:
        """The place that a distribution over the anchors speaks of: ours, for the published code has none.

        The likeliest anchor and its neighbours, renormalised, as an expected position.
        """
        best = max(range(self.count), key=lambda anchor: probabilities[anchor])
        near = range(max(best - 1, 0), min(best + 2, self.count))
        total = sum(probabilities[anchor] for anchor in near)
        return sum(anchor * probabilities[anchor] for anchor in near) / total if total > 0 else float(best)
