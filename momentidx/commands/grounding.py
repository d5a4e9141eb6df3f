"""Grounding, measured: describe videos, ask for what people wrote about them, compare the times."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentidx.commands.showing import plain
from momentidx.errors import WrongUse
from momentidx.evaluation.densevid import read_descriptions
from momentidx.evaluation.grounding import figures
from momentidx.media.probe import probe
from momentidx.media.source import Source
from momentidx.pipeline.tools import Tools
from momentidx.search.ranking import compared
from momentidx.search.spans import agreement_with, choose


@dataclass(frozen=True, slots=True)
class Grounding:
    """What was measured."""

    ours: dict[str, float]
    whole: dict[str, float]
    """The same figures for an answer that always is the whole video."""
    queries: list[dict[str, Any]]
    """Each sentence with its truth and our answer, in seconds."""


class Told(NamedTuple):
    """The N events that the captioners told of one video."""

    spans: NDArray[np.float64]
    """(N, 2) seconds."""
    captions: list[str]
    """(N,)"""
    duration: float


def measure(videos: Path, annotations: Path, tools: Tools) -> Grounding:
    """Describe the videos with the captioners of `tools`, and find each sentence in its video."""
    asked = read_descriptions(annotations)
    answers = np.zeros_like(asked.spans)
    for number, name in enumerate(asked.names):
        rows = np.flatnonzero(asked.videos == number)
        answers[rows] = _answers([asked.sentences[row] for row in rows], _told(videos / name, tools), tools)
    durations = asked.durations[asked.videos]
    whole = np.stack([np.zeros_like(durations), durations], axis=1)
    queries = [
        {"video": asked.names[video], "sentence": sentence, "truth": truth.tolist(), "answer": answer.tolist()}
        for video, sentence, truth, answer in zip(asked.videos, asked.sentences, asked.spans, answers, strict=True)
    ]
    return Grounding(figures(asked.spans, answers, durations), figures(asked.spans, whole, durations), queries)


def _told(path: Path, tools: Tools) -> Told:
    if not path.is_file():
        raise WrongUse(f"{plain(path)}: there is no such file. --videos names the folder that the names start from.")
    footage = probe(path, tools.decoder)
    source = Source(path, footage, tools.decoder, tools.settings)
    events = [event for captioner in tools.captioners for event in captioner.describe(footage, source)]
    spans = [[footage.seconds(event.span.start), footage.seconds(event.span.end)] for event in events]
    times = np.array(spans, np.float64).reshape(-1, 2)
    return Told(times, [event.caption for event in events], float(footage.duration))


def _answers(sentences: list[str], told: Told, tools: Tools) -> NDArray[np.float64]:
    """(Q, 2) seconds; the whole video where nothing was told."""
    if not told.captions:
        return np.tile([0.0, told.duration], (len(sentences), 1))
    scores = compared(sentences, told.captions, tools.embedder)  # (Q, N)
    agreement = agreement_with(captioner.name for captioner in tools.captioners)
    return choose(scores, told.spans, told.duration, agreement=agreement).times[:, 0]
