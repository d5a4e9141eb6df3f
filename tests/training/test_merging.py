"""A run becomes a model: the same numbers, in the layout that the captioners are asked with."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from momentidx.caption.generating import rows
from momentidx.caption.grounded_videollm import GroundedSeed
from momentidx.caption.momentor import MomentorSeed
from momentidx.caption.seeds import Asked
from momentidx.caption.vtimellm import VTimeLLMSeed
from momentidx.errors import MomentidxError, WrongUse
from momentidx.models.checkpoints.layout import Converted
from momentidx.models.splice import IGNORED
from momentidx.training.base import begin
from momentidx.training.features import Features
from momentidx.training.loop import train
from momentidx.training.machine import Machine
from momentidx.training.merging import merge
from momentidx.training.method import Batch, Method
from momentidx.training.samples import Turn
from tests.training import toys
from tests.training.recipes import SEEDS, small

CPU = Machine(micro=4, cpu=True)
ASKED = {"vtimellm": VTimeLLMSeed, "momentor": MomentorSeed, "grounded_videollm": GroundedSeed}


@torch.inference_mode()
def loss(base: Path, method: Method, features: Path) -> float:
    begun = begin(base, method)
    begun.network.eval()
    seen, some = Features(features, method.eyes(begun.folder)), toys.samples(4)
    seen.look(some)
    written = [method.write(sample, begun.tokenizer) for sample in some]
    return float(method.loss(begun.network, Batch(written, [seen.of(sample) for sample in some])))


@pytest.mark.parametrize("seed", SEEDS)
def test_merged_it_says_the_same_and_can_be_asked(seed: str, base: Path, features: Path, tmp_path: Path) -> None:
    run = base
    for name in SEEDS[seed][1:]:
        recipe = small(name, steps=2)
        run = train(recipe, run, toys.samples(), tmp_path / name, machine=CPU, features=features)
    made = merge(run, tmp_path / "made")
    assert loss(made.folder, recipe.method, features) == pytest.approx(loss(run, recipe.method, features), rel=1e-5)
    made.check()
    asked = ASKED[seed](made.folder)
    pictures = np.zeros((asked.pictures, 28, 28, 3), np.uint8)
    text, whole = asked.tell_all([asked.look(pictures)], [Asked("When is it bright?", 3)])[0]
    assert isinstance(text, str)
    assert not whole
    with pytest.raises(WrongUse, match="exists already"):
        merge(run, made.folder)


@pytest.mark.parametrize("seed", SEEDS)
def test_it_is_asked_as_it_was_taught_to_be(
    seed: str, base: Path, features: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = small(SEEDS[seed][-1], steps=1)
    method = replace(recipe.method, asks_first=True)
    run = train(
        replace(recipe, method=method), base, toys.samples(), tmp_path / "run", machine=CPU, features=features
    )  # fmt: skip
    asked = ASKED[seed](merge(run, tmp_path / "made").folder)
    heard: list[list[int]] = []

    def listened(texts: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        heard.extend(texts)
        return rows(texts)

    monkeypatch.setattr(inspect.getmodule(ASKED[seed]), "rows", listened)
    asked.tell_all([asked.look(np.zeros((asked.pictures, 28, 28, 3), np.uint8))], [Asked("When is it bright?", 1)])
    sample = replace(toys.samples(1)[0], turns=(Turn(("When is it bright?",), ("From ", 1.0, ".")),))
    taught = method.write(sample, begin(run, method).tokenizer)
    prompt = taught.ids[: next(place for place, label in enumerate(taught.labels) if label != IGNORED)]
    assert heard == [prompt[: len(heard[0])]]
    assert len(prompt) - len(heard[0]) <= 1  # the blank before an answer


def test_a_merged_model_is_a_base_of_its_own_kind_only(base: Path, features: Path, tmp_path: Path) -> None:
    run = train(
        small("momentor-instruct", steps=1), base, toys.samples(), tmp_path / "run", machine=CPU, features=features
    )
    made = merge(run, tmp_path / "made")
    more = train(
        small("momentor-instruct", steps=1),
        made.folder,
        toys.samples(),
        tmp_path / "more",
        machine=CPU,
        features=features,
    )
    assert Converted.open(merge(more, tmp_path / "again").folder, "momentor").settings == made.settings
    with pytest.raises(MomentidxError, match="is a momentor model, not vtimellm"):
        train(
            small("vtimellm-align", steps=1),
            made.folder,
            toys.samples(),
            tmp_path / "other",
            machine=CPU,
            features=features,
        )


def test_a_base_with_one_matrix_for_reading_and_speaking_gets_two(features: Path, tmp_path: Path) -> None:
    base = toys.base(tmp_path / "base", tied=True)
    recipe = small("momentor-instruct", steps=1)
    run = train(recipe, base, toys.samples(), tmp_path / "run", machine=CPU, features=features)
    network: Any = begin(run, recipe.method).network
    embedding, head = network.language.get_input_embeddings().weight, network.language.get_output_embeddings().weight
    assert not torch.equal(embedding, head)
    merge(run, tmp_path / "made")


def test_without_the_temporal_stream_and_on_another_grid_it_can_be_asked_too(
    base: Path, features: Path, tmp_path: Path
) -> None:
    recipe = small("grounded-grounding", steps=1)
    method: Any = recipe.method
    still = replace(recipe, method=replace(method, moving=False, steps=50), learns=recipe.learns[1:])
    run = train(still, base, toys.samples(), tmp_path / "run", machine=CPU, features=features)
    asked = GroundedSeed(merge(run, tmp_path / "made").folder)
    seen = asked.look(np.zeros((asked.pictures, 28, 28, 3), np.uint8))
    assert (seen[1], asked.codec.steps) == (None, 50)
    assert isinstance(asked.tell_all([seen], [Asked("When is it bright?", 3)])[0][0], str)
