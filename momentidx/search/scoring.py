"""How well an event answers words: the one place where the parts of a score are added up.

Four parts the cosine between the vectors of the words and of the caption, one part the share of the words
that the caption has: 1 for the same sentence, near 0 for sentences that have nothing to do with each other. What a
person said counts a little more than what a machine did. A score orders the answers; it is no probability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from momentidx.events import Moment
from momentidx.search.words import shares, stems

WORDS_PART = 0.2
"""Of the score. On made-up shot logs it brings more right answers to the top; on people's captions it does no harm."""
HUMAN = "human"
"""Name of the layer of people's captions."""
HUMAN_PART = 0.03
"""What a person's caption is ahead of a machine's; of two like ones the person's answers."""
CONVINCING = 0.3
"""Below this a caption has hardly to do with the words; docs/selects.md has what was measured."""
PRESENT = 0.5
"""From this on a caption says that something is there, for what WITHOUT excludes."""


@dataclass(frozen=True, slots=True)
class Why:
    """What a score is made of."""

    words: str
    """What was compared with the caption; empty where only filters and quotes decide."""
    meaning: float
    """Cosine of the two vectors."""
    share: float
    """Of the words that the caption has, rare ones counting more."""
    shared: tuple[str, ...]
    """These words, without their endings."""
    bm25: float
    """Of the caption for the words; 0 when it was not found by them."""
    human: bool

    @property
    def score(self) -> float:
        if not self.words:
            return 1.0
        told = (1 - WORDS_PART) * self.meaning + WORDS_PART * self.share
        return min(1.0, told + HUMAN_PART) if self.human else told

    def __str__(self) -> str:
        if not self.words:
            return "every filter and quote fits"
        shared = f" ({', '.join(self.shared)})" if self.shared else ""
        person = f", a person's caption +{HUMAN_PART:.2f}" if self.human else ""
        return (
            f"meaning {self.meaning:.2f} x {1 - WORDS_PART:g} + words {self.share:.2f} x {WORDS_PART:g}"
            f"{shared}{person}; BM25 {self.bm25:.1f}; for '{self.words}'"
        )


def score(words: str, moments: Sequence[Moment], meaning: Mapping[int, float], bm25: Mapping[int, float]) -> list[Why]:
    """What each of the moments scores; without words all fit alike."""
    parts = shares(words, [moment.event.caption for moment in moments]) if words else [1.0] * len(moments)
    asked = dict.fromkeys(stems(words))
    return [
        Why(
            words, meaning.get(moment.id, 0.0), share,
            tuple(stem for stem in asked if share and stem in set(stems(moment.event.caption))),
            bm25.get(moment.id, 0.0), moment.layer.captioner == HUMAN,
        )
        for moment, share in zip(moments, parts, strict=True)
    ]  # fmt: skip
