"""What a time codec is: how a model is told a time, taught one, and how its answer is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Status(StrEnum):
    """How much of an answer could be read."""

    READ = "read"
    PARTLY = "partly"
    """Something was read, and something else could not be."""
    UNREADABLE = "unreadable"
    """No time in it; nothing is guessed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The times in an answer."""

    spans: tuple[tuple[float, float], ...]
    """Start and end in seconds of the clip, start <= end, both inside it."""
    status: Status
    problems: tuple[str, ...] = ()
    """What was corrected or left out, in words."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a model should answer where a time stands."""

    text: str
    """A hard target: the tokens of this text are the labels."""
    masses: tuple[tuple[int, float], ...] = ()
    """A soft target instead, when not empty: columns after the vocabulary, and how the mass is shared."""


@runtime_checkable
class TimeCodec(Protocol):
    """Times are seconds of the clip that the model sees, from 0 to `duration`."""

    @property
    def vocabulary(self) -> Sequence[str]:
        """Tokens that the tokenizer must know in addition, in the order of their numbers."""
        ...

    def encode(self, seconds: float, duration: float) -> str:
        """The time as it stands in a prompt."""
        ...

    def target(self, seconds: float, duration: float) -> Target:
        """The time as it is taught."""
        ...

    def decode(self, answer: str, duration: float) -> Reading:
        """The spans that an answer tells of, in its order."""
        ...

    def resolution(self, duration: float) -> float:
        """Seconds between two neighbouring times that it can say."""
        ...


def inside(pairs: Sequence[tuple[float, float]], duration: float, problems: Sequence[str] = ()) -> Reading:
    """A reading whose spans are in order and inside the clip; what had to be corrected is told."""
    spans, told = [], list(problems)
    for first, second in pairs:
        start, end = min(first, second), max(first, second)
        if start != first:
            told.append(f"{first:g} to {second:g} s is the wrong way round")
        held = min(max(start, 0.0), duration), min(max(end, 0.0), duration)
        if held != (start, end):
            told.append(f"{start:g} to {end:g} s does not lie in the clip of {duration:g} s")
        spans.append(held)
    if not spans:
        return Reading((), Status.UNREADABLE, (*told, "no pair of times in the answer"))
    return Reading(tuple(spans), Status.PARTLY if problems else Status.READ, tuple(told))
