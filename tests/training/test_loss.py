"""The loss of a batch: nothing is said where nothing is taught, and it stays the same for that."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from momentidx.models.splice import IGNORED
from momentidx.training.base import begin
from momentidx.training.method import Batch, Written
from momentidx.training.methods import momentor, writing
from tests.training import toys
from tests.training.recipes import SEEDS, small


@pytest.mark.parametrize(
    ("labels", "place"),
    [
        ([[IGNORED, IGNORED, 5, 6], [IGNORED, IGNORED, IGNORED, 7]], 1),
        ([[3, 4, 5, 6]], 0),
        ([[3, IGNORED, IGNORED]], 2),  # nothing comes before a first label, so nothing can be taught it
    ],
)
def test_the_first_place_that_is_taught_to_go_on(labels: list[list[int]], place: int) -> None:
    assert writing.first_taught(torch.tensor(labels)) == place


@pytest.mark.parametrize("seed", SEEDS)
def test_the_loss_is_that_of_all_places(seed: str, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    method = small(SEEDS[seed][-1]).method
    begun = begin(base, method)
    eyes = method.eyes(begun.folder)
    some = toys.samples(3)
    batch = Batch([method.write(one, begun.tokenizer) for one in some], [eyes.look(one) for one in some])
    few = method.loss(begun.network, batch)

    def everywhere(_labels: Tensor) -> int:
        return 0

    for module in (writing, momentor):
        monkeypatch.setattr(module, "first_taught", everywhere)
    every = method.loss(begun.network, batch)
    assert few.item() > 1
    torch.testing.assert_close(few, every, rtol=1e-5, atol=0)
    monkeypatch.undo()
    silent = [Written(one.ids, [IGNORED] * len(one.ids)) for one in batch.written]
    assert method.loss(begun.network, Batch(silent, batch.seen)).item() == 0
