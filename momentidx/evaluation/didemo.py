"""DiDeMo: sentences about 5 s segments of short clips, each timed by four people or more.

Metrics of Hendricks et al. (Localizing Moments in Video with Natural Language, arXiv 1708.01641, section 4.2):
people disagree, so the three who agree best with the answer count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from statistics import fmean
from typing import Any

from momentidx.evaluation.reading import items, read_list, record, text, whole

SEGMENT_SECONDS = 5
AGREEING = 3
Segments = tuple[int, int]
"""First and last segment, both included."""


@dataclass(frozen=True, slots=True)
class Sentence:
    number: int
    video: str
    text: str
    segments: int
    """How many the clip has."""
    times: tuple[Segments, ...]
    """What each person said."""


def read_didemo(path: Path) -> list[Sentence]:
    """Raises WrongUse with the entry and the field that cannot be used."""
    rows = [record(path, f"entry {place}", row) for place, row in enumerate(read_list(path), start=1)]
    return [
        Sentence(
            row.take("annotation_id", whole), row.take("video", text), row.take("description", text),
            row.take("num_segments", whole), row.take("times", _times),
        )
        for row in rows
    ]  # fmt: skip


def _times(value: Any) -> tuple[Segments, ...]:
    """a list of the [first, last] segment of each person"""
    return tuple((whole(first), whole(last)) for first, last in items(value))


def figures(sentences: Sequence[Sentence], ranked: Mapping[int, Sequence[Segments]]) -> dict[str, float]:
    """Per cent, for the ranked segments, best first, by the number of the sentence; no answer counts 0."""
    ranks = [_rank(sentence, ranked[sentence.number]) for sentence in sentences]
    overlaps = [overlap(sentence, ranked[sentence.number]) for sentence in sentences]
    return {
        "Rank@1": round(100 * fmean(rank <= 1 for rank in ranks), 2),
        "Rank@5": round(100 * fmean(rank <= 5 for rank in ranks), 2),
        "mIoU": round(100 * fmean(overlaps), 2),
    }


def _rank(sentence: Sentence, ranked: Sequence[Segments]) -> float:
    """Mean place of the three times that are found first; infinite when one of them is not among the answers."""
    places = {span: place for place, span in enumerate(ranked, start=1)}
    return fmean(sorted(places.get(span, inf) for span in sentence.times)[:AGREEING])


def overlap(sentence: Sentence, ranked: Sequence[Segments]) -> float:
    """Of the first answer, with the three people who agree best with it."""
    return fmean(sorted((iou(ranked[0], span) for span in sentence.times), reverse=True)[:AGREEING]) if ranked else 0.0


def iou(a: Segments, b: Segments) -> float:
    """Intersection over union in segments; that of two apart is 0."""
    shared = max(0, min(a[1], b[1]) - max(a[0], b[0]) + 1)
    return shared / ((a[1] - a[0] + 1) + (b[1] - b[0] + 1) - shared)
