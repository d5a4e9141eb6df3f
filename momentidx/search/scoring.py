"""How well an event answers words: what its score is made of.

Two parts come from its own caption and two from all that is told around it, each a number from 0 to 1: how near the
meaning is, and how many of the words there are. Facts that the caption states as the words do, such as a direction,
come on top. `ranking` says how all of it is weighed. A score is 1 for the same
sentence where nothing else happens, and near 0 for sentences that have nothing to do with each other. What a person
said counts a little more than what a machine did. A score orders the answers; it is no probability (see `Doubt`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from momentidx.search import facts
from momentidx.search.ranking import AROUND, AROUND_WORDS, FACTS, MEANING, WORDS
from momentidx.search.words import WORD, shares, stems

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from momentidx.events import Moment
    from momentidx.search.surroundings import Around

HUMAN = "human"
"""Name of the layer of people's captions."""
HUMAN_PART = 0.03
"""What a person's caption is ahead of a machine's; of two like ones the person's answers."""
CONVINCING = 0.25
"""Below this a caption has hardly to do with the words; docs/selects.md has what was measured."""
PRESENT = 0.5
"""From this on a caption by itself says that something is there, for what WITHOUT excludes."""


@dataclass(frozen=True, slots=True)
class Why:
    """What a score is made of."""

    words: str
    """What was compared with the captions; empty where only filters and quotes decide."""
    meaning: float
    """Cosine of the vectors of the words and of the caption."""
    share: float
    """Of the words that the caption has, rare ones counting more."""
    around: float
    """Cosine with the mean of the captions around it."""
    around_share: float
    """Of the words that any caption around it has."""
    shared: tuple[str, ...] = ()
    """Those of the words that the caption has."""
    human: bool = False
    facts: tuple[str, ...] = ()
    """What words and caption both state, such as `going right`."""

    @property
    def score(self) -> float:
        """0 to 1."""
        told = (
            MEANING * self.meaning + WORDS * self.share + AROUND * self.around + AROUND_WORDS * self.around_share
        )  # fmt: skip
        return min(max(told + FACTS * len(self.facts), 0.0) + HUMAN_PART * self.human, 1.0)

    @property
    def own(self) -> float:
        """What the caption by itself would score."""
        return (MEANING * self.meaning + WORDS * self.share + FACTS * len(self.facts)) / (MEANING + WORDS)

    def __str__(self) -> str:
        if not self.words:
            return "every filter and quote fits"
        shared = f" ({', '.join(self.shared)})" if self.shared else ""
        stated = "".join(f" + {FACTS:g} as both say '{fact}'" for fact in self.facts)
        person = f" + {HUMAN_PART:g} for a person's caption" if self.human else ""
        return (
            f"meaning {self.meaning:.2f} x {MEANING:g} + words {self.share:.2f} x {WORDS:g}{shared}"
            f" + around it: meaning {self.around:.2f} x {AROUND:g} + words {self.around_share:.2f} x {AROUND_WORDS:g}"
            f"{stated}{person}; for '{self.words}'"
        )


def fits(moment: Moment) -> Why:
    """Of a moment that was only asked for by filters and quotes."""
    return Why("", 1.0, 1.0, 1.0, 1.0, human=moment.layer.captioner == HUMAN)


def alike(moment: Moment, meaning: float) -> Why:
    """Of a moment that was asked for by an example alone."""
    return Why("the example", meaning, meaning, meaning, meaning, human=moment.layer.captioner == HUMAN)


def score(
    words: str, vector: NDArray[np.float32], moments: Sequence[Moment], meaning: Mapping[int, float],
    surroundings: Sequence[Around],
) -> list[Why]:  # fmt: skip
    """What each of the moments scores, by (D,) the vector of the words and each one's own cosine with it."""
    said = [_stems_of(moment.event.caption) for moment in moments]
    own = shares(words, said)
    told = {key: each.stems for key, each in {id(each): each for each in surroundings}.items()}  # clips share theirs
    around = shares(words, [told[id(each)] for each in surroundings])
    asked = {word: stem for word in WORD.findall(words) for stem in stems(word)}
    stated = facts.both(words, [moment.event.caption for moment in moments])
    return [
        Why(
            words, meaning.get(moment.id, 0.0), own[place],
            float(surroundings[place].vector @ vector), around[place],
            tuple(word for word, stem in asked.items() if own[place] and stem in said[place]),
            moment.layer.captioner == HUMAN, stated[place],
        )
        for place, moment in enumerate(moments)
    ]  # fmt: skip


@lru_cache(maxsize=5_000)  # questions about time look at the same events for each of their parts
def _stems_of(caption: str) -> frozenset[str]:
    return frozenset(stems(caption))
