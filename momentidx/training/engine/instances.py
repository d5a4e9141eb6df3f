"""Things followed through footage: what a detector sees in single pictures, joined to tracks and then to instances."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.caption.detector import Detector
from momentidx.caption.shotlog.boxes import common
from momentidx.caption.shotlog.captioner import SMALL, STANDS, shrunk
from momentidx.caption.shotlog.colours import NAMES, shares
from momentidx.caption.shotlog.pairs import movement
from momentidx.caption.shotlog.things import HELD, Blob, Watcher, tracks
from momentidx.training.engine.boundaries import Region
from momentidx.training.engine.looks import Look, alike, look
from momentidx.training.samples import Picture

THING = "thing"
PATIENCE = Fraction(3, 2)
"""Seconds that an instance may go unseen within one track."""
FEWEST, FEWEST_NAMED = 4, 2
"""Pictures in which what moves, and what was named (which is looked for less often), has to be seen."""
SAME = 0.8
"""Likeness from which two tracks of one label and colour are one instance."""
TOUCHES = 0.3
"""Common part of the smaller of two boxes from which what moves is what was named."""
EDGE = 0.125
"""Share of a box on each side that does not count for how the thing looks."""
SURE = 0.4
"""Score from which a named box counts."""
EVERY = 8
"""One picture in so many is shown to the detector ..."""
TOGETHER = 8
"""... and so many of these at a time."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A thing in one picture."""

    label: str
    """What it is: `person`, `dog`; `thing` where nobody knows."""
    box: Blob
    look: Look
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Instance:
    """One thing, wherever it is seen."""

    label: str
    colour: str | None
    seen: tuple[Seen, ...]
    """In order of time, at most one a picture."""

    @property
    def name(self) -> str:
        """As a sentence says it: `the red thing`, `the person in blue`."""
        if self.colour is None:
            return f"the {self.label}"
        return f"the person in {self.colour}" if self.label == "person" else f"the {self.colour} {self.label}"

    def region(self, pts: int, within: int) -> Region | None:
        """Where it is at a time, if it is seen at most `within` ticks away."""
        nearest = min(self.seen, key=lambda seen: abs(seen.box.pts - pts))
        return Region(nearest.box.centre, nearest.look) if abs(nearest.box.pts - pts) <= within else None


class Follower:
    """Takes the pictures of one footage in order: what moves before a standing camera, and what a detector finds."""

    def __init__(self, detector: Detector, words: Sequence[str] = ()) -> None:
        """`words` are what the detector is to look for."""
        self._detector, self._words, self._watcher = detector, words, Watcher()
        self._held: dict[int, Picture] = {}
        """The latest pictures: the watcher is some of them behind."""
        self._waiting: list[tuple[int, Picture, Picture]] = []
        """What the detector will be shown together."""
        self._before: NDArray[np.uint8] | None = None
        self._seen: list[Seen] = []
        self._number = 0

    def see(self, pts: int, picture: Picture, large: Picture) -> None:
        """Take the next picture; `large` is the same in the detector's size."""
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
        move = None if self._before is None else movement(self._before, grey)
        self._before, self._held[pts] = grey, picture
        self._watcher.see(pts, shrunk(picture, SMALL), None if move is None else move.edge < STANDS)
        if self._number % EVERY == 0:
            self._waiting.append((pts, picture, large))
        if len(self._waiting) == TOGETHER:
            self._look()
        self._number += 1
        self._take()

    def finish(self) -> Sequence[Seen]:
        """Everything that was seen; called once, after the last picture."""
        self._look()
        self._watcher.finish()
        self._take()
        return self._seen

    def _take(self) -> None:
        """What the watcher found by now, with its looks; pictures that it needs no more are let go."""
        for blob in self._watcher.blobs:
            self._seen.append(Seen(THING, blob, look(_cropped(self._held[blob.pts], blob))))
        self._watcher.blobs.clear()
        for pts in list(self._held)[:-HELD]:
            del self._held[pts]

    def _look(self) -> None:
        """Show the detector what waits."""
        if not self._waiting:
            return
        found = self._detector.find([large for _, _, large in self._waiting], self._words)
        for (pts, picture, _), some in zip(self._waiting, found, strict=True):
            for each in some:
                if each.score >= SURE:
                    blob = _blob(pts, each.left, each.top, each.right, each.bottom, picture)
                    self._seen.append(Seen(each.label, blob, look(_cropped(picture, blob)), float(each.score)))
        self._waiting.clear()


def instances(seen: Sequence[Seen], base: Fraction) -> list[Instance]:
    """Everything that was seen often enough, in order of its first appearance.

    What was named is not told a second time because it moves.
    """
    found = [one for label in sorted({each.label for each in seen} - {THING}) for one in _followed(seen, label, base)]
    named: dict[int, list[Blob]] = defaultdict(list)
    for one in found:
        for each in one.seen:
            named[each.box.pts].append(each.box)
    found += [one for one in _followed(seen, THING, base) if not _is_named(one, named)]
    joined: list[Instance] = []
    for one in sorted(found, key=lambda each: (each.seen[0].box.pts, each.seen[0].box.left)):
        at = next((at for at, earlier in enumerate(joined) if _same(earlier, one)), None)
        if at is None:
            joined.append(one)
        else:
            joined[at] = Instance(one.label, one.colour, joined[at].seen + one.seen)
    return joined


def _followed(seen: Sequence[Seen], label: str, base: Fraction) -> list[Instance]:
    """The tracks of one label, each as an instance."""
    of = {id(each.box): each for each in seen if each.label == label}
    fewest = FEWEST if label == THING else FEWEST_NAMED
    found = []
    for track in tracks([each.box for each in of.values()], int(PATIENCE / base)):
        if len(track.blobs) >= fewest:
            colour = Counter(blob.colour for blob in track.blobs).most_common(1)[0][0]
            found.append(Instance(label, colour, tuple(of[id(blob)] for blob in track.blobs)))
    return found


def _is_named(thing: Instance, named: dict[int, list[Blob]]) -> bool:
    """Whether it lies where something was named, in half of the pictures at least in which anything was."""
    touches = [any(common(s.box, box) >= TOUCHES for box in named[s.box.pts]) for s in thing.seen if s.box.pts in named]
    return bool(touches) and 2 * sum(touches) >= len(touches)


def _same(earlier: Instance, later: Instance) -> bool:
    if (earlier.label, earlier.colour) != (later.label, later.colour):
        return False
    if earlier.seen[-1].box.pts >= later.seen[0].box.pts:
        return False
    return alike(_usual(earlier), _usual(later)) >= SAME


def _usual(one: Instance) -> Look:
    mean = np.mean([seen.look for seen in one.seen], axis=0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def _cropped(picture: Picture, box: Blob) -> Picture:
    """The inside of a box; along its edges much of what is seen is the background."""
    height, width = picture.shape[:2]
    aside, down = EDGE * (box.right - box.left), EDGE * (box.bottom - box.top)
    top, left = int((box.top + down) * height), int((box.left + aside) * width)
    bottom, right = round((box.bottom - down) * height), round((box.right - aside) * width)
    return picture[top : max(top + 1, bottom), left : max(left + 1, right)]


def _blob(pts: int, left: float, top: float, right: float, bottom: float, picture: Picture) -> Blob:
    left, top = (min(max(float(edge), 0.0), 0.99) for edge in (left, top))
    right, bottom = (min(float(edge), 1.0) for edge in (right, bottom))
    box = Blob(pts, left, top, right, bottom, (right - left) * (bottom - top), None, glows=False)
    part = shares(_cropped(picture, box))
    strongest = int(part.argmax())
    colour = NAMES[strongest] if part[strongest] >= 0.5 and NAMES[strongest] != "grey" else None
    return Blob(pts, left, top, right, bottom, box.area, colour, glows=False)
