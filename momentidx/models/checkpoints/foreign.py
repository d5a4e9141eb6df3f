"""Weight files as others write them: read as tensors only, and every tensor accounted for."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from momentidx.errors import MomentidxError

Tensors = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Source:
    """A file that weights were taken from."""

    name: str
    size: int
    sha256: str


def source(path: Path) -> Source:
    with path.open("rb") as content:
        return Source(path.name, path.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest())


def read(path: Path) -> dict[str, Any]:
    """A file of tensors by name, or of such by part. Files that hold anything but tensors are refused unopened.

    Raises MomentidxError with the file's name.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise MomentidxError(f"{path} is missing. Put it where it was published to be, and convert again.") from error
    except pickle.UnpicklingError as error:
        raise MomentidxError(
            f"{path} holds more than tensors (program code, or a whole TorchScript model) and is not read. "
            "Save its state_dict, or take the file as safetensors."
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError, SafetensorError) as error:
        raise MomentidxError(f"{path} is not a whole weight file: {error}. Fetch it again.") from error
    if not isinstance(content, Mapping):
        raise MomentidxError(f"{path} holds a {type(content).__name__} where tensors by name were expected.")
    return dict(content)


def tensors(path: Path) -> Tensors:
    """A flat file of tensors. Raises MomentidxError when something else is in it."""
    return flat(read(path), path)


def flat(content: Any, path: Path) -> Tensors:
    """Checked to be tensors by name."""
    if not isinstance(content, Mapping):
        raise MomentidxError(f"{path} holds a {type(content).__name__} where tensors by name were expected.")
    others = [str(name) for name, value in content.items() if not isinstance(value, Tensor)]
    if others:
        raise MomentidxError(f"{path} holds what is not a tensor: {listed(others)}.")
    return dict(content)


def folder(path: Path) -> tuple[dict[str, Any], Tensors, list[Path]]:
    """A language model's folder as transformers writes it: configuration, tensors, and the files read."""
    files = sorted(path.glob("*.safetensors")) or sorted(path.glob("pytorch_model*.bin"))
    if not files:
        raise MomentidxError(f"{path} has no weights (*.safetensors or pytorch_model*.bin).")
    joined: Tensors = {}
    for file in files:
        joined |= tensors(file)
    return config(path / "config.json"), joined, files


def config(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise MomentidxError(f"{path} cannot be read as a configuration: {error}.") from error


def only(path: Path, found: Tensors, wanted: Mapping[str, str]) -> Tensors:
    """The tensors that end as in `wanted`, under its names. Raises MomentidxError for any other, or one missing."""
    result: Tensors = {}
    others = []
    for name, tensor in found.items():
        ours = next((ours for end, ours in wanted.items() if name == end or name.endswith(f".{end}")), None)
        if ours is None:
            others.append(name)
        else:
            result[ours] = tensor
    complete(path, others, [end for end, ours in wanted.items() if ours not in result])
    return result


def complete(path: Path, unknown: Iterable[str], missing: Iterable[str]) -> None:
    """Raises MomentidxError that names what does not belong and what is not there."""
    if unknown := sorted(unknown):
        raise MomentidxError(f"{path} has tensors that this kind of model has not: {listed(unknown)}. Is --as right?")
    if missing := sorted(missing):
        raise MomentidxError(f"{path} lacks {listed(missing)}. Fetch it again, or check --as.")


def listed(names: Iterable[str], most: int = 8) -> str:
    names = list(names)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
