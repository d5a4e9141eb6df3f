"""Pictures held against phrases: each phrase is true of a picture, or it is not.

The loss of SigLIP (arXiv 2303.15343, section 3.2), with a text tower that adds up words: small enough that eyes learn
to see in minutes. Patches are held against what is true of the thing that lies on them, as whole pictures are against
what is true of them (in the manner of arXiv 2112.09106).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, normalize

from momentidx.training.world.phrases import Place

SCALE, LARGEST = 5.0, 50.0
"""What cosines are multiplied with: at the beginning, and at most."""
RARE = -3.0
"""The logit of every phrase at a patch, at the beginning."""
NEAR = 0.7
"""A patch is a thing's if its middle is so many of the thing's sizes from the thing's, or less."""


def usual(seen: Iterable[frozenset[str]], least: int) -> dict[str, float]:
    """How large a part of the pictures each phrase is true of, for those that are true of `least` or more."""
    counts, number = Counter[str](), 0
    for phrases in seen:
        counts.update(phrases)
        number += 1
    return {phrase: count / number for phrase, count in sorted(counts.items()) if count >= least}


class Phrases(nn.Module):
    """P phrases, each the sum of its words' vectors and a little of its own."""

    def __init__(self, shares: Mapping[str, float], width: int) -> None:
        """`shares`: of pictures that each phrase is true of, between 0 and 1."""
        super().__init__()
        self._places = {phrase: place for place, phrase in enumerate(shares)}
        words = {
            word: place for place, word in enumerate(sorted({word for phrase in shares for word in phrase.split()}))
        }
        made_of = torch.zeros(len(shares), len(words))
        for phrase, place in self._places.items():
            for word in phrase.split():
                made_of[place, words[word]] += 1
        self.register_buffer("made_of", made_of, persistent=False)
        self.words = nn.Parameter(0.3 * torch.randn(len(words), width))
        self.own = nn.Parameter(torch.zeros(len(shares), width))
        self.scale = nn.Parameter(torch.tensor(SCALE).log())
        self.usual = nn.Parameter(torch.tensor(list(shares.values())).logit(1e-4))
        self.usual_near = nn.Parameter(torch.full((len(shares),), RARE))

    def forward(self) -> Tensor:
        """(P, D) of length 1."""
        made_of: Tensor = self.get_buffer("made_of")
        return normalize(made_of @ self.words + self.own, dim=-1)

    def true(self, told: Sequence[Iterable[str]]) -> Tensor:
        """(N, P): 1 where a phrase is among those told; what is no phrase of these is passed over."""
        truth = torch.zeros(len(told), len(self._places))
        for row, phrases in enumerate(told):
            truth[row, [self._places[phrase] for phrase in phrases if phrase in self._places]] = 1
        return truth

    def loss(self, seen: Tensor, told: Sequence[Iterable[str]], *, near: bool = False) -> Tensor:
        """Of pictures (N, D), or of patches `near` things: nats for each."""
        cosines = normalize(seen, dim=-1) @ self().T  # (N, P)
        logits = self.scale.exp().clamp(max=LARGEST) * cosines + (self.usual_near if near else self.usual)
        return binary_cross_entropy_with_logits(logits, self.true(told), reduction="sum") / len(told)


def patches_of(place: Place, side: int) -> list[int]:
    """Which patches of `side` x `side` lie on a thing, row by row."""
    reach = max(NEAR * place.at.size, 0.5 / side)
    middles = [(number + 0.5) / side for number in range(side)]
    return [
        row * side + column
        for row, y in enumerate(middles)
        for column, x in enumerate(middles)
        if abs(x - place.at.x) < reach and abs(y - place.at.y) < reach
    ]
