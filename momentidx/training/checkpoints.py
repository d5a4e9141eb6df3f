"""A moment of a run, kept so that the next step is the same as if nothing had happened.

steps/000050/            a folder that is there whole or not at all
  trained.safetensors    what learns
  optimizer.safetensors  its two moments and the steps that reached it, by name
  random.safetensors     the random generators of all processes
  state.json             the format, the step, and the files' SHA-256

Nothing in it is a program: everything is safetensors or JSON, read and checked before it is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from momentidx.errors import MomentidxError
from momentidx.failpoints import reach
from momentidx.models.checkpoints.foreign import Tensors
from momentidx.training.base import TRAINED, read_tensors

FORMAT = 1
"""Raised when what is in the folder changes. Folders of another one are left as they are; what reads an older one
copies."""
STEPS, OPTIMIZER, RANDOM, STATE = "steps", "optimizer.safetensors", "random.safetensors", "state.json"
UNFINISHED = ".unfinished-"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is kept."""

    step: int
    """How many are done."""
    trained: Tensors
    optimizer: Tensors
    """`NAME/step`, `NAME/exp_avg` and `NAME/exp_avg_sq`."""
    random: Tensor
    """(processes, bytes) of each one's generator."""


def write(checkpoint: Checkpoint, run: Path, keep: int) -> Path:
    """Whole or not at all; older ones than the newest `keep` go away after it. Raises OSError."""
    steps = run / STEPS
    steps.mkdir(exist_ok=True)
    place = steps / f"{checkpoint.step:06d}"
    with tempfile.TemporaryDirectory(dir=steps, prefix=UNFINISHED) as unfinished:
        inside = Path(unfinished) / "step"
        inside.mkdir()
        files = {TRAINED: checkpoint.trained, OPTIMIZER: checkpoint.optimizer, RANDOM: {"torch": checkpoint.random}}
        for name, tensors in files.items():
            save_tensors(tensors, inside / name)
        told = {"format": FORMAT, "step": checkpoint.step, "files": {name: _sha256(inside / name) for name in files}}
        _durable(inside / STATE, json.dumps(told))
        reach("checkpoint.written")
        inside.replace(place)
    _sync(steps)
    reach("checkpoint.replaced")
    for old in found(run)[:-keep]:
        shutil.rmtree(old)
    return place


def found(run: Path) -> list[Path]:
    """The whole ones, oldest first."""
    return sorted(path for path in (run / STEPS).glob("[0-9]*") if path.is_dir())


def read(place: Path) -> Checkpoint:
    """Raises MomentidxError when a file is missing, damaged or was changed."""
    try:
        told: dict[str, Any] = json.loads((place / STATE).read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            raise MomentidxError(
                f"{place} was written in format {told['format']}, and this momentidx reads {FORMAT}. Nothing was "
                "changed: go on with the momentidx that wrote it."
            )
        step, files = int(told["step"]), dict(told["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MomentidxError(
            f"{place / STATE} cannot be read: {error}. Remove {place}; the one before is taken."
        ) from error
    for name in (TRAINED, OPTIMIZER, RANDOM):
        path = place / name
        if not path.is_file() or _sha256(path) != files.get(name):
            raise MomentidxError(f"{path} is missing or was changed. Remove {place}; the checkpoint before is taken.")
    random = read_tensors(place / RANDOM)["torch"]
    return Checkpoint(step, read_tensors(place / TRAINED), read_tensors(place / OPTIMIZER), random)


def sweep(run: Path) -> None:
    """Clear away what a dead process left half written."""
    for path in (run / STEPS).glob(f"{UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)


def save_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Written and brought to the disk."""
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, path)
    _sync(path)


def write_whole(path: Path, text: str) -> None:
    """A small file, there whole or not at all."""
    part = path.with_name(f"{UNFINISHED}{path.name}")
    _durable(part, text)
    part.replace(path)
    _sync(path.parent)


def _durable(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    _sync(path)


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def write_json(path: Path, told: Mapping[str, Any]) -> None:
    write_whole(path, json.dumps(told, indent=2))


def finish(trained: Tensors, run: Path) -> None:
    """What came out, whole or not at all; the checkpoints before it have done their work. Raises MomentidxError."""
    part = run / f"{UNFINISHED}{TRAINED}"
    try:
        save_tensors(trained, part)
        reach("trained.written")
        part.replace(run / TRAINED)
        _sync(run)
        reach("trained.replaced")
        shutil.rmtree(run / STEPS, ignore_errors=True)
    except (OSError, SafetensorError) as error:
        raise MomentidxError(
            f"{run / TRAINED} cannot be written: {error}. Make room and go on with 'train resume'."
        ) from error
