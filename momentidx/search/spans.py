"""Where exactly: in and out of the answer, given the events of one footage and how well each fits.

A sentence about a moment and a caption of that moment were written by two people who cut time
differently. So the caption's own span is not the best guess. Instead every span is thought of as the
true one, more likely the more it overlaps with events that fit (and, if wanted, the more usual its
position is for such a sentence), and the answer is the span whose expected overlap with the truth is
the largest. Only real edges are answered: the start of some event to the end of some event, so that
neighbours are joined and long events trimmed, but no cut is invented.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentidx.search.adapter import CELLS, GRID, Array

Times = NDArray[np.float64]
"""(..., 2) starts and ends; any unit, the same for all."""

TEMPERATURE = 0.1
"""Of the scores of events: 0.1 better is e times more likely meant."""
PEOPLE = 6.0
MEASURED = 30.0
"""How closely a true span keeps to the event that tells of it: loosely where people or a network set the edges by
eye, closely where they were measured. The weight of a span is exp(agreement x tIoU) - 1."""
MEASURING = frozenset({"shotlog"})
"""Captioners that measure."""
DOUBT = 0.1
"""Weight of "none of these events" against their sum."""
LARGEST = 12
"""Events of one footage that are weighed; of more, those nearest in time to the best one."""
HIT = 0.5
"""The tIoU that counts as found."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Answers for Q queries in one footage, best first; later ones are for where the first is wrong."""

    times: Times
    """(Q, K, 2)"""
    chances: Array
    """(Q, K): probability that this is the first of them with a tIoU of at least 0.5; adds up to at most 1."""


def choose(
    scores: Array,
    events: Times,
    duration: float,
    position: Array | None = None,
    *,
    count: int = 1,
    agreement: float = PEOPLE,
) -> Spans:
    """At most `count` spans for each query.

    scores: (Q, E) cosines with the events; events: (E, 2); duration: of the footage; position: (Q, 210) logarithms
    from `Adapter.position`, or None to let no position be more usual than another.
    """
    if len(events) > LARGEST:
        parts = []
        for row in range(len(scores)):
            near = _near_the_best(scores[row], events)
            usual = None if position is None else position[row : row + 1]
            parts.append(
                choose(scores[row : row + 1, near], events[near], duration, usual, count=count, agreement=agreement)
            )
        return Spans(_stacked([part.times for part in parts]), _stacked([part.chances for part in parts]))
    start, end = events[:, 0].min(), events[:, 1].max()
    truths = start + CELLS / GRID * (end - start)  # (T, 2)
    belief = _belief(scores, events, truths, agreement)  # (Q, T)
    if position is not None:
        belief = belief * np.exp(position[:, _cell(truths / max(duration, end))])
    belief /= belief.sum(1, keepdims=True)
    return _best(belief, truths, _candidates(events), count)


def agreement_with(captioners: Iterable[str]) -> float:
    """How closely answers keep to the events that these captioners told."""
    return MEASURED if MEASURING.issuperset(captioners) else PEOPLE


def tiou(a: Times, b: Times) -> Times:
    """Intersection over union of spans; shapes broadcast. 0 for two empty ones."""
    shared = np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0])
    shared = np.maximum(shared, 0)
    union = (a[..., 1] - a[..., 0]) + (b[..., 1] - b[..., 0]) - shared
    overlap: Times = np.divide(shared, union, out=np.zeros_like(union), where=union > 0)
    return overlap


def _belief(scores: Array, events: Times, truths: Times, agreement: float) -> Times:
    """(Q, T): how likely each span is the true one, by the events alone."""
    meant = np.exp((scores - scores.max(1, keepdims=True)) / TEMPERATURE)
    meant /= meant.sum(1, keepdims=True)
    told = np.expm1(agreement * tiou(events[:, None], truths[None])) + 1e-9  # (E, T)
    told /= told.sum(1, keepdims=True)
    belief: Times = meant @ told + DOUBT / len(truths)
    return belief


def _candidates(events: Times) -> Times:
    starts, ends = np.meshgrid(np.unique(events[:, 0]), np.unique(events[:, 1]), indexing="ij")
    spans = np.stack([starts.ravel(), ends.ravel()], 1)
    longer = spans[spans[:, 1] > spans[:, 0]]
    return longer if len(longer) else events[:1]


def _best(belief: Times, truths: Times, spans: Times, count: int) -> Spans:
    """First the span with the largest expected tIoU, then those that would be right where it is not."""
    overlap = tiou(truths[:, None], spans[None])  # (T, C)
    hits = (overlap >= HIT).astype(np.float64)
    picks, chances = [], []
    pick = (belief @ overlap).argmax(1)  # (Q,)
    for _ in range(min(count, len(spans))):
        hit = hits[:, pick].T  # (Q, T)
        picks.append(spans[pick])
        chances.append((belief * hit).sum(1))
        belief = belief * (1 - hit)
        pick = (belief @ hits).argmax(1)
    return Spans(np.stack(picks, 1), np.stack(chances, 1).astype(np.float32))


def _stacked(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """Rows of as many columns as the shortest has: a few events can have fewer answers than others."""
    columns = min(part.shape[1] for part in parts)
    return np.concatenate([part[:, :columns] for part in parts])


def _near_the_best(scores: Array, events: Times) -> NDArray[np.int64]:
    middles = events.mean(1)
    near: NDArray[np.int64] = np.sort(np.argsort(np.abs(middles - middles[scores.argmax()]), kind="stable")[:LARGEST])
    return near


def _cell(spans: Times) -> NDArray[np.int64]:
    """Index into CELLS of the nearest span on the grid; spans are shares of the footage."""
    table = np.zeros((GRID, GRID + 1), np.int64)
    table[CELLS[:, 0], CELLS[:, 1]] = np.arange(len(CELLS))
    starts = np.clip(np.rint(spans[:, 0] * GRID), 0, GRID - 1).astype(np.int64)
    ends = np.clip(np.rint(spans[:, 1] * GRID).astype(np.int64), starts + 1, GRID)
    found: NDArray[np.int64] = table[starts, ends]
    return found
