"""Search meets its evaluation: the answers of each method on two people's descriptions of the same videos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from momentidx.evaluation.baselines import stemmed, words
from momentidx.evaluation.retrieval import Answers, figures, pair_figures
from momentidx.search.adapter import Adapter
from momentidx.search.bm25 import BM25
from momentidx.search.corpus import Corpus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from momentidx.commands.evaluating import Method
    from momentidx.evaluation.densevid import Descriptions
    from momentidx.search.protocol import Embedder

Numbers = NDArray[np.int64]
Floats = NDArray[np.float32]
BATCH = 512
"""Queries at a time; their scores for every event are held in memory."""
VIDEOS, MOMENTS = 10, 100


def measure(
    described: Descriptions,
    asked: Descriptions,
    method: Method,
    embedder: Embedder,
    *,
    pairs: bool = False,
    position: bool = False,
) -> dict[str, float]:
    """The figures of one method; both descriptions have the same videos, in whatever order."""
    place = {name: number for number, name in enumerate(described.names)}
    videos = np.array([place[asked.names[video]] for video in asked.videos], np.int64)
    run = _Full(described, embedder, position) if method == "full" else _WholeEvents(described, embedder, method)
    if not pairs:
        parts = [run.answers(asked.sentences[rows], videos[rows]) for rows in _batches(len(videos))]
        joined = (np.concatenate([getattr(part, name) for part in parts]) for name in Answers.__slots__)
        return figures(videos, asked.spans, Answers(*joined))
    first = np.flatnonzero(videos[:-1] == videos[1:])  # of each two consecutive sentences of one video
    found = [
        run.pair_answers(*_pairs(asked.sentences, first[rows]), videos[first[rows]]) for rows in _batches(len(first))
    ]
    ranked, spans = (np.concatenate(part) for part in zip(*found, strict=True))
    return pair_figures(videos[first], np.stack([asked.spans[first], asked.spans[first + 1]], 1), ranked, spans)


def _pairs(sentences: Sequence[str], first: Numbers) -> tuple[list[str], list[str]]:
    return [sentences[place] for place in first], [sentences[place + 1] for place in first]


class _Full:
    """All that search knows."""

    def __init__(self, described: Descriptions, embedder: Embedder, position: bool) -> None:
        self._embedder = embedder
        self._corpus = Corpus(
            described.videos, described.spans, described.durations, described.sentences,
            self._embedder.embed(described.sentences), Adapter.of(self._embedder), position,
        )  # fmt: skip

    def answers(self, sentences: Sequence[str], videos: Numbers) -> Answers:
        match = self._corpus.match(sentences, self._embedder.embed(sentences))
        scores = self._corpus.footage_scores(match)
        moments = self._corpus.moments(match, scores, MOMENTS)
        return Answers(_ranked(scores, VIDEOS), *moments, self._corpus.inside(match, videos))

    def pair_answers(
        self, first: Sequence[str], then: Sequence[str], videos: Numbers
    ) -> tuple[Numbers, NDArray[np.float64]]:
        a, b = (self._corpus.match(part, self._embedder.embed(part)) for part in (first, then))
        return _ranked(self._corpus.pair_scores(a, b), VIDEOS), self._corpus.inside_pair(a, b, videos)


class _WholeEvents:
    """The floor: events by one score, each with the span that it has; a pair is asked as one sentence."""

    def __init__(self, described: Descriptions, embedder: Embedder, method: Method) -> None:
        self._events = described
        self._starts = np.searchsorted(described.videos, np.arange(len(described.names)))
        self._embedder = embedder
        self._split = stemmed if method == "bm25-stemmed" else words
        self._flat = method == "flat"
        if self._flat:
            self._vectors = embedder.embed(described.sentences)
        else:
            self._words = BM25([self._split(sentence) for sentence in described.sentences])

    def answers(self, sentences: Sequence[str], videos: Numbers) -> Answers:
        scores = self._score(sentences)
        top = _ranked(scores, MOMENTS)
        return Answers(
            self._videos(scores), self._events.videos[top], self._events.spans[top], self._inside(scores, videos)
        )

    def pair_answers(
        self, first: Sequence[str], then: Sequence[str], videos: Numbers
    ) -> tuple[Numbers, NDArray[np.float64]]:
        joint = [f"{a.rstrip('.')}, then {b}" for a, b in zip(first, then, strict=True)]
        spans = [self._inside(self._score(part), videos) for part in (first, then)]
        return self._videos(self._score(joint)), np.stack(spans, 1)

    def _score(self, sentences: Sequence[str]) -> Floats:
        if not self._flat:
            return self._words.scores([self._split(sentence) for sentence in sentences])
        scores: Floats = self._embedder.embed(sentences) @ self._vectors.T
        return scores

    def _videos(self, scores: Floats) -> Numbers:
        return _ranked(np.maximum.reduceat(scores, self._starts, axis=1), VIDEOS)

    def _inside(self, scores: Floats, videos: Numbers) -> NDArray[np.float64]:
        own = self._events.videos[None] == videos[:, None]
        best: NDArray[np.float64] = self._events.spans[np.where(own, scores, -np.inf).argmax(1)]
        return best


def _ranked(scores: Floats, count: int) -> Numbers:
    """(Q, N) scores to the places of the best `count`, of equals the first."""
    return np.argsort(-scores, axis=1, kind="stable")[:, :count]


def _batches(count: int) -> Iterator[slice]:
    for first in range(0, count, BATCH):
        yield slice(first, first + BATCH)
