"""What moves in a shot whose camera stands: when, how much, where, and in which direction."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from momentidx.caption.shotlog.handled import Handled
from momentidx.caption.shotlog.things import Blob, Track, tracks
from momentidx.times import Span

PAUSE = Fraction(1)
"""Seconds without movement that do not yet end it."""
SHORTEST = Fraction(2, 5)
"""Seconds that movement lasts at least."""
SEEN = 4
"""Pictures in which a thing must be seen before anything is said about where it goes."""
SMALLEST = 0.003
"""Share of the picture that such a thing covers on average."""
TRAVELS, BOTH_ENDS = 0.2, 0.06
"""Parts of the picture that a thing as a whole, and each of its ends, must get ahead to have a direction."""
STRAIGHT = 0.6
"""Way as the crow flies over the way gone, from which a direction is stated."""
AT_EDGE, PEEPS = 0.04, 0.4
"""Parts of the picture: how near to the edge touches it, and how far in a thing reaches that just comes or goes."""
CROSSES = 0.6
"""Part of the picture that a crossing thing must be seen to travel."""
MOST = Fraction(3, 5)
"""Part of an activity from which what goes on in it stands for the whole."""
LITTLE, MUCH = 0.02, 0.15
"""Share of the picture that moves, at most for a little and at least for a lot of movement."""

SIDES = {"right": ("left", "right"), "left": ("right", "left"), "down": ("top", "bottom"), "up": ("bottom", "top")}
"""For each direction, the side it starts from and the side it leads to."""


@dataclass(frozen=True, slots=True)
class Going:
    """A thing that goes somewhere."""

    span: Span
    what: str
    """`light`, a colour name, or `thing`."""
    does: str
    """`crosses`, `enters`, `leaves` or `moves`."""
    towards: str
    """`left`, `right`, `up` or `down`."""
    size: float
    """Share of the picture, on average."""
    name: str | None = None
    """What it was recognised as: `person`, `dog`, ..."""


@dataclass(frozen=True, slots=True)
class Activity:
    """A stretch in which something moves."""

    span: Span
    going: tuple[Going, ...]
    """What has a direction, the most telling first."""
    amount: float
    """Share of the picture that moves, on average."""
    where: str
    """`left`, `middle` or `right`: where most of it is; `everywhere` when it is spread."""
    name: str | None = None
    """What was recognised where it moves."""
    handled: tuple[Handled, ...] = ()
    """What was taken away or put down meanwhile."""

    @property
    def much(self) -> str:
        return "little" if self.amount < LITTLE else "much" if self.amount > MUCH else "some"

    @property
    def throughout(self) -> tuple[Going, ...]:
        """What goes somewhere during most of the activity, or several things that follow each other the same way."""
        long = tuple(each for each in self.going if each.span.duration >= MOST * self.span.duration)
        for first in self.going[: 0 if long else 1]:
            same = tuple(each for each in self.going if each.towards == first.towards and each.does == first.does)
            if len(same) > 2:
                return same
        return long

    @property
    def passing(self) -> tuple[Going, ...]:
        """What comes, goes or crosses during a part of the activity only."""
        short = MOST * self.span.duration
        return tuple(each for each in self.going if each.does != "moves" and each.span.duration < short)


Name = Callable[[Sequence[Blob]], str | None]
"""Tells what the blobs of one thing, or of several, were recognised as."""


def activities(
    span: Span, pictures: Sequence[int], blobs: Sequence[Blob], name: Name = lambda _blobs: None
) -> list[Activity]:
    """The activities inside a span, from the times of the pictures looked at and the blobs seen in them."""
    seen = sorted({blob.pts for blob in blobs})
    found = []
    for first, last in _joined(seen, int(PAUSE / span.base)):
        stretch = _stretch(span, pictures, first, last)
        if stretch.duration >= SHORTEST:
            found.append(_activity(stretch, span, pictures, [blob for blob in blobs if blob.pts in stretch], name))
    return found


def _stretch(span: Span, pictures: Sequence[int], first: int, last: int) -> Span:
    """From half-way before the first picture that showed movement to half-way after the last."""
    start, end = bisect_left(pictures, first) - 1, bisect_right(pictures, last)
    return Span(
        (pictures[start] + first) // 2 if start > 0 else span.start,
        (last + pictures[end] + 1) // 2 if end < len(pictures) else span.end,
        span.base,
    )


def _joined(times: Sequence[int], pause: int) -> list[tuple[int, int]]:
    """(first, last) of times that follow each other without a pause."""
    runs: list[tuple[int, int]] = []
    for pts in times:
        if runs and pts - runs[-1][1] <= pause:
            runs[-1] = (runs[-1][0], pts)
        else:
            runs.append((pts, pts))
    return runs


def _activity(stretch: Span, shot: Span, pictures: Sequence[int], blobs: Sequence[Blob], name: Name) -> Activity:
    patience = int(Fraction(1, 2) / shot.base)
    going = [
        found
        for track in tracks(blobs, patience)
        if (found := _going(track, _stretch(shot, pictures, track.blobs[0].pts, track.blobs[-1].pts), name)) is not None
    ]
    order = ("crosses", "enters", "leaves", "moves")
    going.sort(key=lambda each: (order.index(each.does), -each.size))
    weights = np.array([blob.area for blob in blobs])
    places = np.array([blob.centre[0] for blob in blobs])
    middle = float((places * weights).sum() / weights.sum())
    spread = float(np.sqrt(((places - middle) ** 2 * weights).sum() / weights.sum()))
    where = "everywhere" if spread > 0.2 else "left" if middle < 0.36 else "right" if middle > 0.64 else "middle"
    amount = float(weights.sum()) / len({blob.pts for blob in blobs})
    return Activity(stretch, tuple(going), amount, where, name(blobs))


def _going(track: Track, span: Span, name: Name) -> Going | None:
    """Where the thing goes, or None when it does not get anywhere in particular."""
    blobs = track.blobs
    size = float(np.mean([blob.area for blob in blobs]))
    if len(blobs) < SEEN or size < SMALLEST:
        return None
    path = np.array([blob.centre for blob in blobs])
    ahead = path[-1] - path[0]
    axis = int(abs(ahead[1]) > abs(ahead[0]))
    gone = float(np.abs(np.diff(path[:, axis])).sum())
    # Something that only grows or comes apart moves its middle, but not both of its ends.
    ends = np.array(
        [(blob.left, blob.right) if axis == 0 else (blob.top, blob.bottom) for blob in blobs[:: len(blobs) - 1]]
    )
    shifts = (ends[1] - ends[0]) * np.sign(ahead[axis])
    if abs(ahead[axis]) < max(TRAVELS, STRAIGHT * gone) or shifts.min() < BOTH_ENDS:
        return None
    towards = (("right", "down") if ahead[axis] > 0 else ("left", "up"))[axis]
    origin, goal = SIDES[towards]
    enters, leaves = _at(blobs[0], origin), _at(blobs[-1], goal)
    if enters and leaves and abs(ahead[axis]) >= CROSSES:
        does = "crosses"
    elif enters == leaves or axis == 1:  # people bend and raise their arms; that is no coming or going
        does = "moves"
    else:
        does = "enters" if enters else "leaves"
    return Going(span, _what(blobs), does, towards, size, name(blobs))


def _at(blob: Blob, side: str) -> bool:
    """Whether a thing is just coming in, or about to be gone, at one side of the picture."""
    gap, reach = {
        "left": (blob.left, blob.right),
        "right": (1 - blob.right, 1 - blob.left),
        "top": (blob.top, blob.bottom),
        "bottom": (1 - blob.bottom, 1 - blob.top),
    }[side]
    return gap <= AT_EDGE and reach <= PEEPS


def _what(blobs: Sequence[Blob]) -> str:
    if sum(blob.glows for blob in blobs) * 2 > len(blobs):
        return "light"
    colour, count = Counter(blob.colour for blob in blobs).most_common(1)[0]
    return colour if colour is not None and count * 5 >= len(blobs) * 3 else "thing"
