"""The instance-event matrix: a row for each instance and one for the whole picture, a column for each event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from momentidx.events import Event
from momentidx.times import Span
from momentidx.training.engine.instances import Instance

MOVES = 0.2
"""Parts of the picture that something gets ahead in an event to be told to move."""


@dataclass(frozen=True, slots=True)
class Doing:
    """What an instance does in an event."""

    does: str
    """`moves to the right`, `stays in the middle`."""
    pts: int
    """When it is seen first ..."""
    centre: tuple[float, float]
    """... and where, as parts of the picture."""
    seen: float
    """Share of the event from its first sight to its last, times how sure the detector is; 0 to 1."""


@dataclass(frozen=True, slots=True)
class Column:
    """One event."""

    span: Span
    caption: str | None
    """What a captioner says of the whole picture; None where it says nothing."""
    match: float
    """How well the caption's stretch and the event's agree: intersection over union, 0 to 1."""
    doing: tuple[Doing | None, ...]
    """What each instance does; None for what is not there."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """What is known of one footage."""

    instances: tuple[Instance, ...]
    columns: tuple[Column, ...]

    def fitting(self, least: float) -> Matrix:
        """Without captions that fit their event less than that."""
        columns = (column if column.match >= least else replace(column, caption=None) for column in self.columns)
        return replace(self, columns=tuple(columns))


def matrix(spans: Sequence[Span], told: Sequence[Event], instances: Sequence[Instance]) -> Matrix:
    """`told` is what a captioner says of the footage."""
    return Matrix(tuple(instances), tuple(_column(span, told, instances) for span in spans))


def _column(span: Span, told: Sequence[Event], instances: Sequence[Instance]) -> Column:
    best = max(told, key=lambda event: event.span.tiou(span), default=None)
    match = best.span.tiou(span) if best else Fraction(0)
    caption = best.caption if best and match else None
    return Column(span, caption, float(match), tuple(_doing(one, span) for one in instances))


def _doing(one: Instance, span: Span) -> Doing | None:
    seen = [each for each in one.seen if each.box.pts in span]
    if not seen:
        return None
    (x, y), (last_x, last_y) = seen[0].box.centre, seen[-1].box.centre
    along, down = last_x - x, last_y - y
    middle = sum(each.box.centre[0] for each in seen) / len(seen)
    if max(abs(along), abs(down)) < MOVES:
        does = "stays " + ("on the left" if middle < 1 / 3 else "on the right" if middle > 2 / 3 else "in the middle")
    elif abs(along) >= abs(down):
        does = "moves to the right" if along > 0 else "moves to the left"
    else:
        does = "moves downwards" if down > 0 else "moves upwards"
    share = (seen[-1].box.pts - seen[0].box.pts) / (span.end - span.start)
    sure = sum(each.score for each in seen) / len(seen)
    return Doing(does, seen[0].box.pts, (round(x, 3), round(y, 3)), share * sure)
