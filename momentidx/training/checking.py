"""A look before the first step: what goes in, what learns, and how much memory it takes.

Memory is counted, not guessed from formulas: the network goes forward once, and what PyTorch keeps for the way back is
added up as it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from momentidx.training.base import groups, plain
from momentidx.training.features import Features
from momentidx.training.loop import prepared
from momentidx.training.machine import Machine
from momentidx.training.method import Batch
from momentidx.training.reading import Read, together
from momentidx.training.recipe import Recipe
from momentidx.training.samples import Sample

MOMENTS = 2 * 4
"""Bytes that AdamW keeps for each parameter that learns."""


@dataclass(frozen=True, slots=True)
class Learning:
    """Parameters of one rate."""

    lr: float
    names: tuple[str, ...]
    parameters: int


@dataclass(frozen=True, slots=True)
class Check:
    """What was found."""

    samples: int
    steps: int
    tokens: tuple[int, int]
    """Of text, in the shortest and the longest sample that was looked at ..."""
    taught: tuple[int, int]
    """... and how many of them are learned from."""
    seen: dict[str, tuple[int, ...]]
    """Shapes of what the encoders give for one clip."""
    parameters: int
    learning: tuple[Learning, ...]
    weights: int
    """Bytes, like the others."""
    gradients: int
    moments: int
    kept: int
    """For the way back, of `micro` of the longest samples."""

    @property
    def memory(self) -> int:
        """Bytes at the most, without what the libraries take for themselves."""
        return self.weights + self.gradients + self.moments + self.kept


def check(
    recipe: Recipe, base: Path, data: Sequence[Sample], features: Path, machine: Machine, looks: int = 16
) -> Check:
    """Open the base and take a few of the samples through the network. Raises what `train` would."""
    with machine.open() as accelerator:
        begun = prepared(recipe, base)
        machine.placed(begun.network, accelerator.device)
        eyes = recipe.method.eyes(begun.folder)
        eyes.device = accelerator.device
        seen = Features(features, eyes)
        some = [data[round(place * (len(data) - 1) / max(looks - 1, 1))] for place in range(min(looks, len(data)))]
        seen.look(some)
        read = [Read(some, recipe, begun.tokenizer, seen)[at] for at in range(len(some))]
        read.sort(key=lambda batch: len(batch.written[0].ids))
        longest = together([read[-1]] * machine.micro)
        begun.network.train()
        with accelerator.autocast():
            kept = _kept_for_the_way_back(recipe, begun.network, longest)
        learning = tuple(
            Learning(lr, tuple(sorted(map(plain, some))), sum(one.numel() for one in some.values()))
            for lr, some in groups(begun.network, recipe)
        )
        learned = [one for one in begun.network.parameters() if one.requires_grad]
        lengths = [len(batch.written[0].ids) for batch in read]
        taught = [sum(label >= 0 for label in batch.written[0].labels) for batch in read]
        return Check(
            len(data),
            recipe.steps or -(-int(recipe.epochs * len(data)) // recipe.batch),
            (min(lengths), max(lengths)),
            (min(taught), max(taught)),
            {name: tuple(tensor.shape) for name, tensor in read[-1].seen[0].items()},
            sum(one.numel() for one in begun.network.parameters()),
            learning,
            weights=sum(one.nbytes for one in begun.network.parameters()),
            gradients=sum(one.nbytes for one in learned),
            moments=MOMENTS * sum(one.numel() for one in learned),
            kept=kept,
        )


def _kept_for_the_way_back(recipe: Recipe, network: nn.Module, batch: Batch) -> int:
    """Bytes, each piece of memory once; the parameters, which are there anyway, not at all."""
    there = {one.untyped_storage().data_ptr() for one in network.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in there:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = recipe.method.loss(network, batch)
        total = sum(kept.values())  # while the loss lives, and with it all that it needs
        del loss
    return total
