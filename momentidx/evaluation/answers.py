"""Grounding predictions in the files of the field, counted under stated conventions.

R@1 and mIoU as in Gao et al. (arXiv 1705.02101, section 5.1): the share of queries whose answer has a tIoU >= t with
the truth, and the mean tIoU; R@5: one of the first five answers has. Per cent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from momentidx.errors import WrongUse
from momentidx.evaluation.charades import read_charades
from momentidx.evaluation.conventions import Conventions, span_in
from momentidx.evaluation.dense import read_durations, read_reference
from momentidx.evaluation.reading import Record, Span, length, name, read_lines, read_object, record, spans, text
from momentidx.evaluation.retrieval import tiou_of_hull

LEVELS = (0.3, 0.5, 0.7)
RANKED = 5
Key = tuple[str, str]
"""Video, and number of the sentence among those of the video, from 0."""


@dataclass(frozen=True, slots=True)
class Truth:
    span: Span
    duration: float | None
    """Seconds; None when the file does not say it."""
    on_grid: bool = False
    """The file says it in steps, so that it is never rounded to the grid: 320 of 300 stays so."""


@dataclass(frozen=True, slots=True)
class Answer:
    said: str | list[Span]
    """Words, or spans in seconds, best first."""
    row: Record


def read_truths(path: Path, how: Conventions) -> dict[Key, Truth]:
    """Descriptions in the densevid format, Charades-STA's text (`video start end##sentence`), or the records of
    Grounded-VideoLLM, which carry the truth in steps of the grid. Raises WrongUse."""
    if path.suffix == ".txt":
        return {(each.video, str(each.place)): Truth(each.span, None) for each in read_charades(path)}
    content = read_object(path)
    if not isinstance(content, list):
        durations = read_durations(path)
        return {
            (video, str(place)): Truth(told.span, durations[video])
            for video, events in read_reference(path).items()
            for place, told in enumerate(events)
        }
    found = {}
    for key, row in _records(path, content):
        steps, duration = span_in(row.take("answers", text), how), row.take("durations", length)
        if steps is None and how.on_unparsed != "whole":
            raise row.wrong("answers", "has no span")
        found[key] = Truth(_seconds(steps, duration, how) if steps else (0.0, duration), duration, on_grid=True)
    return found


def _records(path: Path, content: list[Any]) -> Iterator[tuple[Key, Record]]:
    """Rows of Grounded-VideoLLM's records; they do not number the sentences of a video, so their order does."""
    count: dict[str, int] = {}
    for place, each in enumerate(content, start=1):
        row = record(path, f"entry {place}", each)
        video = row.take("video_ids", name)
        yield (video, str(count.get(video, 0))), row
        count[video] = count.get(video, 0) + 1


def read_answers(path: Path) -> dict[Key, Answer]:
    """By query: the records of Grounded-VideoLLM (a JSON list with 'pred_texts'), or JSON Lines with 'video_id', the
    number as 'sentence_id', 'info': {'sentence_id'} (VTimeLLM's log) or 'query_id', and 'answer' in words or 'spans'
    in seconds, best first. Lines of a 'task' other than "grounding" are passed over. Raises WrongUse."""
    found: dict[Key, Answer] = {}
    if path.is_file() and path.read_bytes()[:64].lstrip().startswith(b"["):
        return {key: Answer(row.take("pred_texts", text), row) for key, row in _records(path, read_object(path))}
    for row in read_lines(path):
        if row.content.get("task", "grounding") != "grounding":
            continue
        info = record(path, f"{row.place}, 'info'", row.content.get("info", {}))
        numbered = next((each for each in (row, info) if "sentence_id" in each.content), None)
        key = row.take("video_id", name), numbered.take("sentence_id", name) if numbered else row.take("query_id", name)
        if key in found:
            raise row.wrong("video_id", f"and the number of the sentence are {key[0]}, {key[1]} for the second time")
        said = row.take("spans", spans) if "spans" in row.content else row.take("answer", text)
        found[key] = Answer(said, row)
    return found


@dataclass(frozen=True, slots=True)
class _Counted:
    overlaps: list[float]
    """Of each answer, best first."""
    unparsed: bool = False
    turned: bool = False
    """An end came before its start."""


def figures(truths: Mapping[Key, Truth], answers: Mapping[Key, Answer], how: Conventions) -> dict[str, float]:
    """Per cent, and how many queries there are, have no answer, one that has no span, one that ends before it starts.

    Raises WrongUse.
    """
    if not set(truths) & set(answers):
        raise WrongUse("The prediction answers none of the queries of the reference.")
    counted = [_counted(truth, answers[key], how) for key, truth in truths.items() if key in answers]
    missing = len(truths) - len(counted)
    kept = [each.overlaps for each in counted if not (each.unparsed and how.on_unparsed == "drop")]
    kept += [[0.0]] * missing if how.on_missing == "zero" else []
    found = {
        "queries": float(len(truths)),
        "unanswered": float(missing),
        "unparsed": float(sum(each.unparsed for each in counted)),
        "reversed": float(sum(each.turned for each in counted)),
    }
    if not kept:
        return found
    return found | rates(kept)


def rates(overlaps: Sequence[Sequence[float]], levels: Sequence[float] = LEVELS) -> dict[str, float]:
    """R@1, R@5 where there are several answers, and mIoU, of the tIoU of each answer to each query, best first.

    A query has at least one answer.
    """
    found = {}
    for k in (1, RANKED) if any(len(each) > 1 for each in overlaps) else (1,):
        for level in levels:
            found[f"R@{k} {level}"] = round(100 * fmean(max(each[:k]) >= level for each in overlaps), 2)
    return found | {"mIoU": round(100 * fmean(each[0] for each in overlaps), 2)}


def _counted(truth: Truth, answer: Answer, how: Conventions) -> _Counted:
    spans, unparsed = answer.said, False
    if isinstance(spans, str):
        steps = span_in(spans, how)
        unparsed = steps is None
        if steps is not None:
            spans = [_seconds(steps, _duration(truth, answer) if how.grid else 1.0, how)]
        else:
            spans = [(0.0, _duration(truth, answer))] if how.on_unparsed == "whole" else []
    return _Counted(
        [_overlap(span, _reference(truth, answer, how), how) for span in spans] or [0.0],
        unparsed,
        any(end < start for start, end in spans),
    )


def _duration(truth: Truth, answer: Answer) -> float:
    if truth.duration is not None:
        return truth.duration
    if "duration" in answer.row.content:
        return answer.row.take("duration", length)
    raise WrongUse(
        f"{answer.row.path}, {answer.row.place}: the duration of the video is needed for an answer in steps; neither "
        "file says it. Add the field 'duration' in seconds."
    )


def _seconds(steps: Span, duration: float, how: Conventions) -> Span:
    """Numbers of an answer as seconds."""
    return (steps[0] * duration / how.grid, steps[1] * duration / how.grid) if how.grid else steps


def _reference(truth: Truth, answer: Answer, how: Conventions) -> Span:
    if truth.on_grid or not (how.quantise_reference and how.grid):
        return truth.span
    duration = _duration(truth, answer)
    start, end = (min(int(how.grid * each / duration + 1e-9), how.grid) * duration / how.grid for each in truth.span)
    return start, end


def _overlap(span: Span, truth: Span, how: Conventions) -> float:
    start, end = span
    if end < start:
        if how.on_reversed == "zero":
            return 0.0
        if how.on_reversed == "swap":
            start, end = end, start
    overlap = float(tiou_of_hull(np.array((start, end)), np.array(truth)))
    return round(overlap, 2) if how.round_iou else overlap
