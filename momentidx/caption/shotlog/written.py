"""From lines of text to what is written: slates, timecodes, lower thirds, titles, credits, signs.

Lines that come and go together and stand together are one. What they are is told by what they say, by
where they stand, and by how they move: a sign goes with the world, what was put over the picture does not.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog import slates
from momentidx.caption.shotlog.lines import Line
from momentidx.caption.shotlog.path import Step
from momentidx.caption.shotlog.slates import Text
from momentidx.caption.shotlog.things import Blob
from momentidx.times import Span

ROLES = {
    "slate": "names a scene and a take, as on a clapperboard",
    "timecode": "a running timecode, burnt into the picture",
    "credits": "at least three lines that roll upwards, one after the other",
    "lower-third": "put over the lower third of the picture",
    "title": "put over the picture elsewhere: comes or goes by itself while the camera rests, or stays while it moves",
    "sign": "moves with the world when the camera moves",
    "text": "anything else that is written",
}

TOGETHER = Fraction(1, 2)
"""Seconds within which lines of one block come, and go."""
APART = 1.6
"""Heights of a line to the next line of its block, at most."""
LOWER = 0.6
"""Part of the picture's height below which a lower third stands."""
CAMERA_MOVED = 0.03
"""Longer sides that the camera must have moved to tell a sign from what was put over the picture."""
FOLLOWS, STAYS = 0.4, 0.2
"""Of the camera's movement: how far from it a sign, and from its place an overlay, is found at most."""
ROLLS, ROLLING = 0.15, 3
"""Part of the picture's height that a line of credits rises at least, and how many lines there are."""
AROUND = Fraction(1, 2)
"""Seconds before and after a text comes or goes in which something may have uncovered or covered it."""
AT_SIDE, OVER = 0.02, 0.3
"""Part of the picture within which a thing is at its side, and part of a text that it covers."""
PHRASE = 4
"""Words of the longest run that can be asked for by `text:`; a whole line always can."""


@dataclass(frozen=True, slots=True)
class Written:
    """Something written."""

    span: Span
    role: str
    """One of `ROLES`."""
    lines: tuple[str, ...]
    """From top to bottom."""
    place: tuple[float, float, float, float]
    """Left, top, right and bottom where it was read, as parts of the picture's width and height."""
    score: float
    """Lowest mean probability of the lines' characters, 0 to 1."""
    edge: Fraction
    """Seconds that the edges of the span may be off."""
    slate: Mapping[str, str] | None = None
    """Scene, take and perhaps roll."""

    @property
    def phrases(self) -> list[str]:
        """What it can be found by: lines, and runs of words in them."""
        found: dict[str, None] = {}
        for line in self.lines:
            words = [word.strip(".,;:!?\"'()[]") for word in line.split()]
            runs = (words[a:b] for a in range(len(words)) for b in range(a + 1, min(len(words), a + PHRASE) + 1))
            found |= dict.fromkeys([line, *(" ".join(run) for run in runs)])
        return [phrase for phrase in found if phrase]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line with its span; places are parts of the picture's width and height."""

    line: Line
    span: Span
    edge: Fraction
    text: Text
    risen: float
    """Part of the height that it went up while it was seen."""
    role: str | None
    """`sign` or `overlay` where its movement tells."""
    put: bool
    """Whether it comes or goes within a shot by itself: nothing gave way to it, and the camera rested."""


def written(
    lines: Sequence[Line],
    footage: Span,
    pictures: Sequence[int],
    shots: Sequence[Span],
    steps: Sequence[Step],
    blobs: Sequence[Blob],
    size: tuple[int, int],
) -> list[Written]:
    """What is written in a footage.

    `pictures` are the times of all pictures looked at, `steps` the camera's movements between them, `blobs` what
    moves in them, and `size` the (height, width) of the pictures in which lines were followed.
    """
    placed = [_placed(line, footage, pictures, shots, steps, blobs, size) for line in lines]
    rolling = [each for each in placed if each.risen >= ROLLS]
    blocks: list[tuple[str | None, list[_Placed]]] = [("credits", run) for run in _runs(rolling)]
    credited = {id(each) for _, run in blocks for each in run}
    rest = [each for each in placed if id(each) not in credited]
    clocks = [each for each in rest if slates.timecode(each.text.text)]
    blocks += [("timecode", [each]) for each in clocks]
    blocks += [(None, block) for block in _blocks([each for each in rest if each not in clocks])]
    found = [_written(role, block) for role, block in blocks]
    # A digit that stands alone is the take of a slate, or nothing to speak of.
    found = [each for each in found if each.slate or any(len(line) > 1 for line in each.lines)]
    return sorted(found, key=lambda found: (found.span.start, found.place))


def _placed(
    line: Line,
    footage: Span,
    pictures: Sequence[int],
    shots: Sequence[Span],
    steps: Sequence[Step],
    blobs: Sequence[Blob],
    size: tuple[int, int],
) -> _Placed:
    first, last = line.seen[0].pts, line.seen[-1].pts
    cuts = [shot.start for shot in shots[1:]]
    start, off = _edge(line.before, first, cuts) if line.before is not None else (first, 0)
    if first == pictures[0]:
        start = footage.start
    end, off_end = _edge(last, line.after, cuts) if line.after is not None else (footage.end, 0)
    height, width = size
    read = line.seen[len(line.seen) // 2].quad / np.array([width, height])
    (left, top), (right, bottom) = read.min(axis=0), read.max(axis=0)
    text = Text(line.reading.text, *(round(float(edge), 4) for edge in (left, top, right, bottom)))
    edges = {footage.start, footage.end, *cuts}
    moved = (np.array(line.seen[-1].centre) - np.array(line.seen[0].centre)) / max(size)
    return _Placed(
        line,
        Span(start, max(end, start + 1), footage.base),
        max(off, off_end) * footage.base,
        text,
        risen=float(-moved[1]) * max(size) / height,
        role=_moves(moved, first, last, steps),
        put=not {start, end} <= edges
        and all(at in edges or _by_itself(text, at, steps, blobs, int(AROUND / footage.base)) for at in (start, end)),
    )


def _by_itself(text: Text, at: int, steps: Sequence[Step], blobs: Sequence[Blob], around: int) -> bool:
    """Whether the camera rests when a text comes or goes, and nothing that reaches in covers its place."""
    first = bisect_left(steps, at - around, key=lambda step: step.end)
    if not all(step.rests for step in steps[first : bisect_right(steps, at + around, key=lambda step: step.start)]):
        return False
    first = bisect_left(blobs, at - around, key=lambda blob: blob.pts)
    near = blobs[first : bisect_right(blobs, at + around, key=lambda blob: blob.pts)]
    return not any(_covers(blob, text) for blob in near)


def _covers(blob: Blob, text: Text) -> bool:
    """Whether a thing that reaches in from a side of the picture lies over a text."""
    at_side = min(blob.left, blob.top, 1 - blob.right, 1 - blob.bottom) <= AT_SIDE
    wide = min(blob.right, text.right) - max(blob.left, text.left)
    high = min(blob.bottom, text.bottom) - max(blob.top, text.top)
    return at_side and min(wide, high) > 0 and wide * high >= OVER * (text.right - text.left) * (text.bottom - text.top)


def _edge(one: int, other: int, cuts: Sequence[int]) -> tuple[int, int]:
    """Where between two pictures something changes, and by how much that may be off: at a cut, else half-way."""
    cut = bisect_right(cuts, one)
    if cut < len(cuts) and cuts[cut] <= other:
        return cuts[cut], 0
    middle = (one + other + 1) // 2
    return middle, middle - one


def _moves(moved: NDArray[np.float64], first: int, last: int, steps: Sequence[Step]) -> str | None:
    """Whether a line goes with the world (`sign`) or stays while the camera moves (`overlay`); None: nobody can say."""
    begin = bisect_left(steps, first, key=lambda step: step.start)
    end = bisect_right(steps, last, key=lambda step: step.end)
    known = [step.move for step in steps[begin:end] if step.move is not None]
    world = np.sum([(move.right, move.down) for move in known], axis=0) if known else np.zeros(2)
    far = float(np.hypot(*world))
    if far < CAMERA_MOVED:
        return None
    if float(np.hypot(*(moved - world))) <= FOLLOWS * far:
        return "sign"
    return "overlay" if float(np.hypot(*moved)) <= STAYS * far else None


def _runs(rolling: Sequence[_Placed]) -> list[list[_Placed]]:
    """Rolling lines that follow each other without a pause, where there are enough of them.

    Where credits are all there is to see, some seem to go with the world, as they are the world; on a wall all do.
    """
    runs: list[list[_Placed]] = []
    for each in sorted(rolling, key=lambda each: each.span.start):
        if runs and each.span.start <= max(other.span.end for other in runs[-1]):
            runs[-1].append(each)
        else:
            runs.append([each])
    return [run for run in runs if sum(each.role != "sign" for each in run) >= ROLLING]


def _blocks(placed: Sequence[_Placed]) -> list[list[_Placed]]:
    """Lines that come, go and stand together; those of a slate wherever they stand."""
    blocks: list[list[_Placed]] = []
    for each in sorted(placed, key=lambda each: (each.span.start, each.text.top, each.text.left)):
        block = next((b for b in blocks if any(_belong(each, other) for other in b)), None)
        if block is None:
            blocks.append([each])
        else:
            block.append(each)
    return _slated(blocks)


def _slated(blocks: list[list[_Placed]]) -> list[list[_Placed]]:
    """Blocks that are seen at the same time and say the parts of one slate become one."""
    for block in blocks:
        same = [other for other in blocks if _timely(block[0].span, other[0].span)]
        lines = [each for other in same for each in other]
        if len(same) > 1 and slates.slate([each.text for each in lines]) and not slates.slate([e.text for e in block]):
            return _slated([lines, *(other for other in blocks if other not in same)])
    return blocks


def _belong(one: _Placed, other: _Placed) -> bool:
    a, b = one.text, other.text
    high = max(a.bottom - a.top, b.bottom - b.top)
    near = max(a.top, b.top) - min(a.bottom, b.bottom) <= (APART - 1) * high
    beside = max(a.left, b.left) - min(a.right, b.right) <= high
    return near and beside and one.role == other.role and _timely(one.span, other.span)


def _timely(one: Span, other: Span) -> bool:
    """Whether two come together and go together."""
    tolerance = TOGETHER / one.base
    return abs(one.start - other.start) <= tolerance and abs(one.end - other.end) <= tolerance


def _written(role: str | None, block: Sequence[_Placed]) -> Written:
    texts = [each.text for each in block]
    order = sorted(block, key=lambda each: each.span.start if role == "credits" else _reading_order(each.text))
    place = (
        min(text.left for text in texts),
        min(text.top for text in texts),
        max(text.right for text in texts),
        max(text.bottom for text in texts),
    )
    slate = slates.slate(texts) if role is None else None
    said = tuple(each.text.text for each in order)
    return Written(
        Span(min(each.span.start for each in block), max(each.span.end for each in block), block[0].span.base),
        role or ("slate" if slate else _role(block, place)),
        tuple(slates.timecode(text) or text for text in said) if role == "timecode" else said,
        place,
        min(each.line.reading.score for each in block),
        max(each.edge for each in block),
        slate,
    )


def _reading_order(text: Text) -> tuple[float, float]:
    return round((text.top + text.bottom) / 2, 2), text.left


def _role(block: Sequence[_Placed], place: tuple[float, float, float, float]) -> str:
    known = {each.role for each in block}
    if known == {"sign"}:
        return "sign"
    still = all(abs(each.risen) < STAYS for each in block)
    if known == {"overlay"} or (known == {None} and still and any(each.put for each in block)):
        return "lower-third" if (place[1] + place[3]) / 2 >= LOWER else "title"
    return "text"
