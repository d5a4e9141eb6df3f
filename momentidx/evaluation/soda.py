"""SODA_c: how well a video's captions tell its story (Fujita et al., SODA, ECCV 2020, section 3).

Predicted and true captions are assigned one to one so that their order is kept and the sum of tIoU x METEOR is the
largest. Precision is that sum by the number of predictions, recall by that of true captions; their F1 is the video's
score, the mean over videos the figure. A video without a prediction counts 0. Captions are taken in the order of the
file; an end before its start changes places with it.

METEOR is not symmetric. "SODA_c" gives METEOR the true caption as reference and the predicted one as hypothesis;
"SODA_c, swapped" the other way round, as a program in use does: that number is about a fifth higher.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from momentidx.errors import WrongUse
from momentidx.evaluation.dense import Events, Told, overlaps, words_of
from momentidx.evaluation.text import Meteor, Pair, meteor

Matrix = NDArray[np.float64]


def figures(reference: Events, predictions: Events) -> dict[str, float]:
    """Between 0 and 1. Raises WrongUse, TextMetricsMissing."""
    return {order: fmean(scores.values()) for order, scores in by_video(reference, predictions).items()}


def by_video(reference: Events, predictions: Events) -> dict[str, dict[str, float]]:
    """The F1 of every video, for both orders of METEOR's arguments."""
    if not set(reference) & set(predictions):
        raise WrongUse("The prediction has none of the videos of the reference.")
    words = words_of([reference, predictions])
    found: dict[str, dict[str, float]] = {"SODA_c": {}, "SODA_c, swapped": {}}
    with meteor() as program:
        for video, truths in reference.items():
            told = predictions.get(video, ())
            shared = overlaps(_forward(truths), _forward(told))  # (T, P)
            said, meant = [words[each.sentence] for each in told], [words[each.sentence] for each in truths]
            found["SODA_c"][video] = f1(shared * _meteor(program, meant, said))
            found["SODA_c, swapped"][video] = f1(shared * _meteor(program, said, meant).T)
    return found


def _forward(events: Sequence[Told]) -> list[Told]:
    return [Told((min(event.span), max(event.span)), event.sentence) for event in events]


def _meteor(program: Meteor, references: Sequence[str], hypotheses: Sequence[str]) -> Matrix:
    """(references, hypotheses)"""
    pairs = [Pair(hypothesis, (reference,)) for reference in references for hypothesis in hypotheses]
    each = program.score(pairs)[1] if pairs else []
    return np.array(each, np.float64).reshape(len(references), len(hypotheses))


def f1(gains: Matrix) -> float:
    """Of what each true (rows) and predicted caption (columns) would gain together."""
    if not gains.size:
        return 0.0
    best = assigned(gains)
    precision, recall = best / gains.shape[1], best / gains.shape[0]
    return 2 * precision * recall / (precision + recall) if best > 0 else 0.0


def assigned(gains: Matrix) -> float:
    """The largest sum over pairs whose rows and columns both rise."""
    best = np.zeros(gains.shape[1] + 1)  # of the rows so far, with the first columns only
    for row in gains:
        best[1:] = np.maximum.accumulate(np.maximum(best[1:], best[:-1] + row))
    return float(best[-1])
