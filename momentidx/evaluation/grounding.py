"""Grounding: a sentence, its video, and where in it the sentence is true.

R@1 and mean tIoU as in Temporal Activity Localization via Language Query (Gao et al., arXiv 1705.02101,
section 5.1), in per cent. A sentence that describes nearly all of its video is answered well by the
whole video, so the figures are also given for the others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from momentidx.evaluation.retrieval import Times, tiou

LEVELS = (0.3, 0.5, 0.7)
NEARLY_ALL = 0.8
"""Share of its video from which a sentence describes nearly all of it."""


def figures(truths: Times, answers: Times, durations: NDArray[np.float64]) -> dict[str, float]:
    """Per cent, over all sentences and over those that describe a part of their video.

    truths, answers: (N, 2) seconds, one answer a sentence; durations: (N,) of the sentence's video.
    """
    overlap = tiou(truths, answers)  # (N,)
    part = (truths[:, 1] - truths[:, 0]) < NEARLY_ALL * durations
    found = {"sentences": float(len(truths)), **_figures(overlap, "")}
    return found | {"sentences of a part": float(part.sum()), **_figures(overlap[part], " of a part")}


def _figures(overlap: NDArray[np.float64], which: str) -> dict[str, float]:
    if not len(overlap):
        return {}
    reached = {f"R@1 {level}{which}": round(100 * float((overlap >= level).mean()), 2) for level in LEVELS}
    return reached | {f"mIoU{which}": round(100 * float(overlap.mean()), 2)}
