"""What an assistant is told: the same values as in the API, and less of them."""

from __future__ import annotations

from fractions import Fraction

from pydantic import Field

from momentidx import events
from momentidx.library import FootageSummary
from momentidx.web.exporting import Report
from momentidx.web.values import Moment, Value, shown


class Seen(Value):
    """A moment, as much of it as an assistant needs."""

    id: int
    clip: str
    path: str
    online: bool
    start_frame: int
    end_frame: int
    start_seconds: float
    end_seconds: float
    start_timecode: str | None
    end_timecode: str | None
    caption: str
    kind: str
    human: bool
    rating: int
    note: str
    score: float | None

    @classmethod
    def of(cls, moment: events.Moment) -> Seen:
        told = Moment.of(moment)
        return cls(**{name: getattr(told, name) for name in cls.model_fields})


class Found(Value):
    """What answers a search, best first."""

    moments: list[Seen]
    more: bool
    best: float | None = Field(description="Score of the best answer.")
    doubtful: bool = Field(description="Whether even the best answer hardly has to do with the words.")
    notes: list[str]


class Clip(Value):
    """A clip and how much is told of it."""

    clip: str
    path: str
    online: bool
    seconds: float
    rate: str
    start_timecode: str | None
    created: str | None
    events: int


class Log(Clip):
    """A clip and all that is told of it, by time."""

    moments: list[Seen]
    more: bool = Field(description="Whether there are more than are told here.")


class Entry(Seen):
    """A moment in a bin."""

    position: int
    query: str | None


class Written(Value):
    """Where the files are, and what is wrong with them."""

    folder: str
    report: list[Report]


def clip_of(summary: FootageSummary) -> Clip:
    """A clip, by what the library knows of it."""
    footage, place = summary.footage, summary.locations[0]
    return Clip(
        clip=shown(place.path.name),
        path=shown(place.path),
        online=place.online,
        seconds=round(float(Fraction(footage.duration)), 3),
        rate=f"{footage.rate.numerator}/{footage.rate.denominator}",
        start_timecode=footage.timecode(0),
        created=footage.created,
        events=sum(layer.events for layer in summary.layers),
    )
