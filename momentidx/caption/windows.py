"""Long footage in windows: overlapping stretches that begin and end on shot borders where they can."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from momentidx.caption.chat import Sight
from momentidx.times import Span, round_half_up

SHORTEST = Fraction(3, 5)
"""Share of a window that it may be shortened to, to end on a shot border."""


def windows(footage: Span, shots: Sequence[Span], sight: Sight) -> list[Span]:
    """Stretches that together cover the footage, none longer than `sight.window`.

    Neighbours share at least `sight.overlap` (unless the footage is over), so that what happens at a
    border is seen whole by one of them; at most twice that when a shot border lies there.
    """
    base = footage.base
    length = max(2, round_half_up(sight.window / base))
    overlap = min(round_half_up(sight.overlap / base), length // 4)
    borders = [shot.start for shot in shots if footage.start < shot.start < footage.end]
    found, start, end = [], footage.start, footage.start
    while footage.end - start > length:
        at_least = max(start + round_half_up(length * SHORTEST), end + 1)
        end = max((border for border in borders if at_least <= border <= start + length), default=start + length)
        found.append(Span(start, end, base))
        # Not before `start + 1`: each window goes on from where the one before it began.
        latest = max(end - overlap, start + 1)
        before = [border for border in borders if max(latest - overlap, start + 1) <= border <= latest]
        start = max(before, default=latest)
    return [*found, Span(start, footage.end, base)]


def looked_at(window: Span, sight: Sight) -> list[int]:
    """The times of the pictures of one window: the middles of equal parts, or with both ends; each once."""
    count = max(1, min(sight.pictures, (window.duration * sight.per_second).__ceil__(), window.end - window.start))
    length = window.end - window.start
    if sight.ends and count > 1:
        return [window.start + part * (length - 1) // (count - 1) for part in range(count)]
    return [window.start + (2 * part + 1) * length // (2 * count) for part in range(count)]


def spacing(window: Span, sight: Sight) -> Fraction:
    """Seconds between the pictures of one window: no time told of it can be finer."""
    return window.duration / len(looked_at(window, sight))
