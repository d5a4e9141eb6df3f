"""What encoders see is computed once, and is what the networks would compute themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from momentidx.errors import MomentidxError, UnusableFootage
from momentidx.models.adapters import TwoStream
from momentidx.training.base import begin
from momentidx.training.checking import check
from momentidx.training.features import Features
from momentidx.training.loop import train
from momentidx.training.machine import Machine
from momentidx.training.methods.grounded_videollm import smaller
from momentidx.training.samples import Picture, Sample, Vectors
from tests.training import toys
from tests.training.recipes import small

CPU = Machine(micro=2, cpu=True)


@dataclass(frozen=True)
class Broken(toys.Turning):
    def at(self, seconds: Sequence[float]) -> list[Picture]:  # noqa: ARG002
        raise UnusableFootage("truncated", "The film is torn.")


def features(base: Path, folder: Path, name: str = "vtimellm-align") -> Features:
    method = small(name).method
    return Features(folder, method.eyes(begin(base, method).folder))


def torn(sample: Sample) -> Sample:
    return replace(sample, pictures=Broken(1, 2, 3.0))


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("vtimellm-align", {"frames": (10, 12)}),
        ("momentor-align", {"frames": (11, 16)}),
        ("grounded-caption", {"stills": (12, 17, 16), "moving": (12, 9, 32)}),
    ],
)
def test_each_seed_sees(name: str, shapes: dict[str, tuple[int, ...]], base: Path, tmp_path: Path) -> None:
    seen = features(base, tmp_path, name)
    (sample,) = toys.samples(1)
    assert seen.look([sample]) == []
    assert {key: tuple(tensor.shape) for key, tensor in seen.of(sample).items()} == shapes
    still = replace(sample, duration=0.0, turns=(replace(sample.turns[0], answered=("dark",)),))
    seen.look([still])
    alone = {key: tuple(tensor.shape) for key, tensor in seen.of(still).items()}
    assert alone == ({"frames": (1, 12)} if name == "vtimellm-align" else shapes)


def test_what_is_there_is_not_looked_at_again(base: Path, tmp_path: Path) -> None:
    seen = features(base, tmp_path)
    some = toys.samples(3)
    seen.look(some[:2])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    told: list[str] = []
    seen.look(some, lambda sample: told.append(sample.name))
    assert told == ["clip0", "clip1", "clip2"]
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    assert len(after) == 3
    assert before.items() <= after.items()


def test_other_eyes_keep_apart(base: Path, tmp_path: Path) -> None:
    keys = {
        features(base, tmp_path, name).place(toys.samples(1)[0]).parts[-3]
        for name in ("vtimellm-align", "momentor-align")
    }
    other = toys.base(tmp_path / "other", seed=5)
    assert len(keys | {features(other, tmp_path).place(toys.samples(1)[0]).parts[-3]}) == 3


def test_a_dark_picture_and_a_bright_one_are_seen_where_they_are(base: Path, tmp_path: Path) -> None:
    seen = features(base, tmp_path)
    sample = toys.samples(2)[1]  # bright from 4 of 10 s on, ten pictures
    seen.look([sample])
    frames = seen.of(sample)["frames"]
    dark = [bool(torch.equal(row, frames[0])) for row in frames]
    assert dark == [True] * 4 + [False] * 6


def test_pooling_before_keeping_changes_nothing_that_the_network_sees() -> None:
    torch.manual_seed(0)
    adapter = TwoStream("pool", torch.nn.Identity(), torch.nn.Linear(6, 4), 4, 4, video_side=4)
    moving = torch.randn(2, 1 + 8 * 256, 6)
    assert torch.allclose(adapter.moving(smaller(moving, 4)[:, 1:]), adapter.moving(moving[:, 1:]), atol=1e-6)


def test_what_cannot_be_read_ends_it_or_is_skipped_and_counted(
    base: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recipe = small("vtimellm-align", steps=1)
    some = toys.samples(4)
    with pytest.raises(MomentidxError, match=r"1 of 4 samples cannot be read, the first: clip0: The film is torn\."):
        train(recipe, base, [torn(some[0]), *some[1:]], tmp_path / "run", machine=CPU, features=tmp_path / "seen")
    many = [replace(some[number % 4], name=f"clip{number}") for number in range(100)]
    train(recipe, base, [torn(many[0]), *many[1:]], tmp_path / "run2", machine=CPU, features=tmp_path / "seen",
          skip_unreadable=True)  # fmt: skip
    assert "skipped: clip0: The film is torn." in caplog.text


def test_vectors_of_others_are_taken_if_they_are_vectors(base: Path, tmp_path: Path) -> None:
    seen = features(base, tmp_path / "seen")
    (sample,) = toys.samples(1)
    np.save(tmp_path / "a.npy", np.ones((10, 12), np.float16))
    assert seen.of(replace(sample, pictures=Vectors(tmp_path / "a.npy")))["frames"].shape == (10, 12)
    np.save(tmp_path / "b.npy", np.ones((7, 12), np.float16))
    with pytest.raises(MomentidxError, match="7x12 numbers; 10 or 1 vectors of 12"):
        seen.of(replace(sample, pictures=Vectors(tmp_path / "b.npy")))
    np.save(tmp_path / "c.npy", np.array([{"duration": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(MomentidxError, match="cannot be read as vectors"):
        seen.of(replace(sample, pictures=Vectors(tmp_path / "c.npy")))
    np.save(tmp_path / "d.npy", np.full((10, 12), np.nan))
    with pytest.raises(MomentidxError, match="numbers that are none"):
        seen.of(replace(sample, pictures=Vectors(tmp_path / "d.npy")))


def test_a_damaged_file_of_what_was_seen_is_named(base: Path, tmp_path: Path) -> None:
    seen = features(base, tmp_path)
    (sample,) = toys.samples(1)
    seen.look([sample])
    seen.place(sample).write_bytes(b"torn")
    with pytest.raises(MomentidxError, match="Remove it; it will be computed again"):
        seen.of(sample)


def test_a_check_says_what_learns_and_what_it_takes(base: Path, tmp_path: Path) -> None:
    found = check(small("grounded-grounding"), base, toys.samples(), tmp_path, CPU)
    assert (found.samples, found.steps, found.seen) == (8, 6, {"stills": (12, 17, 16), "moving": (12, 9, 32)})
    assert found.tokens[0] <= found.tokens[1]
    assert (
        found.taught == (len("From <60> to <300>.".replace("<60>", "t").replace("<300>", "t")) + len("<|eot_id|>"),) * 2
    )
    assert [(each.lr, each.names[0]) for each in found.learning] == [
        (3e-3, "adapter.image.down.bias"),
        (3e-3, "language.model.embed_tokens.weight"),
        (3e-3, "language.lm_head.bias"),
        (3e-3, "language.model.layers.0.mlp.down_proj.lora_A.default.weight"),
    ]
    learns = sum(each.parameters for each in found.learning)
    assert (found.weights, found.gradients, found.moments) == (4 * found.parameters, 4 * learns, 8 * learns)
    twice = check(small("grounded-grounding"), base, toys.samples(), tmp_path, replace(CPU, micro=4))
    assert twice.kept == pytest.approx(2 * found.kept, rel=0.05)
    again = check(small("grounded-grounding"), base, toys.samples(), tmp_path, replace(CPU, recompute=True))
    assert again.kept < 0.7 * found.kept
