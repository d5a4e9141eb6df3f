"""The form of the picture: upright, with bars, split, of a screen, colour bars; and freezes and flashes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog.screen import drawn
from momentidx.media.frames import Signals
from momentidx.times import Span

FORMS = {
    "vertical": "the picture is higher than wide",
    "letterboxed": "black bars above and below, the same through the whole shot",
    "pillarboxed": "black bars left and right, the same through the whole shot",
    "split-screen": "a straight border from edge to edge that a side of the picture flows across",
    "screen-recording": "flat areas with straight borders and writing, without noise; now and then nothing changes",
    "countdown": "the shot is a part of a countdown leader",
    "colour-bars": "six to nine upright stripes of pure colour, the same through the whole shot",
}
STOPS = {
    "freeze": "no picture differs from the one before for at least a second, in a shot that moves otherwise",
    "flash": "for at most a sixth of a second the picture is brighter by a quarter of the scale",
}

BAR = 24
"""Level of 255 that nothing in a black bar exceeds."""
NARROWEST = 0.04
"""Part of the picture that a bar covers at least; on both sides."""
ALIKE = 0.02
"""Part of the picture by which the two bars may differ."""
LIT = 32.0
"""Mean brightness of a picture whose bars can be told from its night."""
STRIPES = range(6, 10)
EVEN, STEP = 6.0, 24
"""Deviation within a stripe, and difference of a colour between neighbours, in levels."""
SAME = 0.02
"""Levels of mean change up to which a picture is the one before."""
FROZEN = Fraction(1)
"""Seconds that a freeze lasts at least."""
FLASH, BACK = 64.0, 24.0
"""Levels that a flash rises at least, and by which the pictures before and after it may differ."""
LONGEST_FLASH = Fraction(1, 6)
DRAWN, IDLE = 0.8, 0.2
"""Shares of a screen recording's pictures that look drawn, and that are the picture before once more."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What one picture's form shows; parts of its height and width."""

    luma: float
    above: float
    below: float
    left: float
    right: float
    """Black bars; 0 for none."""
    stripes: bool
    """Whether it is colour bars."""
    drawn: bool
    """Whether it looks like a screen."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A freeze or a flash: a kind of `STOPS`, exact to the frame."""

    span: Span
    kind: str


def frame(grey: NDArray[np.uint8], small: NDArray[np.uint8]) -> Frame:
    """Look at one picture, as (H, W) grey and as small (h, w, 3) RGB."""
    rows, columns = grey.max(axis=1) > BAR, grey.max(axis=0) > BAR
    return Frame(
        float(grey.mean()),
        _dark(rows),
        _dark(rows[::-1]),
        _dark(columns),
        _dark(columns[::-1]),
        _striped(small),
        drawn(grey),
    )


def forms(frames: Sequence[Frame], idle: float, *, vertical: bool) -> list[str]:
    """The `FORMS` of a shot from its pictures; `idle` is the share of them that are the picture before once more."""
    found = ["vertical"] if vertical else []
    lit = [each for each in frames if each.luma >= LIT]
    if lit:
        found += ["letterboxed"] if _barred([(each.above, each.below) for each in lit]) else []
        found += ["pillarboxed"] if _barred([(each.left, each.right) for each in lit]) else []
        bars = all(each.stripes for each in lit)
        found += ["colour-bars"] if bars else []
        written_on = np.mean([each.drawn for each in frames]) >= DRAWN and idle >= IDLE
        found += ["screen-recording"] if written_on and not bars else []
    return found


def idle(signals: Signals, shot: Span) -> float:
    """Share of the pictures of a shot that are the picture before once more."""
    first, end = np.searchsorted(signals.pts, [shot.start, shot.end]).tolist()
    return float((signals.change[first + 1 : end] <= SAME).mean()) if end - first > 1 else 0.0


def stops(signals: Signals, shot: Span) -> list[Stop]:
    """The freezes and flashes of a shot."""
    first, end = np.searchsorted(signals.pts, [shot.start, shot.end]).tolist()
    edges = [*signals.pts[first:end].tolist(), shot.end]
    luma, change = signals.luma[first:end], signals.change[first:end]
    found = [Stop(Span(edges[a], edges[b], shot.base), "flash") for a, b in _flashes(luma, edges, shot)]
    frozen = [Span(edges[a - 1], edges[b], shot.base) for a, b in _runs(change[1:] <= SAME, 1)]
    long = [span for span in frozen if span.duration >= FROZEN]
    if sum((span.duration for span in long), Fraction(0)) < shot.duration / 2:
        found += [Stop(span, "freeze") for span in long]
    return sorted(found, key=lambda stop: stop.span.start)


def _flashes(luma: NDArray[np.float32], edges: Sequence[int], shot: Span) -> list[tuple[int, int]]:
    """(first, end) numbers of the pictures of each flash."""
    found = []
    number = 1
    while number < len(luma):
        before = luma[number - 1]
        after = number
        while after < len(luma) and luma[after] - before >= FLASH:
            after += 1
        short = after < len(luma) and (edges[after] - edges[number]) * shot.base <= LONGEST_FLASH
        if after > number and short and abs(luma[after] - before) <= BACK:
            found.append((number, after))
        number = max(after, number + 1)
    return found


def _runs(yes: NDArray[np.bool_], offset: int) -> list[tuple[int, int]]:
    change = np.diff(np.concatenate(([0], yes.astype(np.int8), [0])))
    starts, ends = np.flatnonzero(change == 1) + offset, np.flatnonzero(change == -1) + offset
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _dark(lit: NDArray[np.bool_]) -> float:
    """The part before the first lit row or column."""
    return float(lit.argmax() / len(lit)) if lit.any() else 1.0


def _barred(bars: Sequence[tuple[float, float]]) -> bool:
    """Whether the same bars lie on both sides of all pictures."""
    one, other = (min(sides) for sides in zip(*bars, strict=True))
    return bool(min(one, other) >= NARROWEST and abs(one - other) <= ALIKE)


def _striped(small: NDArray[np.uint8]) -> bool:
    """Whether the upper half is made of upright stripes, most of them of a pure colour."""
    upper = small[: max(1, small.shape[0] // 2)].astype(np.float32)
    if upper.std(axis=0).max(axis=1).mean() > EVEN:
        return False
    colours = upper.mean(axis=0)  # (w, 3)
    steps = np.flatnonzero(np.abs(np.diff(colours, axis=0)).max(axis=1) > STEP)
    borders = steps[np.diff(steps, prepend=-3) > 2]  # a border is blurred over two columns
    pure = (colours.max(axis=1) - colours.min(axis=1) > 80).mean()
    return len(borders) + 1 in STRIPES and bool(pure > 0.5)
