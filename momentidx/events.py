"""Events and moments: the values that cross folders between captioning, the library and timelines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from momentidx.footage import Footage
from momentidx.times import Span


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens in a footage, as one captioner tells it."""

    span: Span
    """In the footage's time base; inside the footage's own span."""
    caption: str
    """One sentence, as an editor would type it into a log."""
    kind: str = "shot"
    """What sort of event the captioner found; each captioner documents its kinds."""
    edge: Fraction = Fraction(0)
    """How far, in seconds, a true edge may lie from the stated one (0 = on the frame)."""
    measures: Mapping[str, Any] = field(default_factory=dict)
    """The captioner's measurements behind the sentence, as JSON values."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What people can ask of a captioner's events by a name: `people:2`, `camera:pan-left`."""

    paths: tuple[str, ...]
    """Where it stands: a kind of event and names in its measures, such as `shot/people.count`.

    Lists are looked through.
    """
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The words it can be, each with others that mean the same; empty when it can be anything."""


def values_of(event: Event, filters: Mapping[str, Filter]) -> Iterator[tuple[str, str, float | None]]:
    """What can be asked of an event: filter, text in small letters, and the number if it is one. Each once."""
    for name, told in filters.items():
        found: dict[str, float | None] = {}
        for path in told.paths:
            kind, _, names = path.partition("/")
            if kind == event.kind:
                for value in _inside(event.measures, names.split(".") if names else []):
                    number = value if isinstance(value, int | float) else None
                    found[f"{value:g}" if number is not None else str(value).casefold()] = number
        for text, number in found.items():
            yield name, text, number


def _inside(value: Any, names: Sequence[str]) -> Iterator[str | int | float]:
    """Texts and numbers that stand at a path; None and truth are no values."""
    if isinstance(value, list | tuple):
        for each in value:
            yield from _inside(each, names)
    elif names and isinstance(value, Mapping):
        yield from _inside(value.get(names[0]), names[1:])
    elif not names and isinstance(value, str | int | float) and not isinstance(value, bool):
        yield value


@dataclass(frozen=True, slots=True)
class Layer:
    """Who made a set of events: the same footage can hold layers of different captioners."""

    captioner: str
    version: str
    """Changes whenever the captioner's answers could change: code revision, weights hash, settings."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What a person made of a moment."""

    note: str = ""
    rating: int = 0
    """1 to 5; 0 is none."""
    labels: tuple[str, ...] = ()
    query: str | None = None
    """What they found it with, where that is not what is asked now."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An event as an answer: where it is, in every unit an editor or a script may want."""

    id: int
    """The event's number in the library; never reused."""
    event: Event
    layer: Layer
    footage: Footage
    path: Path
    """Where the file was last seen."""
    online: bool = True
    """Whether the file was there when last looked for."""
    score: float | None = None
    """How well it answers the query, higher is better; None when nothing was asked."""
    parts: tuple[Moment, ...] = ()
    """The events that it was put together from, in the order in which they were asked for; none for a single event."""
    remark: Remark = Remark()

    @property
    def frames(self) -> tuple[int, int]:
        """First frame and first frame after the end, counted from the footage's first picture."""
        return self.footage.grid.frames(self.event.span)

    @property
    def timecodes(self) -> tuple[str | None, str | None]:
        """Source timecode of the same two frames."""
        start, end = self.frames
        return self.footage.timecode(start), self.footage.timecode(end)

    def to_json(self) -> dict[str, Any]:
        """The public shape of a moment: one JSON object, documented in `docs/json.md`."""
        footage, span = self.footage, self.event.span
        start_frame, end_frame = self.frames
        return {
            "id": self.id,
            "path": str(self.path),
            "online": self.online,
            "footage": footage.fingerprint,
            "start_seconds": round(float(footage.seconds(span.start)), 6),
            "end_seconds": round(float(footage.seconds(span.end)), 6),
            "start_frame": start_frame,
            "end_frame": end_frame,
            "start_timecode": footage.timecode(start_frame),
            "end_timecode": footage.timecode(end_frame),
            "rate": f"{footage.rate.numerator}/{footage.rate.denominator}",
            "caption": self.event.caption,
            "kind": self.event.kind,
            "captioner": self.layer.captioner,
            "captioner_version": self.layer.version,
            "score": self.score,
            "parts": [{key: told[key] for key in _OF_PARTS} for told in (part.to_json() for part in self.parts)],
        }


_OF_PARTS = (
    "id", "start_seconds", "end_seconds", "start_frame", "end_frame", "start_timecode", "end_timecode", "caption",
    "kind", "captioner", "captioner_version", "score",
)  # fmt: skip
"""What is told of a part: all but what is the same for the whole."""
