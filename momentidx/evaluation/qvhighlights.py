"""QVHighlights: all moments of a video that a sentence means, and how highlight-like each of its clips is.

Figures of Lei et al. (QVHighlights, arXiv 2107.09609, section 5.1), in per cent with two decimals:

- Moments: R1, the share of queries whose first window has a tIoU >= t with the true window it fits best; mAP, the
  mean over queries of the average precision at t (area under the interpolated precision-recall curve; windows by
  falling score, each takes the free true window that it overlaps most), t = 0.5, 0.55, ... 0.95, and their mean.
- Highlights: three people gave every 2 s clip 0 to 4. Clips of at least Fair (2), Good (3), VeryGood (4) are
  positive; HL-mAP is the mean over people, then queries, of the average precision of the predicted saliency;
  HL-Hit1 the share of queries whose clip with the highest saliency is positive for at least one person.

As in the data set's own program: only the first ten windows count, in the order of the file, and "first" means first
in the file, whatever its score; by length, a query counts with its true windows of that class (short up to 10 s,
middle up to 30 s, long up to 150 s), longer ones in "full" only. Unlike it, a class without windows is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from momentidx.evaluation.reading import Record, Span, items, length, name, number, numbers, read_lines, spans
from momentidx.evaluation.retrieval import tiou, tiou_of_hull

Floats = NDArray[np.float64]
THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
WINDOWS = 10
LENGTHS = {"full": (-np.inf, np.inf), "long": (30.0, 150.0), "middle": (10.0, 30.0), "short": (0.0, 10.0)}
"""Seconds, the first excluded, the last included."""
LEVELS = {"Fair": 2, "Good": 3, "VeryGood": 4}
CLIP_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Truth:
    duration: float
    windows: tuple[Span, ...]
    clips: tuple[int, ...]
    """Numbers of the clips that belong to the windows."""
    saliency: tuple[tuple[int, int, int], ...]
    """What three people gave each of them; empty when there are only windows."""


@dataclass(frozen=True, slots=True)
class Answer:
    windows: tuple[tuple[float, float, float], ...]
    """Start, end, score."""
    saliency: tuple[float, ...]
    """Of every clip of the video."""


def read_truths(path: Path) -> dict[str, Truth]:
    """By query number. Raises WrongUse."""
    found: dict[str, Truth] = {}
    for row in read_lines(path):
        duration = row.take("duration", length)
        clips = [int(clip) for clip in row.maybe("relevant_clip_ids", numbers) or ()]
        saliency = row.maybe("saliency_scores", _three) or []
        if saliency and len(saliency) != len(clips):
            raise row.wrong("saliency_scores", f"has {len(saliency)} entries for {len(clips)} relevant_clip_ids")
        if any(not 0 <= clip < duration / CLIP_SECONDS for clip in clips):
            raise row.wrong("relevant_clip_ids", f"names a clip outside of {duration:g} s")
        windows = row.maybe("relevant_windows", spans) or ()
        found[_qid(row, found)] = Truth(duration, tuple(windows), tuple(clips), tuple(saliency))
    return found


def read_answers(path: Path) -> dict[str, Answer]:
    """By query number. Raises WrongUse."""
    found: dict[str, Answer] = {}
    for row in read_lines(path):
        found[_qid(row, found)] = Answer(
            tuple(row.maybe("pred_relevant_windows", _windows) or ()),
            tuple(row.maybe("pred_saliency_scores", numbers) or ()),
        )
    return found


def _qid(row: Record, found: Mapping[str, object]) -> str:
    qid = row.take("qid", name)
    if qid in found:
        raise row.wrong("qid", f"is {qid} for the second time")
    return qid


def _windows(value: object) -> list[tuple[float, float, float]]:
    """a list of [start, end, score]"""
    return [(number(start), number(end), number(score)) for start, end, score in items(value)]


def _three(value: object) -> list[tuple[int, int, int]]:
    """a list of three scores for each clip"""
    return [(int(a), int(b), int(c)) for a, b, c in items(value)]


def moment_figures(truths: Mapping[str, Truth], answers: Mapping[str, Answer]) -> dict[str, float]:
    """R1 and mAP over all windows and by length; a query without an answer counts 0."""
    found: dict[str, float] = {}
    for kind, (above, most) in LENGTHS.items():
        windows = {
            qid: [(start, end) for start, end in truth.windows if above < end - start <= most]
            for qid, truth in truths.items()
        }
        rows = [_moments(windows[qid], answers.get(qid)) for qid in truths if windows[qid]]
        if not rows:
            continue
        first, precision = np.mean([row[0] for row in rows], 0), np.mean([row[1] for row in rows], 0)
        found |= {f"MR-{kind}-R1@{t}": _percent(value) for t, value in zip(THRESHOLDS, first, strict=True)}
        found |= {f"MR-{kind}-mAP@{t}": _percent(value) for t, value in zip(THRESHOLDS, precision, strict=True)}
        found[f"MR-{kind}-mAP"] = _percent(precision.mean())
    return found


def _moments(truths: Sequence[Span], answer: Answer | None) -> tuple[Floats, Floats]:
    """Whether the first window is right, and the average precision, at each threshold."""
    if answer is None or not answer.windows:
        return np.zeros(len(THRESHOLDS)), np.zeros(len(THRESHOLDS))
    windows = np.array(answer.windows[:WINDOWS], np.float64)  # (P, 3)
    true = np.array(truths, np.float64)  # (T, 2)
    first = tiou_of_hull(windows[0, :2], true).max()  # and the other tIoU below: as in the data set's own program
    overlaps = tiou(windows[np.argsort(-windows[:, 2], kind="stable"), None, :2], true[None])  # (P, T)
    right = np.array([float(first >= t) for t in THRESHOLDS])
    return right, np.array([_detection_precision(overlaps, t) for t in THRESHOLDS])


def _detection_precision(overlaps: Floats, threshold: float) -> float:
    """Average precision of predictions (P, T), best first; each true window is found once."""
    free, right = np.ones(overlaps.shape[1], bool), np.zeros(len(overlaps), bool)
    for place, row in enumerate(overlaps):
        best = int(np.where(free, row, -1).argmax())
        if free[best] and row[best] >= threshold:
            right[place], free[best] = True, False
    return average_precision(right, len(free))


def average_precision(right: NDArray[np.bool_], positives: int) -> float:
    """Of a ranking, best first: the mean over all positives of the best precision from where it is found on."""
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    interpolated = np.maximum.accumulate(precision[::-1])[::-1]
    return float(interpolated[right].sum()) / positives if positives else 0.0


def highlight_figures(truths: Mapping[str, Truth], answers: Mapping[str, Answer]) -> dict[str, float]:
    """HL-mAP and HL-Hit1 at the three levels; a query without an answer counts 0."""
    found: dict[str, float] = {}
    for level, least in LEVELS.items():
        rows = [_highlights(truth, answers.get(qid), least) for qid, truth in truths.items()]
        found[f"HL-min-{level}-mAP"] = _percent(fmean(row[0] for row in rows))
        found[f"HL-min-{level}-Hit1"] = _percent(fmean(row[1] for row in rows))
    return found


def _highlights(truth: Truth, answer: Answer | None, least: int) -> tuple[float, bool]:
    if answer is None or not answer.saliency:
        return 0.0, False
    given = np.zeros((ceil(truth.duration / CLIP_SECONDS), 3))
    if truth.saliency:
        given[list(truth.clips)] = truth.saliency
    clips = min(len(given), len(answer.saliency))
    positive, saliency = given[:clips] >= least, np.array(answer.saliency[:clips])
    by_saliency = np.argsort(-saliency, kind="stable")
    precisions = [average_precision(column[by_saliency], int(column.sum())) for column in positive.T]
    return fmean(precisions), bool(positive[by_saliency[0]].any())


def _percent(share: float) -> float:
    return round(100 * float(share), 2)
