"""Things that move in front of a camera that stands: blobs against the background, and their tracks.

While the camera stands, a few seconds of small pictures are held. Their median is the background,
and what differs from it moves. Whatever fills half of the picture is a change of light or of the
camera, not a thing, and is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog import colours
from momentidx.caption.shotlog.colours import NAMES

HELD = 48
"""Pictures held (6 s at 8 a second); the older half is compared when they are full."""
FEWEST = 6
"""Pictures without which there is no background to speak of."""
DIFFERS = 17
"""Levels of 255 by which a pixel must differ from the background."""
SMALLEST, LARGEST = 0.0018, 0.6
"""Share of the picture that a thing covers at least, and that all things cover at most."""
MOST = 5
"""Things kept of one picture, the largest first."""
REACH = 0.13
"""Share of the longer side that a thing may jump between two pictures, beyond where it was heading."""
UNCHANGED = 14
"""Levels of 255 within which a pixel counts as unchanged from one picture to the next."""
DEEPEST = 12
"""Median brightness below which a picture is too dark to level it."""
STIRS = 0.06
"""Share of a thing that must have changed since the picture before."""
LIGHT = 150
"""Brightness from which a thing in a dark place is a light."""


@dataclass(frozen=True, slots=True)
class Blob:
    """One thing in one picture; places are parts of the picture's width and height."""

    pts: int
    left: float
    top: float
    right: float
    bottom: float
    area: float
    """Share of the picture."""
    colour: str | None
    """A colour name when most of it has that colour; not grey, which shadows have."""
    glows: bool
    """Whether it is bright against a dark background."""

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


@dataclass(slots=True)
class Track:
    """The blobs that one thing left, in order of time."""

    blobs: list[Blob] = field(default_factory=list)

    def heading(self) -> tuple[float, float]:
        """Where its centre should be in the next picture."""
        (x, y) = self.blobs[-1].centre
        if len(self.blobs) < 2:
            return x, y
        before_x, before_y = self.blobs[-2].centre
        return 2 * x - before_x, 2 * y - before_y


class Watcher:
    """Collects blobs while the pictures of one footage go by."""

    def __init__(self) -> None:
        self.blobs: list[Blob] = []
        self._held: list[tuple[int, NDArray[np.uint8]]] = []

    def see(self, pts: int, picture: NDArray[np.uint8], stands: bool | None) -> bool:
        """Take the next small (H, W, 3) picture; `stands` tells whether the camera stood since the one before.

        Where that could not be measured (None), half of the picture without a change says so.
        Returns what was found to be true.
        """
        if stands is None and self._held:
            stands = bool((cv2.absdiff(picture, self._held[-1][1]).max(axis=2) < UNCHANGED).mean() > 0.5)
        if not stands:
            self.finish()
        self._held.append((pts, picture))
        if len(self._held) == HELD:
            self._compare(HELD // 2)
        return bool(stands)

    def finish(self) -> None:
        """The camera moved, or this was the last picture."""
        if len(self._held) >= FEWEST:
            self._compare(len(self._held))
        self._held.clear()

    def _compare(self, count: int) -> None:
        """Look for things in the first `count` held pictures, and let go of all but the last of them."""
        every = max(1, len(self._held) // 12)
        background = np.median([picture for _, picture in self._held[::every]], axis=0).astype(np.uint8)
        neighbours = zip(self._held[: count - 1], self._held[1:count], strict=True)
        for (_, before), (pts, picture) in neighbours:
            self.blobs += blobs(pts, picture, before, background)
        del self._held[: count - 1]


def blobs(pts: int, picture: NDArray[np.uint8], before: NDArray[np.uint8], background: NDArray[np.uint8]) -> list[Blob]:
    """What in a picture differs from the background and from the picture before.

    A bottle that was put down differs from the background, but it does not move any more.
    """
    changed = differs(picture, background)
    if changed.mean() > LARGEST:
        return []
    stirs = cv2.absdiff(picture, before).max(axis=2) > UNCHANGED
    joined = cv2.dilate(changed.astype(np.uint8), np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    dark = float(np.median(background)) < LIGHT / 3
    found = []
    for number in sorted(range(1, count), key=lambda number: -stats[number, cv2.CC_STAT_AREA])[:MOST]:
        inside = (labels == number) & changed
        if stats[number, cv2.CC_STAT_AREA] >= SMALLEST * changed.size and stirs[inside].mean() >= STIRS:
            found.append(_blob(pts, picture[inside], inside, in_the_dark=dark))
    return found


def differs(picture: NDArray[np.uint8], background: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(H, W) where a picture is other than the background, apart from the brightness of the whole."""
    return min((_differs(each, background) for each in (picture, _levelled(picture, background))), key=np.sum)


def _differs(picture: NDArray[np.uint8], background: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray(cv2.blur(cv2.absdiff(picture, background), (3, 3)).max(axis=2) > DIFFERS, bool)


def _levelled(picture: NDArray[np.uint8], background: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with the background's brightness: somebody at the dimmer is not a thing that moves."""
    there, here = float(np.median(background)), float(np.median(picture))
    if min(there, here) < DEEPEST or abs(there - here) < 3:
        return picture
    return np.asarray(cv2.convertScaleAbs(picture, alpha=there / here), np.uint8)


def _blob(pts: int, pixels: NDArray[np.uint8], inside: NDArray[np.bool_], *, in_the_dark: bool) -> Blob:
    """The blob whose (N, 3) pixels lie `inside` (H, W)."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    height, width = inside.shape
    part = colours.shares(pixels[None])
    strongest = int(part.argmax())
    brightest = float(np.sort(pixels.mean(axis=1))[-max(1, len(pixels) // 16) :].mean())
    return Blob(
        pts=pts,
        left=float(columns[0] / width),
        top=float(rows[0] / height),
        right=float((columns[-1] + 1) / width),
        bottom=float((rows[-1] + 1) / height),
        area=float(inside.mean()),
        colour=NAMES[strongest] if part[strongest] >= 0.5 and NAMES[strongest] != "grey" else None,
        glows=in_the_dark and brightest > LIGHT,
    )


def tracks(found: Sequence[Blob], patience: int) -> list[Track]:
    """Blobs joined to the things they belong to: the nearest to where each thing was heading.

    A thing that went unseen for more than `patience` ticks is another thing afterwards.
    """
    alive: list[Track] = []
    done: list[Track] = []
    for pts, group in groupby(sorted(found, key=lambda blob: (blob.pts, blob.left)), key=lambda blob: blob.pts):
        seen = list(group)
        done += [track for track in alive if pts - track.blobs[-1].pts > patience]
        alive = [track for track in alive if pts - track.blobs[-1].pts <= patience]
        pairs = sorted(
            (math.dist(track.heading(), blob.centre), number, index)
            for number, track in enumerate(alive)
            for index, blob in enumerate(seen)
        )
        taken: set[int] = set()
        joined: set[int] = set()
        for distance, number, index in pairs:
            if distance <= REACH and number not in joined and index not in taken:
                alive[number].blobs.append(seen[index])
                joined.add(number)
                taken.add(index)
        alive += [Track([blob]) for index, blob in enumerate(seen) if index not in taken]
    return sorted(done + alive, key=lambda track: (track.blobs[0].pts, track.blobs[0].left))
