"""What was taken away or put down in front of a camera that stands.

Two pictures in which nothing stirs are compared, one from before something moved and one from after it. Where they
differ, a thing is there in one and the bare background in the other: the thing's own outline is an edge there, and
what lies inside it looks other than what lies around. Somebody who walks in and stops was not put down: who puts
something down moves elsewhere afterwards, and who takes something away moved elsewhere before.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog.things import UNCHANGED, differs

QUIET = 4
"""Pictures in a row in which nothing stirs, so that what lies there lies: half a second."""
STIRS = 0.001
"""Share of the picture that stirs at least when something moves."""
SMALLEST, LARGEST = 0.01, 0.25
"""Share of the picture that a thing covers at least and at most."""
OUTLINED = 1.5
"""How many times stronger the outline is in the picture that has the thing."""
ELSEWHERE = 0.6
"""Share of what stirs last, or first, that lies away from the thing."""
ENDS = 3
"""Pictures at the beginning and at the end of a movement that are asked where it is."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Handled:
    """One thing that is gone, or that is new; places are parts of the picture's width and height."""

    before: int
    after: int
    """Timestamps of the last picture before and of the first one after it."""
    does: str
    """`taken` or `put`."""
    left: float
    top: float
    right: float
    bottom: float
    where: str
    """`left`, `middle` or `right`."""
    name: str | None = None
    """What it was recognised as: `bottle`, `cup`, ..."""


class Settled:
    """Compares the still moments of one footage while its pictures go by.

    Where the camera moved or a shot ended in between, two of them differ all over, and nothing comes of it.
    """

    def __init__(self) -> None:
        self.handled: list[Handled] = []
        self._before: tuple[int, NDArray[np.uint8]] | None = None
        """The last still moment."""
        self._latest: list[tuple[int, NDArray[np.uint8]]] = []
        """The pictures since something stirred, at most as many as make a still moment."""
        self._stirred: list[Mask] = []
        """What stirred since the last still moment: in its first pictures and in its latest."""

    def see(self, pts: int, picture: NDArray[np.uint8]) -> None:
        """Take the next small (H, W, 3) picture."""
        if not self._latest:
            self._latest = [(pts, picture)]
            return
        changed = cv2.absdiff(picture, self._latest[-1][1]).max(axis=2) > UNCHANGED
        stirs = np.asarray(cv2.blur(changed.astype(np.float32), (3, 3)) > 0.5, bool)
        if stirs.mean() >= STIRS:
            if len(self._stirred) == 2 * ENDS:
                del self._stirred[ENDS]
            self._stirred.append(stirs)
            self._latest = [(pts, picture)]
            return
        self._latest = [*self._latest[-QUIET + 1 :], (pts, picture)]
        if len(self._latest) == QUIET:
            if self._before is not None and self._stirred:
                self._compare(*self._before, *self._latest[0])
            self._before, self._stirred = (pts, picture), []

    def _compare(self, pts: int, before: NDArray[np.uint8], end: int, after: NDArray[np.uint8]) -> None:
        changed = differs(after, before)
        joined = cv2.dilate(changed.astype(np.uint8), np.ones((3, 3), np.uint8))
        count, labels, *_ = cv2.connectedComponentsWithStats(joined)
        things = [thing for number in range(1, count) if (thing := (labels == number) & changed).mean() >= SMALLEST]
        found = [(self._does(thing, before, after), thing) for thing in things]
        # Anything else that came or went may be who moved, and what is new or gone beside it a part of them.
        if all(does is not None for does, _ in found):
            self.handled += [_handled(pts, end, does, thing) for does, thing in found if does is not None]

    def _does(self, thing: Mask, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> str | None:
        if thing.mean() > LARGEST:
            return None
        around = _wider(thing, 5)
        elsewhere = [float((stirs & ~around).sum() / stirs.sum()) for stirs in self._stirred]
        (was, was_other), (now, now_other) = _stands_out(thing, before), _stands_out(thing, after)
        if now > OUTLINED * was and now_other > was_other and np.mean(elsewhere[-ENDS:]) >= ELSEWHERE:
            return "put"
        if was > OUTLINED * now and was_other > now_other and np.mean(elsewhere[:ENDS]) >= ELSEWHERE:
            return "taken"
        return None


def _stands_out(thing: Mask, picture: NDArray[np.uint8]) -> tuple[float, float]:
    """How strong the edges along its outline are, and how far its colour is from what lies around, in grey levels."""
    closed = cv2.morphologyEx(thing.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    inside = np.asarray(closed, bool)
    outline = _wider(inside, 3) & ~np.asarray(cv2.erode(closed, np.ones((3, 3), np.uint8)), bool)
    ring = _wider(inside, 7) & ~_wider(inside, 3)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edges = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    other = picture[inside].mean(axis=0) - (picture[ring].mean(axis=0) if ring.any() else 0)
    return float(edges[outline].mean()), float(np.abs(other).mean())


def _wider(mask: Mask, size: int) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((size, size), np.uint8)), bool)


def _handled(before: int, after: int, does: str, thing: Mask) -> Handled:
    rows, columns = np.flatnonzero(thing.any(axis=1)), np.flatnonzero(thing.any(axis=0))
    height, width = thing.shape
    left, right = float(columns[0] / width), float((columns[-1] + 1) / width)
    middle = float(np.nonzero(thing)[1].mean() / width)
    where = "left" if middle < 0.36 else "right" if middle > 0.64 else "middle"
    return Handled(
        before, after, does, left, float(rows[0] / height), right, float((rows[-1] + 1) / height), where
    )  # fmt: skip
