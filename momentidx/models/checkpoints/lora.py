"""Folding low-rank updates into the weights they belong to: W + (alpha / r) B A (arXiv 2106.09685, eq. 3).

Done by hand, in single precision: files of PEFT 0.3 and 0.4 name their tensors as no current PEFT does.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from momentidx.errors import MomentidxError
from momentidx.models.checkpoints.foreign import Tensors, config, listed, tensors

PREFIX = "base_model.model."


def fold(weight: Tensor, a: Tensor, b: Tensor, scale: float) -> Tensor:
    """(out, in), (r, in) and (out, r) to (out, in) in the weight's own type."""
    return (weight.float() + scale * (b.float() @ a.float())).to(weight.dtype)


def merged_adapter(base: Tensors, folder: Path) -> Tensors:
    """The base with a PEFT adapter folder folded in. Raises MomentidxError when they do not fit."""
    settings = config(folder / "adapter_config.json")
    _plain(settings, folder)
    path = folder / "adapter_model.bin"
    pairs = paired(tensors(path if path.exists() else path.with_suffix(".safetensors")), folder)
    return folded(base, pairs, settings["lora_alpha"] / settings["r"], folder)


def folded(base: Tensors, pairs: Mapping[str, tuple[Tensor, Tensor]], scale: float, path: Path) -> Tensors:
    """`pairs` are A and B by the name of their weight."""
    strangers = [name for name in pairs if name not in base]
    if strangers:
        raise MomentidxError(f"{path} updates weights that the base has not: {listed(strangers)}. Is it its base?")
    for name, (a, b) in pairs.items():
        if (b.shape[0], a.shape[1]) != tuple(base[name].shape):
            raise MomentidxError(f"{path}: the update of {name} has another shape than the base's weight.")
    with torch.no_grad():
        return base | {name: fold(base[name], a, b, scale) for name, (a, b) in pairs.items()}


def paired(found: Tensors, path: Path) -> dict[str, tuple[Tensor, Tensor]]:
    """A and B by the name of their weight. Raises MomentidxError for a half, or for anything else."""
    halves: dict[str, dict[str, Tensor]] = {}
    others = []
    for name, tensor in found.items():
        for half in ("lora_A", "lora_B"):
            before, mark, after = name.partition(f".{half}.")
            if mark and after in ("weight", "default.weight"):
                halves.setdefault(f"{before.removeprefix(PREFIX)}.weight", {})[half] = tensor
                break
        else:
            others.append(name)
    others += [name for name, both in halves.items() if len(both) != 2]
    if others:
        raise MomentidxError(f"{path} holds what is no pair of LoRA matrices: {listed(sorted(others))}.")
    return {name: (both["lora_A"], both["lora_B"]) for name, both in halves.items()}


def _plain(settings: Mapping[str, Any], folder: Path) -> None:
    """Raises MomentidxError for kinds of adapters that are more than W + s B A."""
    unusual = {
        "peft_type": settings.get("peft_type") != "LORA",
        "bias": settings.get("bias", "none") != "none",
        "fan_in_fan_out": bool(settings.get("fan_in_fan_out")),
        "modules_to_save": bool(settings.get("modules_to_save")),
        "use_dora": bool(settings.get("use_dora")),
        "use_rslora": bool(settings.get("use_rslora")),
        "rank_pattern": bool(settings.get("rank_pattern")),
        "alpha_pattern": bool(settings.get("alpha_pattern")),
    }
    if found := [name for name, is_unusual in unusual.items() if is_unusual]:
        raise MomentidxError(f"{folder / 'adapter_config.json'} asks for what cannot be folded: {listed(found)}.")
