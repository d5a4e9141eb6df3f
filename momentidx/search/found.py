"""An answer while it is ranked: only what that takes. Those that are shown become moments at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from momentidx.events import Event, Moment
from momentidx.search.query import How
from momentidx.times import Span

if TYPE_CHECKING:
    from momentidx.library import Candidate, Library


class Found(NamedTuple):
    """One event, or several of one clip together, and how well it answers."""

    event: Candidate
    """Of several that lie so to each other the first, of neighbours that were joined the best."""
    score: float
    start: int
    end: int
    """The stretch that answers, in ticks of the footage."""
    how: How | None = None
    """How its two halves lie to each other."""
    parts: tuple[Found, ...] = ()
    """The events that it was put together from; none for a single event."""

    @property
    def id(self) -> int:
        return self.event.id

    @property
    def clip(self) -> str:
        return self.event.clip

    @property
    def events(self) -> tuple[Found, ...]:
        """Each of its events, also where that is itself."""
        return self.parts or (self,)

    @property
    def order(self) -> tuple[float, int]:
        """What sorts the best first."""
        return -self.score, self.event.id


def single(event: Candidate, score: float) -> Found:
    return Found(event, score, event.start, event.end)


def moments(library: Library, found: Sequence[Found]) -> list[Moment]:
    """The answers as moments, in the same order, read all at once; without those that are gone by now."""
    numbers = {part.id for each in found for part in each.events}
    read = {moment.id: moment for moment in library.moments(ids=numbers)} if numbers else {}
    there = [each for each in found if all(part.id in read for part in each.events)]
    return [_moment(each, [replace(read[part.id], score=part.score) for part in each.events]) for each in there]


def _moment(found: Found, events: Sequence[Moment]) -> Moment:
    if not found.parts:
        return events[0]
    first = next(each for each in events if each.id == found.id)
    event = Event(
        Span(found.start, found.end, first.event.span.base),
        " ".join(dict.fromkeys(each.event.caption for each in events)) if found.how else first.event.caption,
        found.how.value if found.how else first.event.kind,
        max(each.event.edge for each in events),
    )
    return replace(first, event=event, score=found.score, parts=tuple(events))
