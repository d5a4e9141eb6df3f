"""Words to moments: the nearest events in meaning, each stretch of footage once.

The score of a moment is four parts the cosine between the vectors of the query and of its caption, and
one part the share of the query's words that the caption has: 1 for the same sentence, near 0 for
sentences that have nothing to do with each other. It orders the answers to one query; it is no
probability.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from momentidx.errors import LibraryError, WrongUse
from momentidx.search.words import shares

if TYPE_CHECKING:
    from momentidx.events import Moment
    from momentidx.library import Library
    from momentidx.search.protocol import Embedder

MAX_CHARACTERS = 2000
EXAMPLE = 'Describe what you look for: momentidx find "a slow pan to the left".'
WORDS_PART = 0.2
"""Of the score. On made-up shot logs it brings more right answers to the top; on people's captions it does no harm."""
CANDIDATES = 200
"""Nearest events whose words are looked at."""
SAME_STRETCH = Fraction(9, 10)
"""Two events of one footage that overlap by more than this (tIoU) are one answer."""


def find(library: Library, embedder: Embedder, words: str, *, limit: int = 10) -> list[Moment]:
    """The moments that answer the words best, best first, each with its score.

    Raises WrongUse for words that are none and for a limit below 1, LibraryError when there is
    nothing to search.
    """
    from momentidx.search.vectors import open_vectors

    words = _checked(words)
    if limit < 1:
        raise WrongUse(f"The limit is {limit}; ask for at least 1 moment.")
    vectors = open_vectors(library, embedder)
    if not len(vectors):
        raise LibraryError(
            f"{library.folder}: there is nothing to search yet (no event has a vector of '{embedder.name}'). "
            "Run 'momentidx index PATH' with your footage first."
        )
    (vector,) = embedder.embed([words])
    count = max(CANDIDATES, 4 * limit)
    while True:
        distinct = _distinct(_ranked(library, words, vectors.nearest(vector, count)))
        if len(distinct) >= limit or count >= len(vectors):
            return distinct[:limit]
        count *= 4


def _checked(words: str) -> str:
    words = words.strip()
    if not words:
        raise WrongUse(f"The query is empty. {EXAMPLE}")
    if len(words) > MAX_CHARACTERS:
        raise WrongUse(f"The query has {len(words)} characters; at most {MAX_CHARACTERS} are read. Use fewer words.")
    if not any(character.isalnum() for character in words):
        raise WrongUse(f"The query has no words in it. {EXAMPLE}")
    return words


def _ranked(library: Library, words: str, nearest: list[tuple[int, float]]) -> list[Moment]:
    """Events with their cosines as scored moments, best first. Events deleted meanwhile drop out here."""
    cosines = dict(nearest)
    moments = library.moments(ids=cosines.keys())
    scored = [
        (WORDS_PART * share + (1 - WORDS_PART) * cosines[moment.id], moment)
        for moment, share in zip(moments, shares(words, [moment.event.caption for moment in moments]), strict=True)
    ]
    scored.sort(key=lambda pair: (-pair[0], pair[1].id))
    return [replace(moment, score=score) for score, moment in scored]


def _distinct(ranked: Iterable[Moment]) -> list[Moment]:
    """The best moment of each stretch of footage; captioners and kinds often tell the same one twice."""
    kept: list[Moment] = []
    for moment in ranked:
        span, footage = moment.event.span, moment.footage.fingerprint
        if not any(
            other.footage.fingerprint == footage and other.event.span.tiou(span) > SAME_STRETCH for other in kept
        ):
            kept.append(moment)
    return kept
