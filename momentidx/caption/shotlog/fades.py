"""Fades and black stretches, to the frame, from what was measured on every picture.

A fade multiplies the picture by a factor that falls to 0 or rises from it, so brightness and
contrast change together, by the same part of their full size at every frame. A fade is therefore
followed outwards from black (or white) as long as their sum keeps changing that evenly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from momentidx.media.frames import Signals
from momentidx.times import Span

KINDS = {
    "fade-in": "rises from black or white",
    "fade-out": "falls to black or white",
    "black": "the picture is black for at least 0.2 s",
    "white": "the picture is white for at least 0.2 s",
}
PLAIN_KINDS = ("black", "white")

BLACK, WHITE = 10.0, 245.0
"""Mean brightness of a black and a white picture."""
PLAIN = 4.0
"""Standard deviation of brightness up to which a picture is of one colour."""
SHORTEST_FADE, LONGEST_FADE = 5, 600
"""Frames; anything quicker is a cut or a flash, and nobody fades for longer."""
RISES = 25.0
"""Levels that a fade gains or loses at least."""
FALLS = 0.2
"""Levels by which each dark frame of a fade is nearer to black than its neighbour."""
SLOWS = 0.4
"""Part of the fade's usual step below which it has ended."""
SHORTEST_BLACK = 0.2
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Fade:
    """A stretch of `KINDS`; spans end where the next picture begins, and are exact to the frame."""

    span: Span
    kind: str
    colour: str
    """`black` or `white`."""


def fades(signals: Signals, span: Span) -> list[Fade]:
    """All fades and plain stretches of a footage with this span, in order of start."""
    edges = [*signals.pts.tolist(), span.end]

    def between(first: int, end: int) -> Span:
        return Span(edges[first], edges[end], span.base)

    found: list[Fade] = []
    for colour in PLAIN_KINDS:
        plain = (signals.luma <= BLACK) if colour == "black" else (signals.luma >= WHITE)
        plain &= signals.spread <= PLAIN
        level = signals.spread + (signals.luma if colour == "black" else 255 - signals.luma)
        for start, end in _stretches(plain):
            # The darkest frames of a fade look black already; the fade begins where it gets darker no more.
            first, last = _foot(level, start, end - 1), _foot(level, end - 1, start)
            rise, fall = _reach(level[last:]), _reach(level[first::-1])
            if fall:
                found.append(Fade(between(first + 1 - fall, first + 1), "fade-out", colour))
            stretch = between(first if fall else start, last + 1 if rise else end)
            if stretch.duration >= SHORTEST_BLACK:
                found.append(Fade(stretch, colour, colour))
            if rise:
                found.append(Fade(between(last, last + rise), "fade-in", colour))
    return sorted(found, key=lambda fade: (fade.span.start, fade.span.end))


def _stretches(yes: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    change = np.diff(np.concatenate(([0], yes.astype(np.int8), [0])))
    yield from zip(np.flatnonzero(change == 1).tolist(), np.flatnonzero(change == -1).tolist(), strict=True)


def _foot(level: NDArray[np.float32], edge: int, other: int) -> int:
    """From one edge of a plain stretch inwards, while the level still falls."""
    inwards = 1 if other > edge else -1
    while edge != other and level[edge + inwards] < level[edge] - FALLS:
        edge += inwards
    return edge


def _reach(level: NDArray[np.float32]) -> int:
    """Frames of the fade that starts with the first of these levels, or 0 where there is none.

    The last frame of a fade-in is the one before the picture stands in full.
    """
    steps = np.diff(level[: LONGEST_FADE + 1])
    length, usual = 0, float(np.median(steps[:SHORTEST_FADE])) if len(steps) >= SHORTEST_FADE else 0.0
    while usual > 0 and length < len(steps) and steps[length] > SLOWS * usual:
        length += 1
        usual = float(np.median(steps[: max(length, SHORTEST_FADE)]))
    return length if length >= SHORTEST_FADE and level[length] - level[0] >= RISES else 0
