"""Data sets of sentences with their times: questions and answers are made of them (see `tasks`)."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from momentidx.evaluation.densevid import read_descriptions
from momentidx.evaluation.didemo import SEGMENT_SECONDS, read_didemo
from momentidx.evaluation.hirest import read_hirest
from momentidx.training.data.gathering import Gathered, Gathering, Reading, timed
from momentidx.training.samples import Sample

Told = list[tuple[float, float, str]]


def activitynet(path: Path, reading: Reading) -> Gathered:
    """ActivityNet Captions: `{video: {"duration", "timestamps", "sentences"}}`."""
    told = read_descriptions(path)
    found: dict[str, tuple[float, Told]] = {}
    for number, name in enumerate(told.names):
        rows = np.flatnonzero(told.videos == number)
        events = [(*told.spans[row].tolist(), told.sentences[row]) for row in rows]
        found[name] = (float(told.durations[number]), events)
    return _samples(found, reading)


def hirest(path: Path, reading: Reading) -> Gathered:
    """HiREST: the steps of the videos that answer a query."""
    found = {
        f"{video.name} ({video.query})": (video.duration, [(*step.span, step.heading) for step in video.steps])
        for video in read_hirest(path)
        if video.steps
    }
    return _samples(found, reading)


def didemo(path: Path, reading: Reading) -> Gathered:
    """DiDeMo: each sentence with the segments that most of its annotators named, the first of them when they tie."""
    events: dict[str, Told] = defaultdict(list)
    segments: dict[str, int] = {}
    for sentence in read_didemo(path):
        (first, last), _ = Counter(sentence.times).most_common(1)[0]
        events[sentence.video].append((first * SEGMENT_SECONDS, (last + 1) * SEGMENT_SECONDS, sentence.text))
        segments[sentence.video] = sentence.segments
    return _samples({video: (segments[video] * SEGMENT_SECONDS, told) for video, told in events.items()}, reading)


def _samples(found: dict[str, tuple[float, Told]], reading: Reading) -> Gathered:
    gathering = Gathering()
    for name, (duration, told) in found.items():

        def make(name: str = name, duration: float = float(duration), told: Told = told) -> Sample:
            pictures = reading.media.find(name.partition(" (")[0])
            return Sample(name, pictures, duration, reading.turns(name, timed(told, duration)))

        gathering.take(name, make)
    return gathering.done()
