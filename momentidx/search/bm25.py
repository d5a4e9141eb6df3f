"""BM25 over documents held in memory (Robertson and Zaragoza 2009, The Probabilistic Relevance Framework)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75


class BM25:
    """Documents as bags of words. A word counts once for a query, however often the query has it."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        self._count = len(documents)
        lengths = np.array([len(document) for document in documents], np.float64)
        penalty = K1 * (1 - B + B * lengths / max(lengths.mean(), 1)) if self._count else lengths
        places: dict[str, list[int]] = {}
        times: dict[str, list[int]] = {}
        for place, document in enumerate(documents):
            for word, count in Counter(document).items():
                places.setdefault(word, []).append(place)
                times.setdefault(word, []).append(count)
        self._postings = {
            word: (np.array(where), self._weights(np.array(times[word]), penalty[where]))
            for word, where in places.items()
        }

    def _weights(self, counts: NDArray[np.int64], penalty: NDArray[np.float64]) -> NDArray[np.float32]:
        having = len(counts)
        # 1 is added before the logarithm: a word that most documents have counts little, never against them.
        rarity = np.log(1 + (self._count - having + 0.5) / (having + 0.5))
        weights: NDArray[np.float32] = (rarity * counts * (K1 + 1) / (counts + penalty)).astype(np.float32)
        return weights

    def scores(self, queries: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """(Q,) lists of words to (Q, N) scores, 0 where no word is shared."""
        found = np.zeros((len(queries), self._count), np.float32)
        for row, words in zip(found, queries, strict=True):
            for word in dict.fromkeys(words):
                if word in self._postings:
                    places, weights = self._postings[word]
                    row[places] += weights
        return found
