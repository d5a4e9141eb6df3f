"""Captions of many footages in memory, searched exactly: what search would answer if time did not matter.

The evaluation runs on it, and a faster search can be compared with it. Arrays: Q queries, E events, F footages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from momentidx.search import facts
from momentidx.search.adapter import Adapter, Array
from momentidx.search.ranking import AROUND, AROUND_WORDS, FACTS, MEANING, WORDS, footage_vectors, shares
from momentidx.search.spans import Spans, Times, choose
from momentidx.search.words import stems

PICKS = 3
"""Spans of one footage among the moments."""
FOOTAGES = 60
"""Best footages whose spans are looked at."""
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Corpus:
    """Events of footages, whose rows are in the order of their footages."""

    footages: Numbers
    """(E,) 0 to F - 1, ascending; every footage has an event."""
    spans: Times
    """(E, 2)"""
    durations: Times
    """(F,) in the unit of the spans"""
    captions: Sequence[str]
    vectors: Array
    """(E, D) of the captions"""
    adapter: Adapter
    position: bool = False
    """Whether a sentence's usual position in such videos counts (`Adapter.position`)."""

    @cached_property
    def starts(self) -> Numbers:
        """(F,) first event of each footage."""
        return np.searchsorted(self.footages, np.arange(len(self.durations)))

    @cached_property
    def _direct(self) -> Array:
        return self.adapter.direct(self.vectors)

    @cached_property
    def _facts(self) -> facts.Facts:
        return facts.read(self.captions)

    @cached_property
    def _context(self) -> Array:
        return footage_vectors(self.vectors, self.footages, len(self.durations), self.adapter)

    @cached_property
    def _words(self) -> WordShares:
        return WordShares([frozenset(stems(caption)) for caption in self.captions])

    @cached_property
    def _all_words(self) -> WordShares:
        return WordShares(
            [
                frozenset(stem for caption in self.captions[rows] for stem in stems(caption))
                for _, rows in self._events()
            ]
        )

    def match(self, sentences: Sequence[str], vectors: Array) -> Match:
        """Comparison of everything with (Q,) sentences and their (Q, D) vectors."""
        stated = FACTS / MEANING * facts.shared(facts.read(sentences), self._facts)
        direct = self.adapter.direct(vectors) @ self._direct.T + stated
        context = self.adapter.context(vectors) @ self._context.T
        return Match(
            direct=direct,
            own=MEANING * direct + WORDS * self._words.of(sentences),
            around=AROUND * context + AROUND_WORDS * self._all_words.of(sentences),
            position=self.adapter.position(vectors) if self.position else None,
        )

    def best(self, scores: Array) -> Array:
        """(Q, E) scores of events to (Q, F): of the best event of each footage."""
        highest: Array = np.maximum.reduceat(scores, self.starts, axis=1)
        return highest

    def footage_scores(self, match: Match) -> Array:
        """(Q, F): how well each footage answers."""
        total: Array = self.best(match.own) + match.around
        return total

    def pair_scores(self, first: Match, then: Match) -> Array:
        """(Q, F): how well each footage answers "first, then": the best two events in this order, or one for both."""
        pairs = np.empty_like(first.around)
        for footage, events in self._events():
            follows = self.spans[events, 0][:, None] <= self.spans[events, 0][None]  # (E, E)
            both = first.own[:, events, None] + then.own[:, None, events]  # (Q, E, E)
            pairs[:, footage] = np.where(follows, both, -np.inf).max((1, 2))
        total: Array = pairs + first.around + then.around
        return total

    def moments(self, match: Match, scores: Array, count: int) -> tuple[Numbers, Times]:
        """The best `count` moments of each query, best first: (Q, count) footages and (Q, count, 2) spans.

        A moment's score is the share of belief in its footage times the probability that its span is right.
        Where there are fewer, the rest is footage -1.
        """
        near = min(FOOTAGES, scores.shape[1])
        belief = shares(scores)
        chosen = np.argpartition(-scores, near - 1, axis=1)[:, :near]  # (Q, near)
        found = np.full((len(scores), near, PICKS), -1.0)
        spans = np.zeros((len(scores), near, PICKS, 2))
        for footage, events in self._events():
            queries, places = np.nonzero(chosen == footage)
            if len(queries):
                answer = self._choose(match, queries, footage, events, PICKS)
                picks = answer.chances.shape[1]
                found[queries, places, :picks] = belief[queries, footage, None] * answer.chances
                spans[queries, places, :picks] = answer.times
        flat = found.reshape(len(found), -1)
        order = np.argsort(-flat, axis=1, kind="stable")[:, :count]
        footages = np.where(np.take_along_axis(flat, order, 1) >= 0, np.take_along_axis(chosen, order // PICKS, 1), -1)
        return footages, np.take_along_axis(spans.reshape(len(spans), -1, 2), order[..., None], 1)

    def inside(self, match: Match, given: Numbers) -> Times:
        """(Q, 2): the best span of each query in the footage that is given for it."""
        spans = np.empty((len(given), 2))
        for footage, events in self._events():
            queries = np.flatnonzero(given == footage)
            if len(queries):
                spans[queries] = self._choose(match, queries, footage, events, 1).times[:, 0]
        return spans

    def inside_pair(self, first: Match, then: Match, given: Numbers) -> Times:
        """(Q, 2, 2): the spans of both parts in the footage that is given, the first not beginning after the second."""
        spans = np.empty((len(given), 2, 2))
        for footage, events in self._events():
            queries = np.flatnonzero(given == footage)
            if len(queries):
                a, b = (self._choose(part, queries, footage, events, PICKS).times for part in (first, then))
                spans[queries] = _in_order(a, b)
        return spans

    def _choose(self, match: Match, queries: Numbers, footage: int, events: slice, count: int) -> Spans:
        position = None if match.position is None else match.position[queries]
        scores = match.direct[queries, events]
        return choose(scores, self.spans[events], float(self.durations[footage]), position, count=count)

    def _events(self) -> Iterator[tuple[int, slice]]:
        edges = [*self.starts.tolist(), len(self.footages)]
        for footage, (first, last) in enumerate(pairwise(edges)):
            yield footage, slice(first, last)


@dataclass(frozen=True, slots=True)
class Match:
    """What was compared, before it is added up."""

    direct: Array
    """(Q, E) cosines, and the facts that both state"""
    own: Array
    """(Q, E) what each event's caption brings to a score"""
    around: Array
    """(Q, F) what the other captions of each footage bring"""
    position: Array | None
    """(Q, 210), see `Adapter.position`"""


class WordShares:
    """`words.shares` for many queries over the same texts."""

    def __init__(self, texts: Sequence[frozenset[str]]) -> None:
        self._count = len(texts)
        places: dict[str, list[int]] = {}
        for place, text in enumerate(texts):
            for stem in text:
                places.setdefault(stem, []).append(place)
        self._places = {stem: np.array(where) for stem, where in places.items()}

    def of(self, sentences: Sequence[str]) -> Array:
        """(Q,) sentences to (Q, N)"""
        found = np.zeros((len(sentences), self._count), np.float32)
        for row, sentence in zip(found, sentences, strict=True):
            total = 0.0
            for stem in set(stems(sentence)):
                where = self._places.get(stem, np.empty(0, np.int64))
                weight = np.log(1 + (self._count - len(where) + 0.5) / (len(where) + 0.5))
                row[where] += weight
                total += weight
            row /= max(total, 1e-12)
        return found


def _in_order(first: Times, then: Times) -> Times:
    """(Q, K, 2) spans of each part, best first, to the best two of them (Q, 2, 2) in order of time."""
    ranks = np.arange(first.shape[1])
    late = first[:, :, None, 0] > then[:, None, :, 0]  # (Q, K, K)
    cost = ranks[:, None] + ranks + 10.0 * late
    a, b = np.divmod(cost.reshape(len(cost), -1).argmin(1), len(ranks))
    rows = np.arange(len(cost))
    return np.stack([first[rows, a], then[rows, b]], 1)
