"""The three seeds as a `Chat`: what they say in their own time is told on in seconds.

A seed divides the clip into steps and says which; its codec knows how long a step is. What it says is
read here, by that codec, and handed on as lines of seconds, so that everything after it (windows, events,
refining) is the same as for any other model. What cannot be read is handed on without its digits: a step
must not be taken for a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from momentidx.caption.chat import Reply, Request, Sight, Task
from momentidx.models.codecs.protocol import Reading, TimeCodec

DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of an answer with its times, as far as they could be read."""

    sentence: str
    reading: Reading


def said(parts: Sequence[str], codec: TimeCodec, duration: float, bare: Callable[[str], str]) -> list[Said]:
    """Sentences with their times; `bare` takes the times out of one."""
    readings = [codec.decode(part, duration) for part in parts]
    return [Said(bare(part) if read.spans else part, read) for part, read in zip(parts, readings, strict=True)]


class Seed(Protocol):
    """One of the three, ready to be asked."""

    @property
    def version(self) -> str:
        """Changes with its weights."""
        ...

    @property
    def pictures(self) -> int:
        """How many it is shown of a clip."""
        ...

    @property
    def ends(self) -> bool:
        """Whether the clip's first and last picture are among them."""
        ...

    @property
    def width(self) -> int:
        """Pixels of the longer side, so that the shorter one is not enlarged."""
        ...

    @property
    def codec(self) -> TimeCodec:
        """Its way with times."""
        ...

    def say(self, images: NDArray[np.uint8], prompt: str, task: Task, longest: int) -> tuple[str, bool]:
        """Its answer about (T, H, W, 3) RGB, word for word, and whether it ended within `longest` tokens."""
        ...

    def events(self, answer: str, duration: float) -> list[Said]:
        """The events of an answer; those without a time have a reading without spans."""
        ...

    def spelled(self, answer: str, duration: float) -> str:
        """An answer in words, with its times in seconds."""
        ...


class SeedChat:
    """Asks a seed."""

    def __init__(self, seed: Seed, sight: Sight) -> None:
        self._seed = seed
        self.version = seed.version
        shown = replace(sight, pictures=seed.pictures, per_second=Fraction(1000))
        self.sight = replace(shown, width=seed.width, ends=seed.ends)
        # Steps are shares of the clip; no clip is longer than a window.
        self.step = Fraction(seed.codec.resolution(float(sight.window))).limit_denominator(10_000)

    def replies(self, requests: Iterable[Request]) -> Iterator[Reply]:
        for request in requests:
            answer, whole = self._seed.say(request.clip.images, request.prompt, request.task, request.tokens)
            yield Reply(self._told(answer, request.task, request.clip.duration), whole)

    def _told(self, answer: str, task: Task, duration: float) -> str:
        if task is Task.ANSWER:
            return self._seed.spelled(answer, duration)
        if task is Task.LOCATE:
            return "\n".join(lines(Said("", self._seed.codec.decode(answer, duration)), answer))
        events = self._seed.events(answer, duration)
        return "\n".join(line for each in events for line in lines(each, each.sentence)) or DIGIT.sub("#", answer)


def lines(event: Said, words: str) -> list[str]:
    """A line of seconds for each stretch; one that nothing can be read from, when there is none."""
    sentence = " ".join(event.sentence.split())
    told = [f"{start:.3f} - {end:.3f} seconds: {sentence}".rstrip(": ") for start, end in event.reading.spans]
    return told or [DIGIT.sub("#", " ".join(words.split()))]
