"""VTimeLLM's grounding figures: the overlap of a said span with the true one, of their hull."""

from __future__ import annotations

from collections.abc import Sequence


def overlap(steps: Sequence[int] | None, truth: Sequence[float]) -> float:
    """`steps` in per cent, `truth` as fractions; a reversed pair is taken as it stands."""
    if steps is None:
        return 0.0
    start, end = (step / 100 for step in steps)
    return max(0.0, min(end, truth[1]) - max(start, truth[0])) / (max(end, truth[1]) - min(start, truth[0]))


def figures(overlaps: Sequence[float]) -> dict[str, float]:
    """Per cent, of overlaps that were rounded before."""
    count = len(overlaps)
    reached = {f"R1@{level}": 100 * sum(each >= level for each in overlaps) / count for level in (0.3, 0.5, 0.7)}
    return {"mIoU": 100 * sum(overlaps) / count, **reached}
