"""Lines of text: looked for when something that may be one appears, followed from picture to picture, read at the end.

To find and to read text takes longer than all the rest of the log, so pictures are searched only where
`lettering` says that text may have come, and seldom otherwise. A line that was found is followed by
its looks alone, forwards as the pictures come and backwards through those still held; so it begins
and ends between two pictures, and not at two searches. When all pictures have passed, each line is
read once in a large picture.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog.lettering import Cells, bounds, fresh, likely
from momentidx.caption.shotlog.lines import SHARED, Grey, Line, Seen, alike, box, joined, shared
from momentidx.caption.shotlog.slates import TIMECODE
from momentidx.media.frames import FrameSource
from momentidx.models.reading import Quad, Reader, Reading

HELD = 40
"""Pictures held for looking back (5 s at 8 a second)."""
SELDOM = 32
"""Pictures after which a picture is searched again although nothing new came ..."""
SOONEST = 4
"""... and before which none is, whatever comes."""
SAVED, REGAINED = 1.0, 1 / 40
"""Whole pictures whose search may be saved up, and regained with every picture, while nothing is found."""
WHOLE = 0.6
"""Share of a picture from which all of it is searched."""
LINES = 24
"""Lines followed at a time, the largest."""
GONE = 2
"""Pictures without the line before which, looking back, it was not there yet."""
DRAFT, SURE = 0.5, 0.9
"""Scores from which a line in a small and in a large picture is believed."""
FEW, LONELY = 3, 0.95
"""Characters that a shape can look like by chance, and the score from which they are believed."""
ROOM = 1.0
"""Heights of a line around it in which it is found anew in a large picture."""
LARGE = 1280
"""Longer side of the pictures that lines are read in ..."""
AT_ONCE = 12
"""... and how many of them are fetched at a time."""
Place = tuple[float, float, float, float]
"""Left, top, right and bottom, as parts of the picture's width and height."""
ALL: Place = (0.0, 0.0, 1.0, 1.0)


class Texts:
    """Takes the pictures of one footage in order, and remembers the lines of text in them."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._lines: list[Line] = []
        self._live: list[Line] = []
        self._held: deque[tuple[int, Grey]] = deque(maxlen=HELD)
        self._known: Cells | None = None
        """Where text was likely when a picture was searched last ..."""
        self._before: Cells | None = None
        """... and in the picture before this one."""
        self._since = SELDOM
        self._saved = SAVED

    def see(self, pts: int, picture: NDArray[np.uint8], small: Grey) -> None:
        """Take the next (H, W, 3) RGB picture, and a smaller grey (h, w) one in which text is looked for first."""
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
        for line in self._live:
            line.follow(pts, grey)
        now = likely(small)
        self._since += 1
        self._saved = min(SAVED, self._saved + REGAINED)
        place = self._place(now)
        if place is not None:
            self._search(pts, picture, grey, place)
            self._known, self._since = now, 0
        self._live = [line for line in self._live if line.after is None]
        self._before = now
        self._held.append((pts, grey))

    def read(self, frames: FrameSource, longest: int) -> list[Line]:
        """All lines that can be read, each in one large picture; `longest` is the footage's own longer side."""
        for line in self._live:
            line.end()
        wanted = _pictures(self._lines)
        times = sorted(wanted)
        for first in range(0, len(times), AT_ONCE):
            some = times[first : first + AT_ONCE]
            large = frames.at(some, width=min(LARGE, longest))
            for pts, picture in zip(some, large.images, strict=True):
                scale = max(picture.shape[:2]) / max(self.size)
                for line, seen in wanted[pts]:
                    line.reading = self._closely(picture, seen.quad * scale)
        return joined(line for line in self._lines if _says_something(line.reading, SURE))

    def _closely(self, picture: NDArray[np.uint8], quad: Quad) -> Reading:
        """Read a line in a large picture: where it was followed, and where it is found anew; what says more counts."""
        room = ROOM * float(np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1).min())
        left, top, right, bottom = box(quad, picture.shape, room)
        part = picture[top:bottom, left:right]
        here = quad - np.array([left, top], np.float32)
        found = [each for each in self._reader.find(part) if shared(each, here) > SHARED]
        readings = self._reader.read(part, [here, *sorted(found, key=lambda each: float(each[0, 0]))])
        anew = [reading for reading in readings[1:] if reading.score >= SURE]
        if sum(len(reading.text) for reading in anew) < len(readings[0].text):
            return readings[0]
        return Reading(
            " ".join(reading.text for reading in anew), min((reading.score for reading in anew), default=0.0)
        )

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the pictures in which lines are followed."""
        height, width = self._held[-1][1].shape
        return height, width

    def _place(self, now: Cells) -> Place | None:
        """The part of this picture to be searched; None when none is worth it, or too much was searched for nothing."""
        if self._since < SOONEST or not (now.any() or self._live):
            return None
        if self._since >= SELDOM or self._known is None or self._before is None:
            wanted = now
        else:
            wanted = fresh(now, self._before, self._known)
            for line in self._live:
                if line.lost:
                    cell = max(self.size) / max(now.shape)
                    left, top, right, bottom = (int(each / cell) for each in box(line.seen[-1].quad, self.size))
                    wanted[top : bottom + 1, left : right + 1] = True
        place = bounds(wanted)
        if place is None:
            return None
        area = (place[2] - place[0]) * (place[3] - place[1])
        place, area = (ALL, 1.0) if area > WHOLE else (place, area)
        if not self._live:
            if self._saved < area:
                return None
            self._saved -= area
        return place

    def _search(self, pts: int, picture: NDArray[np.uint8], grey: Grey, place: Place) -> None:
        """Find the lines in a part of a picture: those that are followed are looked at anew, others begin."""
        height, width = picture.shape[:2]
        left, right = (round(part * width) for part in place[::2])
        top, bottom = (round(part * height) for part in place[1::2])
        corner = np.array([left, top], np.float32)
        found = [quad + corner for quad in self._reader.find(picture[top:bottom, left:right])]
        for quad in sorted(found, key=lambda quad: -float(cv2.contourArea(quad)))[:LINES]:
            at = next((line for line in self._live if shared(line.seen[-1].quad, quad) > SHARED), None)
            if at is not None and not at.lost:
                continue
            (draft,) = self._reader.read(picture, [quad])
            if not _says_something(draft, DRAFT):
                continue
            if at is not None and (alike(at.draft, draft.text) or (at.runs and TIMECODE.search(draft.text))):
                at.found_again(pts, grey, quad)
                continue
            self._begin(Line(draft.text, [Seen(pts, quad, 1.0)]), grey)
        for line in self._live:
            line.end()

    def _begin(self, line: Line, grey: Grey) -> None:
        """Follow a new line, and look where it came from."""
        line.found(grey, line.seen[0].quad)
        missing: list[int] = []
        for pts, held in reversed(self._held):
            there = line.look(pts, held, line.heading(backwards=True))
            if there is None:
                missing.append(pts)
                if len(missing) >= GONE:
                    break
            else:
                missing.clear()
                line.seen.insert(0, there)
        line.before = missing[0] if missing else None
        self._lines.append(line)
        self._live.append(line)


def _pictures(lines: Sequence[Line]) -> dict[int, list[tuple[Line, Seen]]]:
    """The few pictures in which all lines can be read: for each line one in which it looks as it was found."""
    wanted: dict[int, list[tuple[Line, Seen]]] = {}
    for line in lines:
        best = max(seen.score for seen in line.seen)
        good = [seen for seen in line.seen if seen.score >= min(best, 0.9)]
        chosen = next((seen for seen in good if seen.pts in wanted), good[len(good) // 2])
        wanted.setdefault(chosen.pts, []).append((line, chosen))
    return wanted


def _says_something(reading: Reading, least: float) -> bool:
    """Whether a reading can be believed: two round trees read like `OO`, and a stick alone like `I`."""
    letters = sum(map(str.isalnum, reading.text))
    return reading.score >= (least if letters > FEW else LONELY) and (letters > 1 or reading.text.isdigit())
