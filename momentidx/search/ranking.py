"""How well a footage and its events answer a query: three signals in one number.

- the event itself: the cosine between the vectors of the query and of its caption;
- its footage: the cosine with the mean of all the footage's captions. "He lands on the mat" says little,
  the events around it say gymnastics;
- the words: BM25 with the whole footage as one document.

They are added with fixed weights. The weights were chosen on descriptions that the benchmark does not
have (docs/evaluation.md); near them the figures hardly change.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from momentidx.search.adapter import Adapter, Array, unit

CONTEXT = 0.6
WORDS = 0.015
"""Of a BM25 score, which is about 5 to 30 for a footage that has the words."""
SHARPNESS = 18.7
"""By how much a better score is more likely right: the inverse temperature that training ended with."""


def footage_vectors(vectors: Array, footages: NDArray[np.int64], count: int, adapter: Adapter) -> Array:
    """(N, D) vectors of events and the footage (0 to count) of each, to one (count, D) vector a footage."""
    sums = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(sums, footages, adapter.context(vectors))
    return unit(sums)


def fused(direct: Array, context: Array, words: Array) -> Array:
    """One score from the cosine with an event, the cosine with its footage and BM25 of its footage.

    The three have one shape, or shapes that numpy broadcasts.
    """
    total: Array = direct + CONTEXT * context + WORDS * words
    return total


def shares(scores: Array) -> Array:
    """(Q, N) scores to the share of belief in each of the N, were exactly one of them right."""
    likely = np.exp(SHARPNESS * (scores - scores.max(1, keepdims=True)))
    total: Array = likely / likely.sum(1, keepdims=True)
    return total


FIELD = 10
"""The best footage is compared with the one this many places below it."""
LOGIT = (-3.14, -0.78, 5.95)
"""Intercept, weight of the best score, weight of its lead over the field; docs/evaluation.md says what from."""
CONVINCING = 0.05
"""Below this probability nothing convincing was found; on the benchmark one in twenty answers below it was right."""


def confidence(scores: Array) -> Array:
    """(Q, F) scores of footages to (Q,) probabilities that the best one is what was meant.

    The lead tells most: the level of a score says more about how common the words are. With no more than
    FIELD footages the lead is that over the last one.
    """
    field = min(FIELD, scores.shape[1] - 1)
    ordered = -np.partition(-scores, (0, field), axis=1)  # (Q, F)
    best, lead = ordered[:, 0], ordered[:, 0] - ordered[:, field]
    intercept, by_best, by_lead = LOGIT
    logit = intercept + by_best * best + by_lead * lead
    return (1 / (1 + np.exp(-logit))).astype(np.float32, copy=False)
