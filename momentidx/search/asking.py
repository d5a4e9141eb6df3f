"""What a person wants of a search, and what they get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from momentidx.events import Moment
from momentidx.search.query import Query

if TYPE_CHECKING:
    from momentidx.search.scoring import Why


class Sort(StrEnum):
    """What comes first."""

    SCORE = "score"
    CLIP = "clip"
    """By clip, the one with the best moment first; the best moments of each, in source order. Limit and offset count
    clips, so that further ones never belong between those before."""
    TIME = "time"
    """By the clips' paths, in source order."""
    DATE = "date"
    """Oldest footage first."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How many answers, which, and in what order."""

    limit: int = 10
    offset: int = 0
    """How many of the first to pass over."""
    sort: Sort = Sort.SCORE
    one_per_clip: bool = False
    min_score: float | None = None
    everything: bool = False
    """Whether captions that tell the same stretch of a clip all count."""
    like: Moment | None = None
    """An example: moments with captions of like meaning."""
    newer_than: int = 0
    """Only moments with a larger number (of any part)."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What was found."""

    moments: list[Moment]
    query: Query | None
    """How the words were read; None for an example alone."""
    more: bool = False
    """Whether there are others after these."""
    best: float | None = None
    """Score of the best answer of all, whether or not it is among these."""
    confidence: float | None = None
    """How likely the best answer's clip is the one that was meant, if it is in the library at all: a probability,
    calibrated on people's descriptions (docs/evaluation.md). None where no words were compared, and for an embedder
    that it was not calibrated with."""
    doubtful: bool = False
    """Whether even the best answer hardly has to do with the words; never said of an embedder that was not measured."""
    notes: tuple[str, ...] = ()
    """What a person should know of the search itself, as sentences."""
    why: Mapping[int, Why] = field(default_factory=dict)
    """For the number of each event in these moments, what its score is made of."""
