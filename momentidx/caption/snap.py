"""Edges on true pictures: on a cut where one lies within the uncertainty, else on the nearest picture."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from momentidx.caption.stitch import Seen
from momentidx.times import Span

REACH = Fraction(1, 2)
"""Share of the uncertainty in which a cut is taken for the edge: beyond that it is as likely another one."""
Pictures = Callable[[Sequence[int]], Sequence[int]]
"""For times inside the footage, the true timestamps of the pictures shown then."""


def snapped(seen: Sequence[Seen], footage: Span, shots: Sequence[Span], pictures: Pictures) -> list[Seen]:
    """Events whose edges are timestamps of pictures (or the footage's end).

    Uncertainties stay as they were: that a cut lies near does not prove that the event begins there. An
    event that would lose all its length keeps its own edges.
    """
    cuts = [shot.start for shot in shots]
    ends = [*cuts[1:], footage.end]
    edges = [
        (_on_cut(span.start, start, cuts, footage.base), _on_cut(span.end, end, ends, footage.base))
        for span, (start, end) in ((one.span, one.edges) for one in seen)
    ]
    loose = sorted(
        {one.span.start for one, (start, _) in zip(seen, edges, strict=True) if start is None}
        | {one.span.end for one, (_, end) in zip(seen, edges, strict=True) if end is None}
    )
    shown = dict(zip(loose, pictures(loose), strict=True)) if loose else {}
    return [_moved(one, *pair, shown, footage) for one, pair in zip(seen, edges, strict=True)]


def _moved(one: Seen, start: int | None, end: int | None, shown: dict[int, int], footage: Span) -> Seen:
    new_start = max(shown[one.span.start] if start is None else start, footage.start)
    new_end = min(shown[one.span.end] if end is None else end, footage.end)
    if new_start >= new_end:
        return one
    return replace(one, span=Span(new_start, new_end, footage.base))


def _on_cut(pts: int, edge: Fraction, cuts: Sequence[int], base: Fraction) -> int | None:
    """The nearest cut, if it lies well within the uncertainty."""
    place = bisect_left(cuts, pts)
    near = [cut for cut in cuts[max(0, place - 1) : place + 1] if abs(cut - pts) * base <= edge * REACH]
    return min(near, key=lambda cut: abs(cut - pts), default=None)
