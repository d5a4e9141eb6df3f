"""NExT-GQA: questions about clips, with an answer and the segments that show it.

Metrics of Xiao et al. (Can I Trust Your Answer?, arXiv 2309.01327, section 5.1): of a predicted window, the best
intersection over union (IoU) and over the prediction (IoP) with any true segment; an answer counts as grounded
(Acc@GQA) when it is right and its IoP is at least 0.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from momentidx.evaluation.reading import Record, length, read_object, read_table, record, spans, text

Seconds = tuple[float, float]
CHOICES = 5


@dataclass(frozen=True, slots=True)
class Question:
    video: str
    number: str
    text: str
    kind: str
    """CW, CH (why, how), TN, TC, TP (after, while, before)."""
    choices: tuple[str, ...]
    answer: str
    """One of the choices."""
    segments: tuple[Seconds, ...]
    duration: float


@dataclass(frozen=True, slots=True)
class Answer:
    window: Seconds
    choice: str | None = None
    """None when only the window was asked for."""


def read_nextgqa(questions: Path, segments: Path) -> list[Question]:
    """`val.csv` and `gsub_val.json`: the questions that have segments, in the order of the first file.

    Raises WrongUse with the place and the field that cannot be used.
    """
    located = {}
    for video, content in record(segments, "the document", read_object(segments)).content.items():
        row = record(segments, f"'{video}'", content)
        duration = row.take("duration", length)
        of_video = Record(segments, f"'{video}', 'location'", row.take("location", _object))
        for number in of_video.content:
            located[video, number] = tuple(of_video.take(number, spans)), duration
    return [
        Question(
            row.take("video_id", text), row.take("qid", text), row.take("question", text), row.take("type", text),
            tuple(row.take(f"a{choice}", text) for choice in range(CHOICES)), row.take("answer", text), *found,
        )
        for row in read_table(questions)
        if (found := located.get((row.take("video_id", text), row.take("qid", text))))
    ]  # fmt: skip


def _object(value: Any) -> dict[str, Any]:
    """an object {...}"""
    if not isinstance(value, dict):
        raise ValueError
    return value


def figures(questions: Sequence[Question], answers: Mapping[tuple[str, str], Answer]) -> dict[str, float]:
    """Per cent; answers by video and number of the question. All must be answered."""
    given = [answers[question.video, question.number] for question in questions]
    ious = [max(_iou(a.window, s) for s in q.segments) for q, a in zip(questions, given, strict=True)]
    iops = [max(_iop(a.window, s) for s in q.segments) for q, a in zip(questions, given, strict=True)]
    right = [a.choice == q.answer for q, a in zip(questions, given, strict=True)]
    grounded = [ok and iop >= 0.5 for ok, iop in zip(right, iops, strict=True)]
    values: dict[str, Sequence[float]] = {
        "mIoU": ious, "IoU@0.3": [iou >= 0.3 for iou in ious], "IoU@0.5": [iou >= 0.5 for iou in ious],
        "mIoP": iops, "IoP@0.3": [iop >= 0.3 for iop in iops], "IoP@0.5": [iop >= 0.5 for iop in iops],
        "Acc@QA": right, "Acc@GQA": grounded,
    }  # fmt: skip
    return {name: round(100 * fmean(each), 2) for name, each in values.items()}


def _shared(a: Seconds, b: Seconds) -> float:
    return max(0.0, min(a[1], b[1]) - max(a[0], b[0]))


def _iou(a: Seconds, b: Seconds) -> float:
    shared = _shared(a, b)
    union = (a[1] - a[0]) + (b[1] - b[0]) - shared
    return shared / union if union > 0 else 0.0


def _iop(window: Seconds, truth: Seconds) -> float:
    length = window[1] - window[0]
    return _shared(window, truth) / length if length > 0 else 0.0
