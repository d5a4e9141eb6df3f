"""A run's folder: what it is of (`run.json`), how it goes (`metrics.jsonl`), and what came out (`trained.safetensors`).

`run.json` is written before the first step and never changed: the recipe with every default filled in, the base, what
the data were, and which code it was. A run goes on only with the same of all of these.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import momentidx
from momentidx.errors import WrongUse
from momentidx.models.checkpoints.foreign import listed
from momentidx.training import checkpoints
from momentidx.training.base import FORMAT, RUN, Begun, read_run
from momentidx.training.recipe import Recipe, differences
from momentidx.training.samples import Sample, digest

if TYPE_CHECKING:
    from accelerate import Accelerator

METRICS = "metrics.jsonl"
LIBRARIES = ("torch", "transformers", "peft", "accelerate", "safetensors")


def begin_run(
    folder: Path, recipe: Recipe, base: Path, begun: Begun, data: Sequence[Sample], held: Sequence[Sample],
    about: Mapping[str, Any], accelerator: Accelerator,
) -> None:  # fmt: skip
    """Write what the run is of; or, where it is written, compare. Raises WrongUse with what is different."""
    told = {
        "format": FORMAT,
        "recipe": recipe.to_json(),
        "base": os.path.relpath(base.resolve(), folder.resolve()),
        "base_version": begun.version,
        "licence": begun.folder.licence,
        "data": {"samples": len(data), "sha256": digest(data), "held": len(held), "held_sha256": digest(held)},
        "code": {"momentidx": momentidx.__version__, "sources": sources(), "python": platform.python_version()}
        | {name: version(name) for name in LIBRARIES},
        "about": dict(about),
    }
    plain: dict[str, Any] = json.loads(json.dumps(told))
    if (folder / RUN).exists():
        before = read_run(folder)
        other = [
            *differences(before["recipe"], plain["recipe"], "recipe."),
            *differences(before["data"], plain["data"], "data."),
            *differences({"version": before["base_version"]}, {"version": plain["base_version"]}, "base."),
        ]
        if other:
            raise WrongUse(f"{folder} is another run ({listed(other)}). Go on with what it was, or take a new folder.")
    elif accelerator.is_main_process:
        checkpoints.write_json(folder / RUN, plain)
    if accelerator.is_main_process:
        checkpoints.sweep(folder)
    accelerator.wait_for_everyone()


def sources() -> str:
    """The code that trains, as a digest: an installed package has no commit to name."""
    told = hashlib.sha256()
    package = Path(momentidx.__file__).parent
    for room in ("models", "training"):
        for path in sorted((package / room).rglob("*.py")):
            told.update(path.read_bytes())
    return told.hexdigest()[:12]


@contextmanager
def alone(folder: Path, accelerator: Accelerator) -> Iterator[None]:
    """One run writes in a folder; its first process holds the lock. Raises WrongUse when another does."""
    folder.mkdir(parents=True, exist_ok=True)
    if not accelerator.is_main_process:
        yield
        return
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise WrongUse(
                f"{folder} is being trained by another process. Wait for it, or take another folder."
            ) from error
        yield


class Log:
    """A line of figures for each step."""

    def __init__(self, folder: Path, start: int, accelerator: Accelerator, *, tensorboard: bool) -> None:
        """Lines of steps that are done again are taken out."""
        self._path = folder / METRICS if accelerator.is_main_process else None
        self._board: Any = None
        if self._path is None:
            return
        rows = [row for row in read_log(folder) if row["step"] <= start]
        checkpoints.write_whole(self._path, "".join(json.dumps(row) + "\n" for row in rows))
        if tensorboard:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=start)

    def add(self, row: Mapping[str, Any]) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        if self._board is not None:
            for name in ("loss", "norm", *(key for key in row if key not in ROW)):
                self._board.add_scalar(name, row[name], row["step"])

    def close(self) -> None:
        if self._board is not None:
            self._board.close()


ROW = ("step", "steps", "loss", "norm", "weight", "lr")


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The figures so far; a last line that was cut off with its process is left out."""
    path = folder / METRICS
    if not path.exists():
        return []
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(dict(json.loads(line)))
        except ValueError:
            break
    return rows
