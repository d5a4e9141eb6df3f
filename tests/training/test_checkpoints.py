"""Checkpoints: whole or not there, and refused when they are not what they should be."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from momentidx.errors import MomentidxError
from momentidx.failpoints import TRAINING
from momentidx.training import checkpoints
from momentidx.training.base import begin, read_tensors
from momentidx.training.checkpoints import Checkpoint
from momentidx.training.loop import Stopped, Watching, train
from momentidx.training.machine import Machine
from momentidx.training.runs import read_log
from tests.training import toys
from tests.training.recipes import small

CPU = Machine(micro=2, every=2, cpu=True)


def checkpoint(step: int) -> Checkpoint:
    return Checkpoint(step, {"w": torch.ones(2)}, {"w/exp_avg": torch.zeros(2)}, torch.zeros(1, 8, dtype=torch.uint8))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path


def test_the_newest_two_stay(run: Path) -> None:
    for step in (10, 20, 30):
        checkpoints.write(checkpoint(step), run, keep=2)
    assert [path.name for path in checkpoints.found(run)] == ["000020", "000030"]
    kept = checkpoints.read(checkpoints.found(run)[-1])
    assert kept.step == 30
    assert kept.trained["w"].tolist() == [1.0, 1.0]


def test_what_a_dead_process_left_is_swept_away(run: Path) -> None:
    checkpoints.write(checkpoint(10), run, keep=2)
    (run / "steps" / ".unfinished-x" / "step").mkdir(parents=True)
    checkpoints.sweep(run)
    assert [path.name for path in (run / "steps").iterdir()] == ["000010"]


@pytest.mark.parametrize("name", ["trained.safetensors", "optimizer.safetensors", "random.safetensors", "state.json"])
def test_a_file_that_was_changed_or_is_missing_is_refused(run: Path, name: str) -> None:
    place = checkpoints.write(checkpoint(10), run, keep=2)
    content = bytearray((place / name).read_bytes())
    content[len(content) // 2] ^= 1
    (place / name).write_bytes(bytes(content))
    with pytest.raises(MomentidxError, match=name if name != "state.json" else "cannot be read|missing or was changed"):
        checkpoints.read(place)
    (place / name).unlink()
    with pytest.raises(MomentidxError, match=name):
        checkpoints.read(place)


class _Canary:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def hostile(header: dict[str, Any], body: bytes = b"", size: int | None = None) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + body


def fits(**more: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **more}


HOSTILE = {
    "a header without end": hostile({}, size=10**9),
    "a negative place": hostile({"w": fits(data_offsets=[-8, 0])}),
    "two in one place": hostile({"w": fits(), "v": fits()}, bytes(8)),
    "more than is there": hostile({"w": fits(shape=[2**40], data_offsets=[0, 2**42])}, bytes(8)),
    "another size than its shape": hostile({"w": fits(shape=[3])}, bytes(8)),
    "cut off": hostile({"w": fits()}, bytes(4)),
    "nothing": b"",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_safetensors_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "trained.safetensors"
    path.write_bytes(content)
    with pytest.raises(MomentidxError, match="is no whole file of safetensors"):
        read_tensors(path)


def test_a_program_under_another_name_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "trained.safetensors"
    path.write_bytes(pickle.dumps(_Canary(tmp_path / "ran")))
    with pytest.raises(MomentidxError, match="is no whole file of safetensors"):
        read_tensors(path)
    assert not (tmp_path / "ran").exists()


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2), "w": torch.tensor([1.0, float("nan")])}, tmp_path / "x.safetensors")
    with pytest.raises(MomentidxError, match=r"numbers that are none \(NaN or infinite\) in w"):
        read_tensors(tmp_path / "x.safetensors")


def test_tensors_of_another_network_are_refused_by_name(base: Path, features: Path, tmp_path: Path) -> None:
    recipe = small("vtimellm-align", steps=1)
    run = train(recipe, base, toys.samples(), tmp_path / "run", machine=CPU, features=features)
    path = run / "trained.safetensors"
    tensors = load_file(path)
    save_file({"projector.weight": tensors["projector.weight"][:, 1:].contiguous(), "strange": torch.ones(1)}, path)
    with pytest.raises(
        MomentidxError,
        match=r"strange is not the network's, projector\.bias is missing, projector\.weight is 32x11",
    ):
        begin(run, recipe.method)


def test_weights_that_are_no_safetensors_are_no_base(tmp_path: Path) -> None:
    base = toys.base(tmp_path / "base")
    (base / "language" / "model.safetensors").unlink()
    (base / "language" / "pytorch_model.bin").write_bytes(pickle.dumps(_Canary(tmp_path / "ran")))
    with pytest.raises(MomentidxError, match="has no weights as safetensors, and others are not read"):
        begin(base, small("vtimellm-align").method)
    assert not (tmp_path / "ran").exists()


PROGRAM = """
import sys
from pathlib import Path
from tests.training import toys
from tests.training.recipes import small
from momentidx.training.loop import train
from momentidx.training.machine import Machine
train(small("vtimellm-boundaries"), Path(sys.argv[1]), toys.samples(), Path(sys.argv[2]),
      machine=Machine(micro=2, every=2, cpu=True), features=Path(sys.argv[3]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("point", TRAINING)
def test_killed_at_any_write_the_run_becomes_what_it_would_have_been(
    base: Path, features: Path, tmp_path: Path, point: str
) -> None:
    whole = train(
        small("vtimellm-boundaries"), base, toys.samples(), tmp_path / "whole", machine=CPU, features=features
    )
    run = tmp_path / "run"
    command = [sys.executable, "-c", PROGRAM, str(base), str(run), str(features)]
    times = 1
    while True:
        fail = {**os.environ, "MOMENTIDX_FAIL": f"{point}:kill:{times}", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, env=fail, cwd=Path(__file__).parents[2], capture_output=True, timeout=300)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]
        train(small("vtimellm-boundaries"), base, toys.samples(), run, machine=CPU, features=features)
        assert [row["loss"] for row in read_log(run)] == [row["loss"] for row in read_log(whole)]
        assert not list(run.rglob(".unfinished-*"))
        shutil.rmtree(run)
        times += 1
    assert times > 1, "the point was never passed"


def test_a_run_that_is_not_finished_is_no_base(base: Path, features: Path, tmp_path: Path) -> None:
    recipe = small("vtimellm-align")
    with pytest.raises(Stopped):
        train(
            recipe, base, toys.samples(), tmp_path / "run", machine=CPU, features=features,
            watching=Watching(stop=lambda: True),
        )  # fmt: skip
    with pytest.raises(MomentidxError, match="is not finished"):
        begin(tmp_path / "run", recipe.method)


FORMATS = Path(__file__).parent / "formats"
"""A checkpoint of every format there was, as its momentidx wrote it; a new format adds a folder."""


def test_the_checkpoints_of_every_format_are_read() -> None:
    assert [path.name for path in sorted(FORMATS.iterdir())] == [str(checkpoints.FORMAT)]
    found = checkpoints.read(FORMATS / "1" / "steps" / "000010")
    assert (found.step, found.trained["w"].tolist(), found.random.tolist()) == (10, [1.0, 1.0], [[0] * 8])
    assert {name: tensor.tolist() for name, tensor in found.optimizer.items()} == {
        "w/step": 10.0, "w/exp_avg": [0.0, 0.0], "w/exp_avg_sq": [0.0, 0.0],
    }  # fmt: skip


@pytest.mark.parametrize(("name", "format"), [("run.json", 2), ("state.json", 2)])
def test_what_another_momentidx_wrote_is_refused_and_left_as_it_is(
    base: Path, features: Path, tmp_path: Path, name: str, format: Any
) -> None:
    recipe = small("vtimellm-align")
    watching = Watching(stop=lambda: True)
    run = tmp_path / "run"
    with pytest.raises(Stopped):
        train(recipe, base, toys.samples(), run, machine=CPU, features=features, watching=watching)
    (path,) = run.rglob(name)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": format}))
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    with pytest.raises(MomentidxError, match=f"was written in format {format}, and this momentidx reads 1"):
        train(recipe, base, toys.samples(), run, machine=CPU, features=features)
    assert {file: file.read_bytes() for file in run.rglob("*") if file.is_file()} == before
