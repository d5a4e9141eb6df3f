"""Edges of events on true frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from momentidx.times import Span


class Snapper:
    """Moves the edges of spans to the nearest true frames; a span stays at least one frame long."""

    def __init__(self, pts: NDArray[np.int64], footage: Span) -> None:
        self._edges = np.unique([footage.start, *pts.tolist(), footage.end])

    def __call__(self, span: Span) -> Span:
        start = min(self._nearest(span.start), len(self._edges) - 2)
        end = max(self._nearest(span.end), start + 1)
        return Span(int(self._edges[start]), int(self._edges[end]), span.base)

    def _nearest(self, pts: int) -> int:
        after = int(np.searchsorted(self._edges, pts))
        if after == 0 or after == len(self._edges):
            return min(after, len(self._edges) - 1)
        return after - int(pts - self._edges[after - 1] < self._edges[after] - pts)
