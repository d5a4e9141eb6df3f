"""What the toy Llama learns beside running text: to look up, in a row of pictures, when something goes on.

The language models that the papers begin with have learned to find words of a question again in what they were given
to read; a few minutes of text do not teach that. So the toy reads clips whose pictures are told to it in phrases that
are true of them, each picture as one vector, and is asked what the world's clips are asked. It never sees a picture:
a network around it still has to learn what its eyes' vectors mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from momentidx.models.language import embedding_of
from momentidx.models.vtimellm import VTimeLLM
from momentidx.training.method import Batch
from momentidx.training.methods.vtimellm import VTimeLLMMethod
from momentidx.training.texts import OTHERS
from momentidx.training.world.phrases import truth
from momentidx.training.world.samples import Drawn, samples, stills
from momentidx.training.world.talks import Task

METHOD = VTimeLLMMethod(frames=40, asks_first=True, follows=True)
"""How it is asked: times as per cents in words, and at each picture whether it goes on."""
STILL = "still"
"""One picture, to be told in words: what the papers' projectors are aligned by."""
SHARES: Mapping[str, float] = {"grounding": 0.6, "dense": 0.1, "segment": 0.05, "caption": 0.05, STILL: 0.2}
AT_ONCE, TOGETHER = 64, 16
"""Lookups in a step, and of them those of like length together."""
LOUD = 3.0
"""What a picture's sum of words is divided by: it is about as loud as two or three words then."""
OWN = 0.05
"""What a phrase has beside its words, at the beginning (standard deviation)."""


class Reader(nn.Module):
    """A language model, and phrases in the place of eyes."""

    def __init__(self, language: Any, tokenizer: Any, phrases: Sequence[str]) -> None:
        """Each phrase begins as the sum of its words."""
        super().__init__()
        self.language, self.tokenizer = language, tokenizer
        self._places = {phrase: place for place, phrase in enumerate(phrases)}
        self.network = VTimeLLM(language, len(phrases))
        words = embedding_of(language).weight.detach()
        rows = []
        for phrase in phrases:
            numbers = tokenizer(phrase, add_special_tokens=False).input_ids
            rows.append(words[numbers].sum(dim=0) / len(numbers) ** 0.5)
        nn.init.normal_(self.network.projector.weight, std=OWN)
        self.network.projector.weight.data += torch.stack(rows, dim=1) / LOUD
        nn.init.zeros_(self.network.projector.bias)

    def seen(self, drawn: Drawn) -> Tensor:
        """(F, P): which phrases are true of each picture; what is no phrase of these is passed over."""
        told = drawn.story
        ticks = np.linspace(0, told.frames - 1, METHOD.frames).tolist() if drawn.tick is None else [drawn.tick]
        true = torch.zeros(len(ticks), len(self._places))
        for row, tick in zip(true, ticks, strict=True):
            row[[self._places[one] for one in truth(told, tick).phrases if one in self._places]] = 1
        return true

    def forward(self, stories: Sequence[tuple[int, str]]) -> Tensor:
        """One question about each story to the loss: nats for each label."""
        written, seen = [], []
        for number, what in stories:
            bare = what == STILL
            for sample in stills([number]) if bare else samples(cast(Task, what), [number], turns=1):
                written.append(METHOD.write(sample, self.tokenizer, bare=bare))
                seen.append({"frames": self.seen(cast(Drawn, sample.pictures))})
        losses = [METHOD.loss(self.network, part) for part in Batch(written, seen).parts(TOGETHER)]
        return torch.stack(losses).sum() / sum(map(METHOD.weight, written))


def lookups(reader: Reader, seed: int) -> Iterator[Tensor]:
    """The losses of steps, without end; every story is asked about once."""
    random, number = np.random.default_rng((seed, 6)), OTHERS
    while True:
        drawn = random.choice(list(SHARES), AT_ONCE, p=list(SHARES.values())).tolist()
        yield reader([(number + place, what) for place, what in enumerate(drawn)])
        number += AT_ONCE
