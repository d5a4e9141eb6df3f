"""The loop, with every recipe at toy size."""

from __future__ import annotations

import fcntl
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from momentidx.errors import MomentidxError, WrongUse
from momentidx.training import checkpoints
from momentidx.training.base import begin, kept, plain
from momentidx.training.loop import Stopped, Watching, prepared, share, train
from momentidx.training.machine import Machine
from momentidx.training.recipe import Recipe
from momentidx.training.runs import read_log
from momentidx.training.samples import Sample
from tests.training import toys
from tests.training.recipes import SEEDS, small

CPU = Machine(micro=2, every=2, cpu=True)
DATA, HELD = toys.samples()[:8], toys.samples(10)[8:]


def losses(run: Path) -> list[float]:
    return [row["loss"] for row in read_log(run)]


def go(recipe: Recipe, base: Path, folder: Path, features: Path, **more: Any) -> Path:
    return train(recipe, base, DATA, folder, features=features, **{"machine": CPU, **more})


class StopAfter:
    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self) -> bool:
        self.left -= 1
        return self.left == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_each_seed_is_trained_stage_by_stage_and_what_it_says_gets_likelier(
    seed: str, base: Path, features: Path, tmp_path: Path
) -> None:
    before = base
    for name in SEEDS[seed]:
        run = go(small(name), before, tmp_path / name, features, held=HELD)
        found = read_log(run)
        assert [row["step"] for row in found] == [1, 2, 3, 4, 5, 6]
        assert found[-1]["held_loss"] < found[1]["held_loss"]
        before = run


@pytest.mark.parametrize("name", ["vtimellm-boundaries", "momentor-instruct", "grounded-grounding"])
def test_what_should_learn_moves_and_nothing_else(name: str, base: Path, features: Path, tmp_path: Path) -> None:
    recipe = small(name)
    before = prepared(recipe, base).network
    run = go(recipe, base, tmp_path / "run", features)
    after: Any = begin(run, recipe.method).network
    now = dict(after.named_parameters())
    moved = {plain(key) for key, tensor in before.named_parameters() if not torch.equal(tensor, now[key])}
    learns = {plain(key) for key, tensor in now.items() if tensor.requires_grad}
    assert moved == learns
    if name == "momentor-instruct":  # of the whole matrix, only the rows of the two tokens around the pictures
        rows = after.language.model.embed_tokens.weight, before.language.model.embed_tokens.weight  # type: ignore[union-attr]
        changed = (rows[0] != rows[1]).any(dim=1).nonzero().flatten().tolist()
        assert changed == [after.ids.start, after.ids.end]


@pytest.mark.parametrize(
    "name",
    ["vtimellm-boundaries", "momentor-instruct", pytest.param("grounded-grounding", marks=pytest.mark.slow)],
)
def test_a_run_that_was_stopped_goes_on_with_the_very_next_step(
    name: str, base: Path, features: Path, tmp_path: Path
) -> None:
    recipe = small(name)
    whole = go(recipe, base, tmp_path / "whole", features, held=HELD)
    with pytest.raises(Stopped, match="after step 3 of 6"):
        go(recipe, base, tmp_path / "parts", features, held=HELD, watching=Watching(stop=StopAfter(3)))
    parts = go(recipe, base, tmp_path / "parts", features, held=HELD)
    assert losses(parts) == losses(whole)
    one, other = load_file(whole / "trained.safetensors"), load_file(parts / "trained.safetensors")
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.slow
def test_fifty_steps_after_a_stop_are_the_same_to_the_last_bit(base: Path, features: Path, tmp_path: Path) -> None:
    recipe = small("vtimellm-boundaries", steps=70)
    whole = go(recipe, base, tmp_path / "whole", features)
    with pytest.raises(Stopped):
        go(recipe, base, tmp_path / "parts", features, watching=Watching(stop=StopAfter(20)))
    assert losses(go(recipe, base, tmp_path / "parts", features)) == losses(whole)


def test_how_a_step_is_split_does_not_change_what_is_learned(base: Path, features: Path, tmp_path: Path) -> None:
    recipe = small("momentor-instruct", steps=2)
    runs = [
        go(recipe, base, tmp_path / f"{micro}", features, machine=Machine(micro=micro, cpu=True)) for micro in (1, 4)
    ]
    assert losses(runs[0]) == pytest.approx(losses(runs[1]), rel=1e-5)


def test_a_finished_run_is_left_as_it_is(base: Path, features: Path, tmp_path: Path) -> None:
    recipe = small("vtimellm-align", steps=1)
    run = go(recipe, base, tmp_path / "run", features)
    before = {path: path.stat().st_mtime_ns for path in run.iterdir() if path.name != "lock"}
    go(recipe, base, tmp_path / "run", features)
    assert {path: path.stat().st_mtime_ns for path in run.iterdir() if path.name != "lock"} == before


def test_a_run_says_what_it_was(base: Path, features: Path, tmp_path: Path) -> None:
    run = go(small("vtimellm-align", steps=1), base, tmp_path / "run", features, about={"data": "toys"})
    told = json.loads((run / "run.json").read_text())
    assert told["recipe"]["name"] == "vtimellm-align"
    assert told["recipe"]["method"] == {"name": "VTimeLLMMethod", "frames": 10, "asks_first": False, "follows": False}
    assert told["recipe"]["learns"] == [{"parameters": r"projector\..*", "lr": 3e-3}]
    assert (run / told["base"]).resolve() == base
    assert told["data"]["samples"] == 8
    assert told["about"] == {"data": "toys"}
    assert {"momentidx", "sources", "torch", "peft", "transformers"} < told["code"].keys()
    assert sorted(path.name for path in run.iterdir()) == ["lock", "metrics.jsonl", "run.json", "trained.safetensors"]


def test_another_recipe_or_other_data_are_refused_with_the_difference(
    base: Path, features: Path, tmp_path: Path
) -> None:
    recipe = small("vtimellm-align", steps=1)
    run = go(recipe, base, tmp_path / "run", features)
    with pytest.raises(WrongUse, match=r"recipe\.batch: 4, now 2, recipe\.seed: 0, now 1\)"):
        go(replace(recipe, batch=2, seed=1), base, run, features)
    with pytest.raises(WrongUse, match=r"data\.samples: 8, now 7"):
        train(recipe, base, DATA[:7], run, machine=CPU, features=features)
    with pytest.raises(WrongUse, match=r"data\.sha256"):
        train(recipe, base, [replace(DATA[0], name="other"), *DATA[1:]], run, machine=CPU, features=features)
    with pytest.raises(WrongUse, match=r"base\.version"):
        go(recipe, toys.base(tmp_path / "other", seed=1), run, features)


def test_what_was_learned_on_another_base_is_refused(features: Path, tmp_path: Path) -> None:
    base = toys.base(tmp_path / "base")
    run = go(small("vtimellm-align", steps=1), base, tmp_path / "run", features)
    weights = base / "language" / "model.safetensors"
    tensors = load_file(weights)
    tensors["model.norm.weight"] += 1
    save_file(tensors, weights, metadata={"format": "pt"})
    with pytest.raises(MomentidxError, match="does not belong to it"):
        go(small("vtimellm-boundaries"), run, tmp_path / "next", features)


def test_a_run_of_another_network_is_no_base(base: Path, features: Path, tmp_path: Path) -> None:
    run = go(small("vtimellm-align", steps=1), base, tmp_path / "run", features)
    with pytest.raises(WrongUse, match=r"trained another network: .*name: VTimeLLMMethod, now MomentorMethod"):
        go(small("momentor-align"), run, tmp_path / "next", features)


def test_updates_that_are_continued_must_be_of_the_same_size(base: Path, features: Path, tmp_path: Path) -> None:
    run = go(small("grounded-grounding", steps=1), base, tmp_path / "run", features)
    recipe = small("grounded-instruct")
    assert recipe.adds is not None
    with pytest.raises(WrongUse, match="rank 4 and alpha 8; ones of 8 and 8 cannot continue them"):
        go(replace(recipe, adds=replace(recipe.adds, rank=8)), run, tmp_path / "next", features)


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_batch(
    base: Path, features: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = small("vtimellm-align")
    loss = type(recipe.method).loss

    def bad(self: Any, network: Any, batch: Any) -> torch.Tensor:
        bad.calls += 1  # type: ignore[attr-defined]
        return loss(self, network, batch) * (float("nan") if bad.calls > 8 else 1.0)  # type: ignore[attr-defined]

    bad.calls = 0  # type: ignore[attr-defined]
    monkeypatch.setattr(type(recipe.method), "loss", bad)
    with pytest.raises(MomentidxError, match=r"Step 5: the loss is nan"):
        go(recipe, base, tmp_path / "run", features)
    kept_batch = tmp_path / "run" / "stumbled-000005-0"
    told = json.loads((kept_batch / "batch.json").read_text())
    assert len(told["samples"]) == len(told["ids_and_labels"]) == 4
    assert sorted(load_file(kept_batch / "seen.safetensors")) == [f"{row}/frames" for row in range(4)]
    assert checkpoints.read(tmp_path / "run" / "steps" / "000004").step == 4
    assert losses(tmp_path / "run") == [pytest.approx(loss, abs=10) for loss in losses(tmp_path / "run")]
    assert len(losses(tmp_path / "run")) == 4


def test_a_full_disk_costs_a_checkpoint_and_not_the_run(
    base: Path, features: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write = checkpoints.write

    def full(checkpoint: checkpoints.Checkpoint, run: Path, keep: int) -> Path:
        if checkpoint.step == 4:
            raise SafetensorError("No space left on device")
        return write(checkpoint, run, keep)

    monkeypatch.setattr(checkpoints, "write", full)
    with caplog.at_level(logging.WARNING):
        run = go(small("vtimellm-align"), base, tmp_path / "run", features)
    assert (run / "trained.safetensors").exists()
    assert "step 4 is not kept: No space left on device" in caplog.text


def test_two_runs_cannot_share_a_folder(base: Path, features: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with (tmp_path / "run" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(WrongUse, match="is being trained by another process"):
            go(small("vtimellm-align"), base, tmp_path / "run", features)


def test_what_learns_must_be_there(base: Path, features: Path, tmp_path: Path) -> None:
    recipe = small("vtimellm-align")
    with pytest.raises(WrongUse, match="No parameter is called 'projection'"):
        go(replace(recipe, learns=(replace(recipe.learns[0], parameters="projection"),)), base, tmp_path, features)


def test_a_watcher_s_figures_stand_with_the_step_before_a_checkpoint(
    base: Path, features: Path, tmp_path: Path
) -> None:
    run = go(
        small("vtimellm-align", steps=4), base, tmp_path / "run", features,
        watching=Watching(evaluate=lambda _network, tokenizer: {"vocabulary": float(len(tokenizer))}),
    )  # fmt: skip
    assert [row.get("vocabulary") for row in read_log(run)] == [None, 259.0, None, 259.0]


def test_half_precision_holds_what_rests_and_not_what_learns(base: Path, features: Path, tmp_path: Path) -> None:
    recipe = small("vtimellm-boundaries", steps=2)
    network = prepared(recipe, base).network
    Machine(precision="bf16").placed(network, torch.device("cpu"))
    assert {one.dtype for one in network.parameters() if one.requires_grad} == {torch.float32}
    assert {one.dtype for one in network.parameters() if not one.requires_grad} == {torch.bfloat16}
    run = go(recipe, base, tmp_path / "run", features, machine=Machine(micro=2, precision="bf16", cpu=True))
    assert losses(run) == [pytest.approx(5.5, abs=0.3)] * 2


@pytest.mark.parametrize("name", ["vtimellm-boundaries", "momentor-instruct", "grounded-grounding"])
def test_half_precision_learns_as_single_does(name: str, base: Path, features: Path, tmp_path: Path) -> None:
    recipe = small(name, steps=2)
    whole = go(recipe, base, tmp_path / "whole", features)
    half = go(recipe, base, tmp_path / "half", features, machine=replace(CPU, precision="bf16"))
    assert losses(half) == pytest.approx(losses(whole), rel=0.01)
    assert losses(half) != losses(whole)


def test_computing_again_what_lies_between_layers_changes_nothing(base: Path, features: Path, tmp_path: Path) -> None:
    recipe = small("vtimellm-align", steps=2)
    one = go(recipe, base, tmp_path / "one", features)
    other = go(recipe, base, tmp_path / "other", features, machine=replace(CPU, recompute=True))
    assert losses(one) == pytest.approx(losses(other), rel=1e-6)


def test_rates_rise_in_a_line_and_fall_on_a_cosine() -> None:
    assert [round(share(step, 10, 0.2), 3) for step in range(10)] == [
        0.5, 1.0, 1.0, 0.962, 0.854, 0.691, 0.5, 0.309, 0.146, 0.038,
    ]  # fmt: skip


def test_what_is_held_back_must_not_be_learned_from(base: Path, features: Path, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="clip0, clip1 are in both"):
        go(small("vtimellm-align"), base, tmp_path / "run", features, held=DATA[:2])


def test_samples_must_lie_in_their_clip() -> None:
    with pytest.raises(ValueError, match="clip0: 11 s does not lie in its clip of 10 s"):
        Sample("clip0", DATA[0].pictures, 10.0, (replace(DATA[0].turns[0], answered=("at ", 11.0)),))


def test_a_run_keeps_what_learns_and_what_is_ours(base: Path) -> None:
    network = prepared(small("momentor-align"), base).network
    assert sorted(kept(network)) == ["projector.bias", "projector.weight", "time.input", "time.output"]


@pytest.mark.parametrize("reached", ["never", "sometimes"])
def test_what_no_step_or_only_some_reach_is_resumed_to_the_last_bit(
    base: Path, features: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reached: str
) -> None:
    recipe = small("vtimellm-align")
    loss = type(recipe.method).loss

    def without_bias(self: Any, network: Any, batch: Any) -> torch.Tensor:
        network.projector.bias.requires_grad_(reached == "sometimes" and "clip0" in batch.names)
        return loss(self, network, batch)

    monkeypatch.setattr(type(recipe.method), "loss", without_bias)
    whole = go(recipe, base, tmp_path / "whole", features)
    with pytest.raises(Stopped):
        go(recipe, base, tmp_path / "parts", features, watching=Watching(stop=StopAfter(3)))
    parts = go(recipe, base, tmp_path / "parts", features)
    assert losses(parts) == losses(whole)
    one, other = load_file(whole / "trained.safetensors"), load_file(parts / "trained.safetensors")
    assert all(torch.equal(one[key], other[key]) for key in one)


def short_of_memory(monkeypatch: pytest.MonkeyPatch, recipe: Recipe, least: int) -> None:
    """More than `least` samples at a time are too many."""
    loss = type(recipe.method).loss

    def full(self: Any, network: Any, batch: Any) -> torch.Tensor:
        if len(batch.written) > least:
            torch.rand(3)  # something random was drawn by then
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return loss(self, network, batch)

    monkeypatch.setattr(type(recipe.method), "loss", full)


def test_where_memory_runs_out_a_step_learns_the_same_from_fewer_samples_at_a_time(
    base: Path, features: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    recipe = small("vtimellm-boundaries", steps=2)
    fits = go(recipe, base, tmp_path / "fits", features, machine=Machine(micro=1, cpu=True))
    short_of_memory(monkeypatch, recipe, 1)
    run = go(recipe, base, tmp_path / "run", features, machine=Machine(micro=4, cpu=True))
    assert losses(run) == losses(fits)
    assert [record.getMessage() for record in caplog.records if "memory" in record.getMessage()] == [
        "memory ran out: going on with 2 samples at a time; a step learns as before",
        "memory ran out: going on with 1 samples at a time; a step learns as before",
    ]


def test_one_sample_that_does_not_fit_ends_the_run_with_what_to_do(
    base: Path, features: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = small("vtimellm-align")
    short_of_memory(monkeypatch, recipe, 0)
    with pytest.raises(MomentidxError, match=r"too small for 1 samples at a time\. Go on with fewer"):
        go(recipe, base, tmp_path / "run", features)


def test_ways_of_working_that_split_the_network_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Accelerator, "distributed_type", DistributedType.FSDP)
    with pytest.raises(WrongUse, match="accelerate is set to FSDP, which splits the network"), Machine(cpu=True).open():
        pass
