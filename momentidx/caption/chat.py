"""Asking a model about a stretch of footage: the values, and what whoever answers must do.

A `Chat` knows no footage and no timeline: it is shown pictures with their seconds from the start of the
stretch, is asked something in words, and gives words back. Windows, times and events are the business of
`captioner.py`. So the same code serves a server, a network in this process and a file of answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from momentidx.config import Settings


@dataclass(frozen=True, slots=True)
class Sight:
    """How much of a stretch a model is shown."""

    pictures: int = 64
    """At most so many of one stretch ..."""
    per_second: Fraction = Fraction(2)
    """... and at most so many a second."""
    width: int = 448
    """Pixels of the longer side."""
    window: Fraction = Fraction(120)
    """Seconds of footage that are looked at in one go; longer footage is looked at in overlapping windows."""
    overlap: Fraction = Fraction(10)
    """Seconds that neighbouring windows share at least."""
    ends: bool = False
    """Whether the first and the last picture are among those shown; else they are the middles of equal parts."""

    @classmethod
    def of(cls, settings: Settings, *, pictures: int, width: int) -> Self:
        """What the settings say of windows, for so many pictures of one size."""
        window, overlap = Fraction(settings.window_seconds), Fraction(settings.window_overlap_seconds)
        return cls(pictures, width=width, window=window, overlap=overlap)


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of footage as a model sees it."""

    images: NDArray[np.uint8]
    """(T, H, W, 3) RGB."""
    seconds: tuple[float, ...]
    """When each picture is shown, from the start of the stretch; T of them, in order."""
    duration: float
    """Seconds."""
    footage: str = ""
    """Fingerprint of the footage that it is a stretch of ..."""
    start: float = 0.0
    """... and the seconds from that footage's first picture to its start."""

    def __post_init__(self) -> None:
        if len(self.seconds) != len(self.images):
            raise ValueError(f"{len(self.seconds)} times for {len(self.images)} pictures")


class Task(StrEnum):
    """What can be asked of a clip."""

    DESCRIBE = "describe"
    """Its events, each with its time."""
    LOCATE = "locate"
    """When it shows what some words say."""
    ANSWER = "answer"
    """A question, in words."""


@dataclass(frozen=True, slots=True)
class Request:
    """A clip and what is asked about it."""

    clip: Clip
    task: Task
    words: str
    """What is looked for, or the question; empty when the clip is to be described."""
    prompt: str
    """All of it, as a model is to read it."""
    tokens: int
    """The longest answer that is waited for."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said, word for word."""

    text: str
    whole: bool = True
    """False when it was cut off because it grew too long."""


class Chat(Protocol):
    """Something that answers questions about clips."""

    version: str
    """Changes whenever its replies could change: weights, revision, preprocessing."""
    sight: Sight
    step: Fraction
    """The smallest step in which it tells times, in seconds: 1/10 for `12.3`, 1 for `00:12`."""

    def replies(self, requests: Iterable[Request]) -> Iterator[Reply | Exception]:
        """For each request, in order, a reply, or why none can be had.

        Requests may be about several footages. They are taken one by one and not far ahead of the replies, for
        they hold pictures; they are made in the caller's thread. Raises UnusableFootage when there is no going on.
        """
        ...
