"""DiDeMo: sentences about 5 s segments of short clips, each timed by four people or more.

Metrics of Hendricks et al. (Localizing Moments in Video with Natural Language, arXiv 1708.01641, section 4.2):
people disagree, so the three who agree best with the answer count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from momentidx.evaluation.reading import read_json, reading

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
    """Raises WrongUse when the file is missing or of another format."""
    with reading(
        path, '[{"annotation_id": 1, "video": "...", "description": "...", "num_segments": 6, "times": [[0, 0]]}]'
    ):
        return [
            Sentence(
                row["annotation_id"], row["video"], row["description"], row["num_segments"],
                tuple((first, last) for first, last in row["times"]),
            )
            for row in read_json(path)
        ]  # fmt: skip


def figures(sentences: Sequence[Sentence], ranked: Mapping[int, Sequence[Segments]]) -> dict[str, float]:
    """Per cent, for the ranked segments, best first, by the number of the sentence. All must be answered."""
    ranks = [_rank(sentence, ranked[sentence.number]) for sentence in sentences]
    overlaps = [_overlap(sentence, ranked[sentence.number][0]) for sentence in sentences]
    return {
        "Rank@1": round(100 * fmean(rank <= 1 for rank in ranks), 2),
        "Rank@5": round(100 * fmean(rank <= 5 for rank in ranks), 2),
        "mIoU": round(100 * fmean(overlaps), 2),
    }


def _rank(sentence: Sentence, ranked: Sequence[Segments]) -> float:
    """Mean place of the three times that are found first; a time that is not among the answers comes last."""
    places = {span: place for place, span in enumerate(ranked, start=1)}
    return fmean(sorted(places.get(span, len(ranked) + 1) for span in sentence.times)[:AGREEING])


def _overlap(sentence: Sentence, answer: Segments) -> float:
    return fmean(sorted((iou(answer, span) for span in sentence.times), reverse=True)[:AGREEING])


def iou(a: Segments, b: Segments) -> float:
    """Intersection over union in segments; that of two apart is 0."""
    shared = max(0, min(a[1], b[1]) - max(a[0], b[0]) + 1)
    return shared / ((a[1] - a[0] + 1) + (b[1] - b[0] + 1) - shared)
