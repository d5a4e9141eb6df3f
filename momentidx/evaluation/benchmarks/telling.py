"""What happens, and when? Videos whose events are known."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import numpy as np

from momentidx.evaluation import dense, hirest, soda
from momentidx.evaluation.benchmarks.values import Alike, Answered, Files, Outcome, Query, Row, Said, share_curve
from momentidx.evaluation.dense import Told
from momentidx.evaluation.reading import Record, items, length, read_object, record, span, text
from momentidx.evaluation.retrieval import tiou

Annotators = tuple[tuple[Told, ...], ...]
"""The events of one video, as each person told them."""


def densevid(files: Files) -> list[Query]:
    """Every file is one annotator's; the videos are those of the first."""
    people = [dense.read_reference(path) for path in files.annotations]
    return [_query(video, tuple(tuple(each.get(video, ())) for each in people)) for video in people[0]]


def youcook2(files: Files) -> list[Query]:
    """`{"database": {"video": {"subset": "validation", "annotations": [{"segment": [5, 9], "sentence": "..."}]}}}`"""
    path = files.annotations[0]
    database = record(path, "'database'", record(path, "the document", read_object(path)).content.get("database"))
    found = []
    for video, content in database.content.items():
        row = record(path, f"'{video}'", content)
        if row.take("subset", text) == "validation":
            row.take("duration", length)
            found.append(_query(video, (_steps(row),)))
    return found


def _steps(row: Record) -> tuple[Told, ...]:
    steps = [
        record(row.path, f"{row.place}, annotation {place}", each)
        for place, each in enumerate(row.take("annotations", items), start=1)
    ]
    return tuple(Told(each.take("segment", span), each.take("sentence", text).strip()) for each in steps)


def _query(video: str, told: Annotators) -> Query:
    return Query(video, video, tuple(each.span for each in told[0]), told=told)


def count_dense(answered: Answered, _: Alike) -> Outcome:
    """Dense captioning and SODA_c; a row's score is its video's SODA_c against the first person."""
    people = max(len(query.told) for query, _ in answered)
    references = [{query.id: query.told[person] for query, _ in answered} for person in range(people)]
    predictions = {query.id: _told(said) for query, said in answered}
    stories = soda.by_video(references[0], predictions)
    figures = {order: fmean(scores.values()) for order, scores in stories.items()}
    figures |= dense.figures(references, predictions)
    scores = stories["SODA_c"]
    rows = [Row(query, said, scores[query.id], _sentences(query, said)) for query, said in answered]
    return Outcome(
        {metric: round(value, 4) for metric, value in figures.items()}, rows,
        [share_curve({"videos": [row.score for row in rows]}, "SODA_c")],
    )  # fmt: skip


def _sentences(query: Query, said: Said) -> dict[str, list[str]]:
    return {"sentences": [told.sentence for told in query.told[0]], "captions": list(said.captions)}


def _told(said: Said) -> list[Told]:
    return [Told(span, caption) for span, caption in zip(said.here, said.captions, strict=True)]


def hirest_steps(files: Files) -> list[Query]:
    """The videos whose stretch is marked and has steps."""
    return [
        Query(f"{video.query} | {video.name}", video.name, tuple(step.span for step in video.steps), told=video)
        for video in hirest.read_hirest(files.annotations[0])
        if video.bounds is not None and video.steps
    ]


def count_steps(answered: Answered, _: Alike) -> Outcome:
    """Recall and precision of the events inside the marked stretch; a row's score is their F1 at tIoU 0.5."""
    videos = [query.told for query, _ in answered]
    found = [_inside(said, *query.told.bounds) for query, said in answered]
    figures = hirest.step_figures(
        videos, {(video.query, video.name): each for video, each in zip(videos, found, strict=True)}
    )
    scores = [_f1(query.truth, each) for (query, _), each in zip(answered, found, strict=True)]
    rows = [Row(query, said, score) for (query, said), score in zip(answered, scores, strict=True)]
    return Outcome(figures, rows, [share_curve({"videos": scores}, "F1 of steps at tIoU 0.5")])


def _inside(said: Said, start: float, end: float) -> list[tuple[float, float]]:
    """The events, cut at the edges of the stretch."""
    cut = [(max(a, start), min(b, end)) for a, b in said.here]
    return [each for each in cut if each[0] < each[1]]


def _f1(truths: Sequence[tuple[float, float]], told: Sequence[tuple[float, float]]) -> float:
    if not told:
        return 0.0
    right = tiou(np.array(truths)[:, None], np.array(told)[None]) >= hirest.THRESHOLDS[0]
    recall, precision = float(right.any(1).mean()), float(right.any(0).mean())
    return 2 * recall * precision / (recall + precision) if recall else 0.0
