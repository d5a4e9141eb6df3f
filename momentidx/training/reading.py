"""Samples on their way into a step: what can be seen of them, what they say as tokens, and several together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from accelerate import Accelerator
from torch.utils.data import Dataset

from momentidx.errors import MomentidxError, WrongUse
from momentidx.models.checkpoints.foreign import listed
from momentidx.training.features import Features
from momentidx.training.method import Batch
from momentidx.training.recipe import Recipe
from momentidx.training.samples import Sample

log = logging.getLogger(__name__)

UNREADABLE = 0.01
"""Share of the samples that may be left out because nothing can be seen of them."""


class Read(Dataset[Batch]):
    """Samples as they are when they go in: written and seen."""

    def __init__(self, samples: Sequence[Sample], recipe: Recipe, tokenizer: Any, seen: Features) -> None:
        self._samples, self._recipe, self._tokenizer, self._seen = samples, recipe, tokenizer, seen

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, at: int) -> Batch:
        sample, recipe = self._samples[at], self._recipe
        written = recipe.method.write(sample, self._tokenizer, bare=recipe.dialogue == "caption")
        return Batch([written.cut(recipe.longest)], [self._seen.of(sample)], [sample.name])


def together(some: Sequence[Batch]) -> Batch:
    return Batch(
        [one for each in some for one in each.written],
        [one for each in some for one in each.seen],
        [one for each in some for one in each.names],
    )


def readable(
    sets: tuple[Sequence[Sample], Sequence[Sample]],
    seen: Features,
    skip: bool,
    tell: Callable[[Sample], None],
    accelerator: Accelerator,
) -> tuple[Sequence[Sample], Sequence[Sample]]:
    """What something can be seen of; each process looks at its share, and then at what the others kept."""
    every = [sample for samples in sets for sample in samples]
    seen.look(every[accelerator.process_index :: accelerator.num_processes], tell)
    accelerator.wait_for_everyone()
    unreadable = seen.look(every)
    if unreadable and (not skip or len(unreadable) > UNREADABLE * len(every)):
        raise MomentidxError(
            f"{len(unreadable)} of {len(every)} samples cannot be read, the first: {unreadable[0].name}: "
            f"{unreadable[0].reason} Take them out, or let up to one in a hundred be skipped (--skip-unreadable)."
        )
    gone = {missing.name for missing in unreadable}
    learned = {sample.pictures.key for sample in sets[0] if sample.name not in gone}
    shared = [sample.name for sample in sets[1] if sample.name not in gone and sample.pictures.key in learned]
    if shared:
        raise WrongUse(f"What is held back must not be learned from: {listed(shared)} are in both.")
    for missing in unreadable:
        log.warning("skipped: %s: %s", missing.name, missing.reason)
    data, held = ([sample for sample in samples if sample.name not in gone] for samples in sets)
    return data, held
