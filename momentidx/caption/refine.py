"""A second, denser look at the edges of events: which stretches to look at, and what to believe of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from momentidx.caption.chat import Sight
from momentidx.caption.stitch import Seen
from momentidx.caption.windows import spacing
from momentidx.times import Span, round_half_up

PER_SECOND = Fraction(8)
"""Pictures a second that a second look is given at most."""
AROUND = 2
"""Times its uncertainty that is looked at on either side of an edge."""
WORTH_IT = Fraction(1, 2)
"""The second look's uncertainty over the first's, above which it is not taken."""


@dataclass(frozen=True, slots=True)
class Look:
    """A stretch around one or both edges of an event."""

    event: int
    """Its place in the list."""
    span: Span
    start: bool
    """Whether the event's start is looked for ..."""
    end: bool
    """... and its end."""


def closer(sight: Sight) -> Sight:
    """The same eyes on fewer seconds."""
    return replace(sight, per_second=PER_SECOND)


def looks(seen: Sequence[Seen], footage: Span, sight: Sight) -> list[Look]:
    """What is worth a second look: one for a short event, one for each edge of a long one."""
    found: list[Look] = []
    for place, one in enumerate(seen):
        base = one.span.base
        before, after = (round_half_up(AROUND * edge / base) for edge in one.edges)
        around = _within(one.span.start - before, one.span.end + after, footage)
        at_start = _within(one.span.start - before, one.span.start + before, footage)
        at_end = _within(one.span.end - after, one.span.end + after, footage)
        if around and _worth(around, max(one.edges), sight):
            found.append(Look(place, around, True, True))
            continue
        if at_start and _worth(at_start, one.edges[0], sight):
            found.append(Look(place, at_start, True, False))
        if at_end and _worth(at_end, one.edges[1], sight):
            found.append(Look(place, at_end, False, True))
    return found


def settled(one: Seen, look: Look, told: Sequence[Span], sight: Sight, step: Fraction) -> Seen:
    """The event with the edges that the look found.

    Believed is the stretch that has most in common with the event as far as the look shows it, and of
    that only an edge that lies where the first look left room for it.
    """
    told = [span for span in told if span.overlap(one.span)]
    if not told:
        return one
    best = max(told, key=lambda span: (span.overlap(one.span), -span.start))
    fine = spacing(look.span, closer(sight)) + step
    start, end, edges = one.span.start, one.span.end, list(one.edges)
    if look.start and _near(best.start, start, one.edges[0] + fine, one.span.base):
        start, edges[0] = best.start, min(fine, one.edges[0])
    if look.end and _near(best.end, end, one.edges[1] + fine, one.span.base):
        end, edges[1] = best.end, min(fine, one.edges[1])
    if start >= end:
        return one
    return replace(one, span=Span(start, end, one.span.base), edges=(edges[0], edges[1]))


def _within(start: int, end: int, footage: Span) -> Span | None:
    start, end = max(start, footage.start), min(end, footage.end)
    return Span(start, end, footage.base) if start < end else None


def _worth(span: Span, edge: Fraction, sight: Sight) -> bool:
    return spacing(span, closer(sight)) <= WORTH_IT * edge


def _near(one: int, other: int, seconds: Fraction, base: Fraction) -> bool:
    return abs(one - other) * base <= seconds
