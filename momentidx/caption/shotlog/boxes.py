"""Boxes in a picture, whoever found them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Box(Protocol):
    """A part of a picture; edges as parts of its width and height, 0 to 1."""

    @property
    def left(self) -> float: ...
    @property
    def top(self) -> float: ...
    @property
    def right(self) -> float: ...
    @property
    def bottom(self) -> float: ...


B = TypeVar("B", bound=Box)


def common(one: Box, other: Box) -> float:
    """The part of the smaller of two boxes that they share, 0 to 1."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    smaller = min((box.right - box.left) * (box.bottom - box.top) for box in (one, other))
    return max(0.0, width) * max(0.0, height) / smaller if smaller else 0.0


def apart(boxes: Iterable[B], most: float) -> list[B]:
    """The boxes, but for those that share more than `most` with one before: detectors find one thing several times."""
    kept: list[B] = []
    for box in boxes:
        if all(common(box, other) <= most for other in kept):
            kept.append(box)
    return kept
