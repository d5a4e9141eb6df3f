"""Stories as samples for the recipes: pictures that are drawn when they are looked at, never read from a file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np

from momentidx.training.samples import Picture, Said, Sample, Turn
from momentidx.training.world.pictures import pictures
from momentidx.training.world.stills import still
from momentidx.training.world.story import RATE, SPLITS, Split, Story, story
from momentidx.training.world.talks import Task, talk

REVISION = 1
"""Raised whenever a story looks different; what was seen of the old ones is then seen again."""
_TIME = re.compile(r"(<[se]\d+>)")


@dataclass(frozen=True)
class Drawn:
    """The pictures of a story; see `Pictures`. Of one single picture of it, where `tick` is given."""

    seed: int
    split: Split = "train"
    side: int = 112
    tick: int | None = None

    rate = float(RATE)

    @cached_property
    def story(self) -> Story:
        return story(self.seed, self.split)

    @property
    def key(self) -> str:
        told = f"{REVISION} {self.split} {self.seed} {self.side} {self.tick}"
        return hashlib.sha256(told.encode()).hexdigest()

    def at(self, seconds: Sequence[float]) -> list[Picture]:
        times = [float(second) for second in seconds] if self.tick is None else [self.tick / RATE] * len(seconds)
        return list(pictures(self.story, times, self.side))


def samples(task: Task, seeds: Sequence[int], split: Split = "train", turns: int = 6, number: int = 0) -> list[Sample]:
    """One conversation of a kind for each seed; those that have nothing to talk about are left out."""
    made = (_sample(task, Drawn(seed, split), turns, number) for seed in seeds)
    return [sample for sample in made if sample is not None]


def _sample(task: Task, drawn: Drawn, turns: int, number: int) -> Sample | None:
    said = talk(drawn.story, task, turns, number)
    if not said.turns:
        return None
    asked = tuple(Turn(timed(asks, said.times), timed(tells, said.times)) for asks, tells in said.turns)
    name = f"world {drawn.split} {drawn.seed} {task} {number}"
    return Sample(name, drawn, drawn.story.duration, asked)


def mixed(
    shares: Mapping[Task, float], seeds: Sequence[int], count: int, split: Split = "train", turns: int = 6
) -> list[Sample]:  # fmt: skip
    """So many conversations of several kinds, as often as `shares` says, over the seeds again and again."""
    return list(islice(_mixed(shares, seeds, split, turns), count))


def _mixed(shares: Mapping[Task, float], seeds: Sequence[int], split: Split, turns: int) -> Iterator[Sample]:
    """Each time over the seeds with other conversations."""
    random = np.random.default_rng((SPLITS.index(split), len(seeds), 4))
    tasks, weights = list(shares), np.array(list(shares.values()))
    clips, number = [Drawn(seed, split) for seed in seeds], 0
    while True:
        for drawn in clips:
            task = tasks[int(random.choice(len(tasks), p=weights / weights.sum()))]
            if (made := _sample(task, drawn, turns, number)) is not None:
                yield made
        number += 1


def stills(seeds: Sequence[int], split: Split = "train") -> list[Sample]:
    """Single pictures with their words, one of each story: what a projector is aligned with."""
    made = []
    for seed in seeds:
        random = np.random.default_rng((SPLITS.index(split), seed, 5))
        told = story(seed, split)
        tick = int(random.integers(told.frames))
        words = still(told, tick, random)
        drawn = Drawn(seed, split, tick=tick)
        made.append(Sample(f"world {split} {seed} picture {tick}", drawn, 0.0, (Turn((), (words,)),)))
    return made


def timed(text: str, times: Mapping[str, float]) -> Said:
    """`From <s0> to <e0>.` with its times as numbers between words."""
    parts = [part for part in _TIME.split(text) if part]
    return tuple(times.get(part, part) for part in parts)
