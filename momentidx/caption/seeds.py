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
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from momentidx.caption.batches import Batches
from momentidx.caption.chat import Reply, Request, Sight, Task
from momentidx.errors import MomentidxError, UnusableFootage
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


@dataclass(frozen=True, slots=True)
class Asked:
    """A question."""

    prompt: str
    tokens: int
    """The longest answer that is waited for."""
    times: bool = True
    """Whether times are wanted."""


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

    def look(self, images: NDArray[np.uint8]) -> Any:
        """What it sees of (T, H, W, 3) RGB."""
        ...

    def tell_all(self, seen: Sequence[Any], asked: Sequence[Asked]) -> list[tuple[str, bool]]:
        """Its answer to each question, about what was seen for it: word for word, and whether it came to its end."""
        ...

    def events(self, answer: str, duration: float) -> list[Said]:
        """The events of an answer; those without a time have a reading without spans."""
        ...

    def spelled(self, answer: str, duration: float) -> str:
        """An answer in words, with its times in seconds."""
        ...


class SeedChat:
    """Asks a seed, in batches."""

    relief = "Take a smaller model (docs/captioners.md), or a server with 'endpoint'."

    def __init__(
        self, name: str, made: Callable[[], Seed], sight: Sight, at_once: int = 1, device: str = "cpu"
    ) -> None:
        """Loads it. When its device is lost, `made` loads it anew."""
        self.name, self.device = name, torch.device(device)
        self._made = made
        self._seed: Seed | None = made()
        self.version = self._seed.version
        shown = replace(sight, pictures=self._seed.pictures, per_second=Fraction(1000))
        self.sight = replace(shown, width=self._seed.width, ends=self._seed.ends)
        # Steps are shares of the clip; no clip is longer than a window.
        self.step = Fraction(self._seed.codec.resolution(float(sight.window))).limit_denominator(10_000)
        self.batches = Batches(self, at_once)

    def replies(self, requests: Iterable[Request]) -> Iterator[Reply | Exception]:
        return self.batches.replies(requests)

    def answers(self, batch: Sequence[Request]) -> list[Reply]:
        """A reply for each request; for `Batches`."""
        seed = self._seed = self._seed or self._loaded()
        seen = [seed.look(request.clip.images) for request in batch]
        asked = [Asked(request.prompt, request.tokens, request.task is not Task.ANSWER) for request in batch]
        return [
            Reply(_told(seed, answer, request.task, request.clip.duration), whole)
            for (answer, whole), request in zip(seed.tell_all(seen, asked), batch, strict=True)
        ]

    def drop(self) -> None:
        """Forget the weights; the next batch loads them anew."""
        self._seed = None

    def _loaded(self) -> Seed:
        try:
            return self._made()
        except MomentidxError as error:  # of the model's files: the footage can do nothing for it
            raise UnusableFootage("model", str(error), passing=True) from error


def _told(seed: Seed, answer: str, task: Task, duration: float) -> str:
    """An answer in the seed's own time, told on in seconds."""
    if task is Task.ANSWER:
        return seed.spelled(answer, duration)
    if task is Task.LOCATE:
        return "\n".join(lines(Said("", seed.codec.decode(answer, duration)), answer))
    events = seed.events(answer, duration)
    return "\n".join(line for each in events for line in lines(each, each.sentence)) or DIGIT.sub("#", answer)


def lines(event: Said, words: str) -> list[str]:
    """A line of seconds for each stretch; one that nothing can be read from, when there is none."""
    sentence = " ".join(event.sentence.split())
    told = [f"{start:.3f} - {end:.3f} seconds: {sentence}".rstrip(": ") for start, end in event.reading.spans]
    return told or [DIGIT.sub("#", " ".join(words.split()))]
