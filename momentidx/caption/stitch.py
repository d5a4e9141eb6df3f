"""The same event seen from two windows becomes one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from momentidx.times import Span

ALIKE = 0.5
"""Share of words two captions have in common, from which they may tell the same."""
SAME_STRETCH = Fraction(1, 2)
"""Overlap over union, inside the stretch both windows show, from which two events are the same."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as it was told of one window, in the footage's time."""

    span: Span
    caption: str
    window: Span
    """What was shown; after stitching, all that was."""
    edges: tuple[Fraction, Fraction]
    """How far the true start and end may lie from the stated ones, in seconds."""

    @property
    def edge(self) -> Fraction:
        """The coarser of both."""
        return max(self.edges)


def stitched(windows: Sequence[Sequence[Seen]]) -> list[Seen]:
    """All events of neighbouring windows in order of time, each once."""
    whole: list[Seen] = []
    for window in windows:
        rest = list(window)
        for place, earlier in enumerate(whole):
            later = next((one for one in rest if same(earlier, one)), None)
            if later is not None:
                rest.remove(later)
                whole[place] = joined(earlier, later)
        whole += rest
    return sorted(whole, key=lambda one: (one.span.start, one.span.end))


def same(earlier: Seen, later: Seen) -> bool:
    """Whether two windows tell the same event: in what both show, it lies in the same place and sounds alike."""
    if earlier.window == later.window:
        return False
    start, end = max(earlier.window.start, later.window.start), min(earlier.window.end, later.window.end)
    if start >= end:
        return False
    both = Span(start, end, earlier.span.base)
    slack = earlier.edge + later.edge
    if not earlier.span.overlap(both) or not later.span.overlap(both):
        return False
    if alike(earlier.caption, later.caption) < ALIKE:
        return False
    common = earlier.span.overlap(later.span)
    if not common:
        return False
    union = earlier.span.overlap(both) + later.span.overlap(both) - common
    return common >= SAME_STRETCH * union or abs(union - common) <= slack


def joined(earlier: Seen, later: Seen) -> Seen:
    """One event from two tellings: each edge from the window that shows more around it."""
    both = (earlier, later)
    start = max(both, key=lambda one: (one.span.start - one.window.start, -one.span.start))
    end = max(both, key=lambda one: (one.window.end - one.span.end, one.span.end))
    shown = Span(min(one.window.start for one in both), max(one.window.end for one in both), earlier.span.base)
    # The longer telling saw more of it, and its sentence tells more.
    longer = max(both, key=lambda one: one.span.duration)
    if start.span.start >= end.span.end:
        return replace(longer, window=shown)
    span = Span(start.span.start, end.span.end, earlier.span.base)
    return Seen(span, longer.caption, shown, (start.edges[0], end.edges[1]))


def alike(one: str, other: str) -> float:
    """Share of the words of both sentences that they have in common, 0 to 1 (Dice)."""
    first, second = _words(one), _words(other)
    return 2 * len(first & second) / (len(first) + len(second)) if first and second else float(one == other)


def _words(text: str) -> set[str]:
    """Words of three letters and more: the short ones join sentences that have nothing in common."""
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) > 2}
