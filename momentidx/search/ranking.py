"""How well a footage and its events answer a query: five signals in one number from 0 to 1.

- the event itself: how near its caption's meaning is (the cosine of the vectors), and how many of the words it has;
- what is told around it: the same two of all captions of its footage together. "He lands on the mat" says
  little, the events around it say gymnastics;
- facts that query and caption both state (`facts`), such as a direction.

They are added with fixed weights. docs/evaluation.md says how these were chosen and what else was tried; near them the
figures hardly change.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from momentidx.search.adapter import Adapter, Array, unit
from momentidx.search.facts import read, shared

if TYPE_CHECKING:
    from momentidx.search.protocol import Embedder

MEANING, WORDS, AROUND, AROUND_WORDS = 0.5, 0.1, 0.25, 0.15
"""Weights; they add up to 1, so that a sentence finds itself with 1 where nothing else is told."""
FACTS = 0.05
"""For each kind of fact that both state. It comes on top: few sentences state any."""
SHARPNESS = 18.7
"""By how much a better score is more likely right: the inverse temperature that training ended with."""


def footage_vectors(vectors: Array, footages: NDArray[np.int64], count: int, adapter: Adapter) -> Array:
    """(N, D) vectors of events and the footage (0 to count) of each, to one (count, D) vector a footage."""
    sums = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(sums, footages, adapter.context(vectors))
    return unit(sums)


def shares(scores: Array) -> Array:
    """(Q, N) scores to the share of belief in each of the N, were exactly one of them right."""
    likely = np.exp(SHARPNESS * (scores - scores.max(1, keepdims=True)))
    total: Array = likely / likely.sum(1, keepdims=True)
    return total


def compared(sentences: Sequence[str], captions: Sequence[str], embedder: Embedder) -> Array:
    """(Q, N): how well each of a footage's captions fits each sentence: cosines, raised by the facts both state."""
    cosines: Array = embedder.embed(sentences) @ embedder.embed(captions).T
    return cosines + FACTS / MEANING * shared(read(sentences), read(captions))


MEASURED_WITH = "minilm"
"""The embedder whose scores LOGIT, and what `scoring` calls convincing, were measured with; of others nothing is."""
FIELD = 10
"""The best footage is compared with the one this many places below it."""
LOGIT = (-0.26, -5.80, 14.11)
"""Intercept, weight of the best score, weight of its lead over the field; docs/evaluation.md says what from."""


def confidence(scores: Sequence[float]) -> float:
    """The probability that the best footage is what was meant, were it in the library, from each one's best score.

    The lead tells most: the level of a score says more about how common the words are. With no more than FIELD
    footages the lead is that over the last one. `scores` may be in any order, and has at least one.
    """
    ordered = sorted(scores, reverse=True)
    lead = ordered[0] - ordered[min(FIELD, len(ordered) - 1)]
    intercept, by_best, by_lead = LOGIT
    return 1 / (1 + math.exp(-(intercept + by_best * ordered[0] + by_lead * lead)))
