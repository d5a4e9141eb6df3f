"""Lines of text followed from picture to picture by their looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog.lettering import strokes
from momentidx.caption.shotlog.slates import TIMECODE
from momentidx.models.reading import Quad, Reading

REACH = 24
"""Pixels that a line may jump from one picture to the next beyond where it was heading; 5 % of the longer side."""
SAME, PLAIN = 0.6, 4.0
"""Correlation from which a place still shows the line, and deviation below which it shows nothing at all."""
ASLANT = 0.75
"""Part of the upright box around it that a line fills at most when it lies aslant."""
STROKES = 0.4
"""Part of a line's height that its widest strokes have."""
FULL = 0.25
"""Part of the strokes of its fullest row of pixels that every row of letters has."""
SHARED = 0.4
"""Common part of the smaller of two boxes from which they are one place."""
ALIKE = 0.7
"""How alike two drafts of one text are, 0 to 1."""

Point = tuple[float, float]
Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Seen:
    """A line in one picture."""

    pts: int
    quad: Quad
    """Corners in pixels of the picture in which it is followed."""
    score: float
    """How much it looks like the picture that it was found in, 0 to 1."""

    @property
    def centre(self) -> Point:
        x, y = self.quad.mean(axis=0)
        return float(x), float(y)


@dataclass(slots=True)
class Line:
    """One line of text and where it was in each picture, in order of time."""

    draft: str
    """What it seems to say in a small picture."""
    seen: list[Seen]
    before: int | None = None
    """The last picture without it; None when nothing is known of the time before."""
    after: int | None = None
    """The first picture without it; None while it is there."""
    reading: Reading = field(default=Reading("", 0.0))
    _quad: Quad = field(default_factory=lambda: np.zeros((4, 2), np.float32))
    _patch: Grey = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    _widest: int = 3
    """Pixels of its widest strokes."""
    _light: bool = True
    """Whether they are lighter than what is around them."""
    _mask: Grey | None = None
    """Of a line that lies aslant, what belongs to it."""
    _corner: Point = (0.0, 0.0)
    _missing: list[int] = field(default_factory=list)

    @property
    def runs(self) -> bool:
        """Whether it is a running timecode, which is another text in every picture."""
        return TIMECODE.search(self.draft) is not None

    @property
    def lost(self) -> bool:
        """Whether it was not seen in the last picture."""
        return bool(self._missing)

    def found(self, grey: Grey, quad: Quad) -> None:
        """Take its looks from this picture: the strokes of its letters, and little else."""
        left, top, right, bottom = box(quad, grey.shape)
        whole = grey[top:bottom, left:right]
        inside = np.zeros_like(whole)
        cv2.fillConvexPoly(inside, np.rint(quad - np.array([left, top])).astype(np.int32), 1)
        sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
        self._widest = max(3, round(STROKES * float(sides.min())))
        by_light = {light: strokes(whole, self._widest, light=light) * inside for light in (True, False)}
        self._light = bool(by_light[True].sum() >= by_light[False].sum())
        self._quad, self._mask = quad, None
        if cv2.contourArea(quad) < ASLANT * whole.size:
            self._mask = inside
        else:  # boxes are higher than their letters
            rows = by_light[self._light].mean(axis=1)
            full = np.flatnonzero(rows >= FULL * rows.max())
            top, bottom = top + int(full[0]), top + int(full[-1]) + 1
            self._widest = max(3, round(STROKES * (bottom - top)))
        self._corner = (left, top)
        self._patch = strokes(grey[top:bottom, left:right], self._widest, light=self._light)

    def follow(self, pts: int, grey: Grey) -> None:
        """Look for it in the next picture."""
        now = self.look(pts, grey, self.heading())
        if now is None:
            self._missing.append(pts)
        else:
            self._missing.clear()
            self.seen.append(now)

    def found_again(self, pts: int, grey: Grey, quad: Quad) -> None:
        """It looks otherwise, but says the same."""
        self.found(grey, quad)
        self.seen.append(Seen(pts, quad, 1.0))
        self._missing.clear()

    def end(self) -> None:
        """It is not there any more, if it is missing."""
        self.after = self._missing[0] if self._missing else None

    def heading(self, *, backwards: bool = False) -> Point:
        """Where its middle should be in the next picture."""
        some = self.seen[:2] if backwards else self.seen[-2:][::-1]
        (x, y), (before_x, before_y) = some[0].centre, some[-1].centre
        return 2 * x - before_x, 2 * y - before_y

    def look(self, pts: int, grey: Grey, expected: Point) -> Seen | None:
        """Where it is in a picture, near to where it is expected; None when it is not there."""
        height, width = self._patch.shape
        x, y = self._quad.mean(axis=0)
        left, top = (round(self._corner[0] + expected[0] - float(x)), round(self._corner[1] + expected[1] - float(y)))
        first_x, first_y = max(0, left - REACH), max(0, top - REACH)
        window = grey[first_y : top + height + REACH, first_x : left + width + REACH]
        window = strokes(window, self._widest, light=self._light)
        if min(height, width) < 2 or window.shape[0] < height or window.shape[1] < width:
            return None
        match = cv2.matchTemplate(window, self._patch, cv2.TM_CCOEFF_NORMED, mask=self._mask)
        _, score, _, (dx, dy) = cv2.minMaxLoc(match)
        place = window[dy : dy + height, dx : dx + width]
        if score < SAME or float(place.std()) < PLAIN:
            return None
        shift = np.array([first_x + dx - self._corner[0], first_y + dy - self._corner[1]], np.float32)
        return Seen(pts, self._quad + shift, round(float(score), 4))


def joined(lines: Iterable[Line]) -> list[Line]:
    """The lines in order of time; what says the same in the same place at the same time, or soon after, is one."""
    found: list[Line] = []
    for line in sorted(lines, key=lambda line: line.seen[0].pts):
        same = next((other for other in found if _continues(other, line)), None)
        if same is None:
            found.append(line)
            continue
        last = same.seen[-1].pts
        if line.seen[-1].pts > last:
            same.seen += [seen for seen in line.seen if seen.pts > last]
            same.after = line.after
        same.reading = max(same.reading, line.reading, key=lambda reading: reading.score)
    return found


def _continues(one: Line, other: Line) -> bool:
    """Whether the second of two lines, in order of time, is the first."""
    first, last = other.seen[0], one.seen[-1]
    if one.after is not None and one.after < first.pts and one.after != other.before:
        return False
    if not (alike(one.reading.text, other.reading.text) or (one.runs and other.runs)):
        return False
    at = next((seen for seen in one.seen if seen.pts >= first.pts), last)
    there = next((seen for seen in other.seen if seen.pts >= at.pts), first)
    return shared(at.quad, there.quad) > SHARED


def box(quad: Quad, shape: tuple[int, ...], room: float = 0.0) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in whole pixels of the picture, with so many pixels around the line."""
    left, top = np.floor(quad.min(axis=0) - room).astype(int).clip(0)
    right, bottom = np.ceil(quad.max(axis=0) + room).astype(int)
    return int(left), int(top), min(int(right), shape[1]), min(int(bottom), shape[0])


def shared(one: Quad, other: Quad) -> float:
    """The part of the smaller of two upright boxes around quads that they share."""
    (a, b), (c, d) = ((quad.min(axis=0), quad.max(axis=0)) for quad in (one, other))
    common = np.prod(np.clip(np.minimum(b, d) - np.maximum(a, c), 0, None))
    return float(common / max(1e-6, min(np.prod(b - a), np.prod(d - c))))


def alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio() >= ALIKE
