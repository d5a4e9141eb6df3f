"""Examining a network on clips it has never seen: when does it happen, and what happens when.

Every network is asked in the same words and answers in its own; its codec reads what it says. What cannot be read
counts as no overlap. Beside it stand answers that need no eyes: the whole clip, one stretch that fits training best,
and the time of something else by lot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from momentidx.caption.chat import Task
from momentidx.caption.seeds import Asked, Said
from momentidx.caption.tiny import PROMPTS
from momentidx.evaluation.grounding import figures
from momentidx.evaluation.retrieval import tiou
from momentidx.models.codecs.protocol import TimeCodec
from momentidx.training.world.pictures import pictures
from momentidx.training.world.story import RATE, Happening, Split, Story, story
from momentidx.training.world.words import sentence, wordings

SPOKEN, WRITTEN = 24, 400
"""Tokens that are waited for: of a time, and of a description."""
AT_ONCE = 16
"""Questions that it is asked together."""

Spans = NDArray[np.float64]
"""(N, 2) seconds of each clip."""


class Examinee(Protocol):
    """A converted seed: what it sees can be kept, and asked about more than once."""

    pictures: int
    ends: bool
    codec: TimeCodec

    def look(self, images: NDArray[np.uint8]) -> object: ...

    def tell_all(self, seen: Sequence[Any], asked: Sequence[Asked]) -> list[tuple[str, bool]]: ...

    def events(self, answer: str, duration: float) -> list[Said]: ...


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for in a clip."""

    story: Story
    words: str
    truth: Happening


def questions(count: int, split: Split = "test") -> Iterator[Question]:
    """One for each of so many clips, from seed 0 on; what and in which wording is drawn by lot."""
    for seed in range(count):
        told, random = story(seed, split), np.random.default_rng((seed, 6))
        each = told.happenings[int(random.integers(len(told.happenings)))]
        yield Question(told, sentence(each, random), each)


def shown(network: Examinee, told: Story, side: int = 112) -> NDArray[np.uint8]:
    """(T, side, side, 3): the pictures that it is shown of a clip."""
    count, last = network.pictures, (told.frames - 1) / RATE
    middles = (np.arange(count) + 0.5) / count * told.duration
    return pictures(told, np.linspace(0, last, count) if network.ends else middles, side)


def located(network: Examinee, asked: Sequence[Question], see: Callable[[Story], object]) -> tuple[Spans, int]:
    """What it says to each question, the first stretch of its answer, and how often there was none (0 to 0)."""
    spans, unread = np.zeros((len(asked), 2)), 0
    said = _answers(network, Task.LOCATE, [(each.story, each.words) for each in asked], see, SPOKEN)
    for row, (question, answer) in enumerate(zip(asked, said, strict=True)):
        found = network.codec.decode(answer, question.story.duration).spans
        unread += not found
        spans[row] = found[0] if found else (0.0, 0.0)
    return spans, unread


def described(
    network: Examinee, stories: Sequence[Story], see: Callable[[Story], object]
) -> dict[str, list[tuple[float, float, str]]]:
    """What it says happens in each clip, under its seed: start, end and words of each event."""
    said = _answers(network, Task.DESCRIBE, [(told, "") for told in stories], see, WRITTEN)
    return {
        str(told.seed): [
            (start, end, each.sentence or "-")
            for each in network.events(answer, told.duration)
            for start, end in each.reading.spans
        ]
        for told, answer in zip(stories, said, strict=True)
    }


def _answers(
    network: Examinee, task: Task, asked: Sequence[tuple[Story, str]], see: Callable[[Story], object], longest: int
) -> Iterator[str]:
    for some in (asked[at : at + AT_ONCE] for at in range(0, len(asked), AT_ONCE)):
        prompts = [Asked(PROMPTS.text(task, words, told.duration), longest) for told, words in some]
        for answer, _ in network.tell_all([see(told) for told, _ in some], prompts):
            yield answer


def marks(asked: Sequence[Question], answers: Spans) -> dict[str, float]:
    """R@1 and mIoU in per cent; again over what `train` never showed, and over what it did."""
    truths = np.array([question.truth.seconds for question in asked])
    durations = np.array([question.story.duration for question in asked])
    new = np.array([question.truth.is_new for question in asked], bool)
    overlap = tiou(truths, answers)
    found = figures(truths, answers, durations)
    return found | {
        "mIoU of new combinations": _mean(overlap[new]), "mIoU of known ones": _mean(overlap[~new]),
    }  # fmt: skip


def _mean(overlap: NDArray[np.float64]) -> float:
    return round(100 * float(overlap.mean()), 2) if len(overlap) else 0.0


def blind(asked: Sequence[Question]) -> Mapping[str, Spans]:
    """Answers without eyes: the whole clip, the best single stretch of the training questions, another's time."""
    durations = np.array([question.story.duration for question in asked])
    shares = _learned()  # (1000, 2)
    grid = [(start / 100, end / 100) for start in range(0, 100, 5) for end in range(start + 5, 101, 5)]
    candidates = np.array(grid)  # (210, 2)
    best = candidates[tiou(candidates[:, None], shares[None]).mean(axis=1).argmax()]
    drawn = shares[np.random.default_rng(7).integers(len(shares), size=len(asked))]
    return {
        "whole clip": np.stack((np.zeros_like(durations), durations), axis=1),
        "best single stretch": best[None] * durations[:, None],
        "chance": drawn * durations[:, None],
    }


@cache
def _learned() -> NDArray[np.float64]:
    """When the answers to the training questions begin and end, as shares of their clips."""
    return np.array([np.array(each.truth.seconds) / each.story.duration for each in questions(1000, "train")])


def dense_marks(told: Sequence[Story], said: Mapping[str, Sequence[tuple[float, float, str]]]) -> dict[str, float]:
    """SODA_c, CIDEr and METEOR in per cent; nothing where the programs for words are not installed."""
    from momentidx.evaluation import dense, soda
    from momentidx.evaluation.text import missing

    if missing() is not None:
        return {}
    truths = {str(each.seed): [dense.Told(one.seconds, wordings(one)[0]) for one in each.happenings] for each in told}
    answers = {name: [dense.Told((start, end), words) for start, end, words in rows] for name, rows in said.items()}
    spoken = dense.figures([truths], answers)
    return {
        "SODA_c": round(100 * soda.figures(truths, answers)["SODA_c"], 2),
        "CIDEr": round(100 * spoken["CIDEr"], 2), "METEOR": round(100 * spoken["METEOR"], 2),
    }  # fmt: skip
