"""How many of the asked words a caption has.

Sentence vectors know that a puppy is a dog, but hardly tell left from right or red from blue, and
that is what a shot log is made of. So the words themselves count a little as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from functools import lru_cache
from math import fsum, log

WORD = re.compile(r"[^\W_]+")
ENDING = re.compile(r"(?<=..)(?:(?<=([bgmnprt]))\1)?(?:es|e|s|ed|ing)$")
"""What English adds to a word: pan, pans and panning are one, move and moving too. Two letters at least remain."""


class _Blanks(dict[int, str]):
    """For `str.translate`: what is no letter or digit is a blank. Finds the words of `WORD` in half the time."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        self[code] = letter if letter.isalnum() else " "
        return self[code]


_BLANKS = _Blanks()


def shares(wanted: Set[str], had: Sequence[frozenset[str]]) -> list[float]:
    """The share of the wanted stems that each text has, 0 to 1; given are those of them that it has.

    Words that few of the texts have weigh more: the inverse document frequency of BM25 (Robertson
    and Zaragoza 2009, The Probabilistic Relevance Framework: BM25 and Beyond), with 1 added before
    the logarithm to keep it positive, and counted over the texts given.
    """
    counts = dict.fromkeys(wanted, 0)
    for words in had:
        for word in words:
            counts[word] += 1
    weights = {word: log(1 + (len(had) - count + 0.5) / (count + 0.5)) for word, count in counts.items()}
    total = fsum(weights.values())  # fsum: the order of a set differs from run to run, a score must not
    share = {words: fsum(weights[word] for word in words) / total if total else 0.0 for words in set(had)}
    return [share[words] for words in had]


def stems(text: str) -> list[str]:
    """The words of a text in order, without their endings."""
    return list(map(_stem, text.casefold().translate(_BLANKS).split()))


def vocabulary(texts: Iterable[str]) -> frozenset[str]:
    """The stems of all the texts."""
    return frozenset(map(_stem, set(" ".join(texts).casefold().translate(_BLANKS).split())))


@lru_cache(maxsize=50_000)  # every caption around every candidate is read; a library has few different words
def _stem(word: str) -> str:
    return ENDING.sub("", word)
