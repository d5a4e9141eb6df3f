"""Moments as a client names them: by number, and by frames where a person marked others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import Field

from momentidx.errors import WrongUse
from momentidx.events import Moment
from momentidx.library import Library
from momentidx.library.answers import plain
from momentidx.web.values import Number, Value

MOST = 10_000
"""Moments that one request names."""


class Stretch(Value):
    """A moment by its number; with frames, what a person marked in its clip around it."""

    id: Number
    start_frame: int | None = Field(default=None, ge=0, description="From the first picture.")
    end_frame: int | None = Field(default=None, ge=1, description="Exclusive.")
    score: float | None = Field(
        default=None, description="How well it answered, as the search told; kept with the moment."
    )
    caption: str | None = Field(
        default=None, min_length=1, max_length=2000, description="What it shows, where several moments are one."
    )


def moments_of(library: Library, wanted: Sequence[int | Stretch]) -> list[Moment]:
    """The moments in this order. Raises WrongUse for a number that is none's and for frames that the clip lacks."""
    stretches = [each if isinstance(each, Stretch) else Stretch(id=each) for each in wanted]
    found = _shown(library, [each.id for each in stretches])
    return [_marked(moment, stretch) for moment, stretch in zip(found, stretches, strict=True)]


def _shown(library: Library, numbers: Sequence[int]) -> list[Moment]:
    """The moments; where a person's stands in the place of one that a client saw before, that one."""
    try:
        return library.chosen(numbers)
    except WrongUse:
        return library.chosen([library.stands_for(number) for number in numbers])


def _marked(moment: Moment, stretch: Stretch) -> Moment:
    moment = replace(moment, score=stretch.score)
    if stretch.caption is not None:
        moment = replace(moment, event=replace(moment.event, caption=plain(stretch.caption)))
    start, end = moment.frames
    marked = start if stretch.start_frame is None else stretch.start_frame, stretch.end_frame or end
    if marked == (start, end):
        return moment  # its own times are exact, frames are a grid laid over them
    first, after = marked
    if not first < after <= moment.footage.length_frames:
        raise WrongUse(
            f"{moment.path.name} has the frames 0 to {moment.footage.length_frames}; {first} to {after} is no stretch."
        )
    return replace(moment, event=replace(moment.event, span=moment.footage.grid.span(first, after)))
