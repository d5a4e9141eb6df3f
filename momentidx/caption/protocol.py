"""What a captioner is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, runtime_checkable

from momentidx.events import Event
from momentidx.footage import Footage
from momentidx.media.frames import FrameSource
from momentidx.times import Span


@runtime_checkable
class Captioner(Protocol):
    """Describes footage as timed events.

    Before the first call nothing is loaded that the constructor did not load. `describe` may be
    called for any number of footages, one after the other, and keeps nothing between them: the same
    footage gives the same events, on any machine of the same kind.

    It may have `filters`, a mapping of names to `Filter`: what of its events' measures people can ask for by
    name (`people:2`). Its `Offer` has the same, for searching does not build captioners. It may also have `advice`,
    sentences about what is not installed and what it would add; `momentidx index` says them once, in a new library.
    """

    name: str
    """As in the settings and in the library."""
    version: str
    """Changes whenever the answers could change: code revision, weights hash, settings."""

    def describe(self, footage: Footage, frames: FrameSource) -> Sequence[Event]:
        """The events of one footage, in order of start; each inside `footage.span`.

        Raises UnusableFootage when this footage cannot be described; nothing of it is stored then.
        """
        ...


@runtime_checkable
class Together(Protocol):
    """A captioner that describes several footages at a time, for it is quicker so: a GPU wants full batches."""

    name: str
    version: str

    def describe_all(self, shown: Iterable[tuple[Footage, FrameSource]]) -> Iterator[Sequence[Event] | Exception]:
        """For each footage, in order, what `describe` would give, or the exception that it would raise.

        Footages are taken, and their pictures read, in the caller's thread, and only so far ahead of the results as
        keeps it busy: whoever gives them counts as working on all that were taken.
        """
        ...


@runtime_checkable
class Locator(Protocol):
    """A captioner that can also find when a footage shows what some words say."""

    name: str
    version: str

    def locate(self, footage: Footage, frames: FrameSource, words: str, within: Span | None = None) -> Sequence[Event]:
        """The stretches that show it, in order of start; none when it is not shown.

        `within` limits what is looked at. Each event lies inside `footage.span`, its caption is the words
        as a sentence, its kind `located`. Raises UnusableFootage when nothing can be said.
        """
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a captioner says to a question."""

    text: str
    """Empty when it said nothing."""
    looked_at: Span
    """The stretch of the footage that it was shown ..."""
    spacing: Fraction
    """... with a picture every so many seconds."""
    whole: bool = True
    """False when the answer was cut off."""


@runtime_checkable
class Answerer(Protocol):
    """A captioner that can also answer questions about a footage."""

    name: str
    version: str

    def answer(self, footage: Footage, frames: FrameSource, question: str, within: Span | None = None) -> Answer:
        """An answer in words, from one look at the footage or the part `within`.

        Raises UnusableFootage when none can be had.
        """
        ...
