"""What a benchmark is: questions about videos, what may be said to them, and how it is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentidx.errors import WrongUse
from momentidx.evaluation.reading import Record, Span, span
from momentidx.footage import Footage


class Ask(StrEnum):
    """What a system is asked to do with a video."""

    LOCATE = "locate"
    """Find when it shows what some words say."""
    DESCRIBE = "describe"
    """Say what happens and when."""
    ANSWER = "answer"
    """Answer a question in words."""


@dataclass(frozen=True, slots=True)
class Query:
    """What one system is asked about one video."""

    id: str
    """Once in the benchmark."""
    video: str
    """The video's id or file name."""
    truth: tuple[Span, ...]
    """Seconds; the spans that answer it, or those of the video's events."""
    words: str = ""
    """What to locate."""
    question: str = ""
    told: Any = None
    """What else people say of it; each benchmark knows its own."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a system said to one query: a line of the file of answers."""

    query: str
    duration: float
    """Seconds of the footage; 0 when it could not be opened."""
    spans: tuple[Span | None, ...] = ()
    """Located (best first) or told of, in seconds from the first picture; None is a moment of another file."""
    captions: tuple[str, ...] = ()
    """Of the spans, when the video was described."""
    text: str = ""
    """The answer to the question."""
    problem: str = ""
    """Why nothing was said, as a sentence."""
    took: float = 0.0
    """Seconds it took."""

    @property
    def here(self) -> tuple[Span, ...]:
        """The spans in the query's own file."""
        return tuple(span for span in self.spans if span is not None)

    @classmethod
    def of(cls, row: Record) -> Said:
        """From its line. Raises WrongUse."""
        try:
            told = dict(row.content)
            spans = tuple(None if each is None else span(each) for each in told.pop("spans"))
            return cls(spans=spans, captions=tuple(told.pop("captions")), **told)
        except (KeyError, TypeError, ValueError) as error:
            raise WrongUse(f"{row.path}, {row.place}: is no answer of this program. Take the line out.") from error


@dataclass(frozen=True, slots=True)
class Row:
    """How well one query was answered."""

    query: Query
    said: Said
    score: float
    """0 to 1; the page shows the lowest first."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What else is known of it, as JSON values."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A figure with lines, for the page."""

    title: str
    x: str
    y: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    """Points by the name of the line, in order of x; y from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out."""

    figures: dict[str, float]
    rows: list[Row]
    curves: list[Curve]
    whole_video: dict[str, float] = field(default_factory=dict)
    """The figures of an answer that always is the whole video, where that makes sense."""


Facts = Callable[[Path], Footage]
"""What a media file is; raises UnusableFootage."""
Alike = Callable[[Sequence[str], Sequence[str]], NDArray[np.float32]]
"""(A, B) how much each of the first sentences says the same as each of the second."""
Answered = Sequence[tuple[Query, Said]]


@dataclass(frozen=True, slots=True)
class Files:
    """Where the annotations and the videos are."""

    annotations: tuple[Path, ...]
    find: Callable[[str], Path | None]
    """The file of a video, by its id."""
    facts: Facts


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One set of queries and its way of counting."""

    summary: str
    source: str
    """Who made it, and whose definition of the figures is used."""
    annotations: tuple[str, ...]
    """Names of the files to look for: those that are there, in this order, at most `most`."""
    asks: tuple[Ask, ...]
    read: Callable[[Files], list[Query]]
    """Raises WrongUse with file, place and field."""
    count: Callable[[Answered, Alike], Outcome]
    """Of at least one query."""
    most: int = 1
    least: int = 1
    needs_words: bool = False
    """Whether text metrics (Java) are needed."""


def share_curve(scores: Mapping[str, Sequence[float]], of: str) -> Curve:
    """For each t from 0.05 to 1, the share of queries whose score is at least t."""
    at = np.arange(1, 21) / 20
    lines = {
        name: [(float(t), float(np.mean(np.array(each) >= t - 1e-9))) for t in at] for name, each in scores.items()
    }
    return Curve(f"Share of queries that reach a {of}", of, "share of queries", lines)
