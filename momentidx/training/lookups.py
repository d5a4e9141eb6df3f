"""What the toy Llama learns beside running text: to look up, in a row of pictures, when something goes on.

The language models that the papers begin with have learned to find words of a question again in what they were given
to read; a few minutes of text do not teach that. So the toy reads clips whose pictures are told to it in phrases that
are true of them, each picture as one vector, and is asked what the world's clips are asked. It never sees a picture:
a network around it still has to learn what its eyes' vectors mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from momentidx.models.language import embedding_of
from momentidx.models.vtimellm import VTimeLLM
from momentidx.training.method import Batch
from momentidx.training.methods.vtimellm import VTimeLLMMethod
from momentidx.training.texts import OTHERS
from momentidx.training.world.phrases import truth
from momentidx.training.world.samples import samples
from momentidx.training.world.story import Story, story
from momentidx.training.world.talks import Task

METHOD = VTimeLLMMethod(frames=40, asks_first=True, follows=True)
"""How it is asked: times as per cents in words, and at each picture whether it goes on."""
SHARES: Mapping[Task, float] = {"grounding": 0.8, "dense": 0.1, "segment": 0.1}
AT_ONCE, TOGETHER = 64, 16
"""Lookups in a step, and of them those of like length together."""
LOUD = 3.0
"""What a picture's sum of words is divided by: it is about as loud as a word then."""
OWN = 0.05
"""What a phrase has beside its words, at the beginning (standard deviation)."""


class Reader(nn.Module):
    """A language model, and phrases in the place of eyes."""

    def __init__(self, language: Any, tokenizer: Any, phrases: Sequence[str]) -> None:
        """Each phrase begins as the sum of its words."""
        super().__init__()
        self._tokenizer = tokenizer
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

    def seen(self, told: Story) -> Tensor:
        """(F, P): which phrases are true of each picture; what is no phrase of these is passed over."""
        ticks = np.linspace(0, told.frames - 1, METHOD.frames)
        true = torch.zeros(len(ticks), len(self._places))
        for row, tick in zip(true, ticks.tolist(), strict=True):
            row[[self._places[one] for one in truth(told, tick).phrases if one in self._places]] = 1
        return true

    def forward(self, stories: Sequence[tuple[int, Task]]) -> Tensor:
        """One question about each story to the loss: nats for each label."""
        written, seen = [], []
        for number, task in stories:
            for sample in samples(task, [number], turns=1):
                written.append(METHOD.write(sample, self._tokenizer))
                seen.append({"frames": self.seen(story(number))})
        losses = [METHOD.loss(self.network, part) for part in Batch(written, seen).parts(TOGETHER)]
        return torch.stack(losses).sum() / sum(map(METHOD.weight, written))


def lookups(reader: Reader, seed: int) -> Iterator[Tensor]:
    """The losses of steps, without end; every story is asked about once."""
    random, number, tasks = np.random.default_rng((seed, 6)), OTHERS, list(SHARES)
    while True:
        drawn = random.choice(len(tasks), AT_ONCE, p=list(SHARES.values()))
        yield reader([(number + place, tasks[int(task)]) for place, task in enumerate(drawn)])
        number += AT_ONCE
