"""HiREST: how-to queries, videos that answer them, the stretch that does, and its steps.

Tasks and metrics of Zala et al. (Hierarchical Video-Moment Retrieval and Step-Captioning, arXiv 2303.16406,
section 5): the right video, the stretch, and its steps, the last two at tIoU 0.5 and 0.7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from momentidx.evaluation.reading import read_json, reading

Seconds = tuple[float, float]
THRESHOLDS = (0.5, 0.7)
VIDEOS_AT = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class Step:
    heading: str
    span: Seconds


@dataclass(frozen=True, slots=True)
class Video:
    query: str
    name: str
    duration: float
    relevant: bool
    bounds: Seconds | None
    """The stretch that answers the query; None when it was not marked."""
    steps: tuple[Step, ...]


def read_hirest(path: Path) -> list[Video]:
    """Every pair of a query and a video. Raises WrongUse when the file is missing or of another format."""
    with reading(path, '{"query": {"video": {"relevant": true, "clip": true, "v_duration": 9.0, "bounds": [0, 9]}}}'):
        return [
            Video(
                query, name, row["v_duration"], row["relevant"], _span(row["bounds"]) if row["clip"] else None,
                tuple(Step(step["heading"].strip(), _span(step["absolute_bounds"])) for step in row["steps"]),
            )
            for query, videos in read_json(path).items()
            for name, row in videos.items()
        ]  # fmt: skip


def video_figures(videos: Sequence[Video], ranked: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Per cent of queries with a relevant video among the first k; ranked names by query."""
    relevant: dict[str, set[str]] = {}
    for video in videos:
        if video.relevant:
            relevant.setdefault(video.query, set()).add(video.name)
    return {
        f"R@{k}": _percent([bool(names & set(ranked[query][:k])) for query, names in relevant.items()])
        for k in VIDEOS_AT
    }


def moment_figures(videos: Sequence[Video], answers: Mapping[tuple[str, str], Seconds]) -> dict[str, float]:
    """Per cent of the marked stretches that the one answer for query and video overlaps with well enough."""
    overlaps = [_tiou(answers[video.query, video.name], video.bounds) for video in videos if video.bounds is not None]
    return {f"R@{threshold}": _percent([overlap >= threshold for overlap in overlaps]) for threshold in THRESHOLDS}


def step_figures(videos: Sequence[Video], answers: Mapping[tuple[str, str], Sequence[Seconds]]) -> dict[str, float]:
    """Recall of the true steps and precision of the answered ones, per video and then averaged, per cent."""
    found: dict[str, float] = {}
    told = [(video.steps, answers[video.query, video.name]) for video in videos if video.steps]
    for threshold in THRESHOLDS:
        hits = [[[_tiou(step.span, a) >= threshold for a in answer] for step in steps] for steps, answer in told]
        found[f"Recall@{threshold}"] = _percent([fmean(any(row) for row in table) for table in hits])
        found[f"Precision@{threshold}"] = _percent(
            [fmean(any(column) for column in zip(*table, strict=True)) if table[0] else 0.0 for table in hits]
        )
    return found


def _span(bounds: Sequence[float]) -> Seconds:
    start, end = bounds
    return float(start), float(end)


def _tiou(a: Seconds, b: Seconds) -> float:
    shared = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    union = (a[1] - a[0]) + (b[1] - b[0]) - shared
    return shared / union if union > 0 else 0.0


def _percent(values: Sequence[float]) -> float:
    return round(100 * fmean(values), 2)
