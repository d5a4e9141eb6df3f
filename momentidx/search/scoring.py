"""How well an event answers words: what its score is made of.

Two parts come from its own caption and two from all that is told around it, each a number from 0 to 1: how near the
meaning is, and how many of the words there are. Facts that the caption states as the words do, such as a direction,
come on top. `ranking` says how all of it is weighed. A score is 1 for the same
sentence where nothing else happens, and near 0 for sentences that have nothing to do with each other. What a person
said counts a little more than what a machine did. A score orders the answers; it is no probability (see `Doubt`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from momentidx.search import facts
from momentidx.search.ranking import AROUND, AROUND_WORDS, FACTS, MEANING, WORDS
from momentidx.search.words import WORD, shares, stems

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from momentidx.library import Candidate
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
        return _score(self.meaning, self.share, self.around, self.around_share, len(self.facts), self.human)

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


@dataclass(frozen=True, slots=True)
class Compared:
    """Some events beside words: the parts of their scores, each a list in the order of the events."""

    words: str
    events: Sequence[Candidate]
    meaning: Sequence[float]
    share: Sequence[float]
    around: Sequence[float]
    around_share: Sequence[float]
    facts: Sequence[tuple[str, ...]]

    def scores(self) -> list[float]:
        """0 to 1."""
        stated = map(len, self.facts)
        human = (event.captioner == HUMAN for event in self.events)
        return list(map(_score, self.meaning, self.share, self.around, self.around_share, stated, human))

    def why(self, place: int) -> Why:
        """What the score at this place is made of."""
        event = self.events[place]
        asked = {word: stem for word in WORD.findall(self.words) for stem in stems(word)} if self.share[place] else {}
        return Why(
            self.words, self.meaning[place], self.share[place], self.around[place], self.around_share[place],
            tuple(word for word, stem in asked.items() if stem in _stems_of(event.caption)),
            event.captioner == HUMAN, self.facts[place],
        )  # fmt: skip


class Reasons(Mapping[int, Why]):
    """For the number of an event, what its best score is made of; spelled out when it is asked for."""

    def __init__(self) -> None:
        self._best: dict[int, tuple[float, Compared, int]] = {}

    def add(self, compared: Compared, scores: Sequence[float]) -> None:
        for place, (event, score) in enumerate(zip(compared.events, scores, strict=True)):
            known = self._best.get(event.id)
            if known is None or known[0] < score:
                self._best[event.id] = score, compared, place

    @property
    def words(self) -> bool:
        """Whether any words were compared."""
        return any(compared.words for _, compared, _ in self._best.values())

    def __getitem__(self, event: int) -> Why:
        _, compared, place = self._best[event]
        return compared.why(place)

    def __iter__(self) -> Iterator[int]:
        return iter(self._best)

    def __len__(self) -> int:
        return len(self._best)


def fits(events: Sequence[Candidate]) -> Compared:
    """Of events that were only asked for by filters and quotes."""
    whole = [1.0] * len(events)
    return Compared("", events, whole, whole, whole, whole, [()] * len(events))


def alike(events: Sequence[Candidate], meaning: Mapping[int, float]) -> Compared:
    """Of events that were asked for by an example alone, by each one's cosine with it."""
    near = [meaning[event.id] for event in events]
    return Compared("the example", events, near, near, near, near, [()] * len(events))


def compare(
    words: str, vector: NDArray[np.float32], events: Sequence[Candidate], meaning: Mapping[int, float],
    surroundings: Sequence[Around],
) -> Compared:  # fmt: skip
    """The events beside (D,) the vector of the words, with each one's own cosine with it."""
    wanted = frozenset(stems(words))
    clips = {id(each): each for each in surroundings}  # the events of one share what is told around them
    around = {key: (float(each.vector @ vector), each.having(wanted)) for key, each in clips.items()}
    beside = [around[id(each)] for each in surroundings]
    return Compared(
        words,
        events,
        [meaning.get(event.id, 0.0) for event in events],
        shares(wanted, [wanted & _stems_of(event.caption) for event in events]),
        [near for near, _ in beside],
        shares(wanted, [had for _, had in beside]),
        facts.both(words, [event.caption for event in events]),
    )


def _score(meaning: float, share: float, around: float, around_share: float, facts: int, human: bool) -> float:
    told = MEANING * meaning + WORDS * share + AROUND * around + AROUND_WORDS * around_share
    return min(max(told + FACTS * facts, 0.0) + HUMAN_PART * human, 1.0)


@lru_cache(maxsize=20_000)  # questions about time look at the same events for each of their parts
def _stems_of(caption: str) -> frozenset[str]:
    return frozenset(stems(caption))
