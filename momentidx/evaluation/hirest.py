"""HiREST: how-to queries, videos that answer them, the stretch that does, and its steps.

Tasks and metrics of Zala et al. (Hierarchical Video-Moment Retrieval and Step-Captioning, arXiv 2303.16406,
section 5): the right video, the stretch, and its steps, the last two at tIoU 0.5 and 0.7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from momentidx.evaluation.reading import Record, items, length, read_object, record, span, text, truth

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
    """Every pair of a query and a video. Raises WrongUse with the entry and the field that cannot be used."""
    return [
        _video(query, name, record(path, f"'{query}', '{name}'", row))
        for query, videos in record(path, "the document", read_object(path)).content.items()
        for name, row in record(path, f"'{query}'", videos).content.items()
    ]


def _video(query: str, name: str, row: Record) -> Video:
    steps = [
        record(row.path, f"{row.place}, step {place}", step) for place, step in enumerate(row.take("steps", items), 1)
    ]
    return Video(
        query, name, row.take("v_duration", length), row.take("relevant", truth),
        row.take("bounds", span) if row.take("clip", truth) else None,
        tuple(Step(step.take("heading", text).strip(), step.take("absolute_bounds", span)) for step in steps),
    )  # fmt: skip


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


def _tiou(a: Seconds, b: Seconds) -> float:
    shared = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    union = (a[1] - a[0]) + (b[1] - b[0]) - shared
    return shared / union if union > 0 else 0.0


def _percent(values: Sequence[float]) -> float:
    return round(100 * fmean(values), 2)
