"""Retrieval of moments from many videos: the right video, the right moment, the right moment of a given video.

The three tasks as Lei et al. define them (TVR, arXiv 2001.09099, section 3.2): VR counts videos, VCMR moments of
the whole corpus, SVMR one moment of the query's own video. A moment is right when its video is the query's and its
tIoU with the query's span is at least 0.5. Figures are per cent, means over all queries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Times = NDArray[np.float64]
VIDEOS_AT = (1, 5, 10)
MOMENTS_AT = (1, 10, 100)
RIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Answers:
    """What a search answered to Q queries, best first."""

    videos: Numbers
    """(Q, 10 or more)"""
    moment_videos: Numbers
    """(Q, 100 or more); -1 for no answer"""
    moment_spans: Times
    """(Q, 100 or more, 2)"""
    given_spans: Times
    """(Q, 2) the answer in the query's own video"""


def figures(videos: Numbers, spans: Times, answers: Answers) -> dict[str, float]:
    """For queries whose true videos (Q,) and spans (Q, 2) are known."""
    hits = (answers.moment_videos == videos[:, None]) & (tiou(answers.moment_spans, spans[:, None]) >= RIGHT)
    given = tiou(answers.given_spans, spans)
    return {
        **{f"VR R@{k}": _share((answers.videos[:, :k] == videos[:, None]).any(1)) for k in VIDEOS_AT},
        **{f"VCMR R@{k},IoU>=0.5": _share(hits[:, :k].any(1)) for k in MOMENTS_AT},
        "SVMR R@1,IoU>=0.5": _share(given >= RIGHT),
        "SVMR mIoU": _share(given),
    }


def pair_figures(videos: Numbers, spans: Times, ranked: Numbers, given: Times) -> dict[str, float]:
    """For "A then B": true videos (Q,) and spans (Q, 2, 2); videos found (Q, 10 or more), spans in the own video.

    Both spans have to be right. In the whole corpus ("VCMR") the best video has to be, too.
    """
    overlaps = tiou(given, spans)  # (Q, 2)
    both = overlaps.min(1) >= RIGHT
    return {
        **{f"VR R@{k}": _share((ranked[:, :k] == videos[:, None]).any(1)) for k in VIDEOS_AT},
        "VCMR R@1,both IoU>=0.5": _share(both & (ranked[:, 0] == videos)),
        "SVMR R@1,both IoU>=0.5": _share(both),
        "SVMR mIoU": _share(overlaps),
    }


def tiou(a: Times, b: Times) -> Times:
    """Temporal intersection over union of spans (..., 2); 0 where both are empty."""
    shared = np.maximum(np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0]), 0)
    union = (a[..., 1] - a[..., 0]) + (b[..., 1] - b[..., 0]) - shared
    overlap: Times = np.divide(shared, union, out=np.zeros_like(union), where=union > 0)
    return overlap


def tiou_of_hull(a: Times, b: Times) -> Times:
    """`tiou`, with the union of spans that overlap taken from the first start to the last end. The programs of the
    field compute it so for the first answer: a span of exactly half the true one reaches 0.5, where the sum of the
    lengths may miss it by a rounding error. 0 for an end before its start."""
    shared = np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0])
    hull = np.maximum(a[..., 1], b[..., 1]) - np.minimum(a[..., 0], b[..., 0])
    overlap: Times = np.divide(shared, hull, out=np.zeros_like(hull), where=(hull > 0) & (shared > 0))
    return overlap


def calibration_error(probabilities: Times, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error (Guo et al., arXiv 1706.04599, section 2): over bins of equal width, the mean
    distance between the probability that was stated and the share that was right."""
    place = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    stated = np.bincount(place, probabilities, bins)
    found = np.bincount(place, right, bins)
    return float(np.abs(stated - found).sum() / max(len(place), 1))


def _share(values: NDArray[np.float64] | NDArray[np.bool_]) -> float:
    return round(100 * float(values.mean()), 2) if values.size else 0.0
