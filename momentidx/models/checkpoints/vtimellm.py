"""VTimeLLM's folders: a Vicuna, a projector, and two adapters that are folded in one after the other.

vicuna-7b-v1.5/                      any stock folder of a language model
vtimellm-...-stage1/mm_projector.bin
vtimellm-...-stage2/                 a PEFT adapter, folded first
vtimellm-...-stage3/                 a second one, trained on top of the first
"""

from __future__ import annotations

from pathlib import Path

import torch

from momentidx.errors import MomentidxError
from momentidx.models.checkpoints import foreign
from momentidx.models.checkpoints.clip import clip_vision
from momentidx.models.checkpoints.foreign import Tensors
from momentidx.models.checkpoints.layout import Converted, Made, Stock
from momentidx.models.checkpoints.lora import merged_adapter
from momentidx.models.vtimellm import FRAMES, VTimeLLM

LICENCE = (
    "VTimeLLM: CC BY-NC-ND 4.0 (no commercial use, no distribution of changed copies, so not of this folder); "
    "Vicuna v1.5: Llama 2 Community License."
)
PROJECTOR = {"mm_projector.weight": "projector.weight", "mm_projector.bias": "projector.bias"}
COMPUTED = ".rotary_emb.inv_freq"
"""Written by old transformers, and computed by new ones."""


def read(folder: Path, base: Path | None = None, clip: Path | None = None) -> Made:
    """`folder` holds the stage folders, and the base unless it is given. Raises MomentidxError."""
    base = base or _base(folder)
    stages = [_stage(folder, number) for number in (1, 2, 3)]
    config, weights, files = foreign.folder(base)
    weights = {name: tensor for name, tensor in weights.items() if not name.endswith(COMPUTED)}
    projector = stages[0] / "mm_projector.bin"
    if not projector.exists():
        projector = projector.with_suffix(".safetensors")
    parts = foreign.only(projector, foreign.tensors(projector), PROJECTOR)
    for stage in stages[1:]:
        weights = merged_adapter(weights, stage)
        weights |= _trained_beside(stage, weights)
    files += [projector, *(path for stage in stages[1:] for path in _read_of(stage))]
    return Made(
        "vtimellm", LICENCE, [foreign.source(file) for file in files], Stock(config, weights), parts,
        settings={"frames": FRAMES}, tokenizer=base, encoder=clip_vision(clip, projects=True),
    )  # fmt: skip


def load(converted: Converted, dtype: torch.dtype = torch.float32) -> VTimeLLM:
    """The network of a converted folder."""
    parts = converted.parts()
    model = VTimeLLM(converted.language(dtype), parts["projector.weight"].shape[1])
    model.projector.load_state_dict({name.removeprefix("projector."): tensor for name, tensor in parts.items()})
    return model.to(dtype).eval()


def _base(folder: Path) -> Path:
    found = [config.parent for config in sorted(folder.glob("*/config.json")) if _has_weights(config.parent)]
    if len(found) != 1:
        told = foreign.listed(path.name for path in found) or "none"
        raise MomentidxError(f"{folder} should hold one language model beside the stages (found: {told}). Say --base.")
    return found[0]


def _has_weights(folder: Path) -> bool:
    return any(folder.glob("pytorch_model*.bin")) or any(folder.glob("model*.safetensors"))


def _stage(folder: Path, number: int) -> Path:
    found = sorted(path for path in folder.glob(f"*stage{number}") if path.is_dir())
    if len(found) != 1:
        told = foreign.listed(path.name for path in found) or "none"
        raise MomentidxError(f"{folder} should hold one folder whose name ends in 'stage{number}' (found: {told}).")
    return found[0]


def _trained_beside(stage: Path, weights: Tensors) -> Tensors:
    """What a stage trained besides its adapter: empty as published. Raises MomentidxError for what is not a weight."""
    path = stage / "non_lora_trainables.bin"
    if not path.exists():
        return {}
    found = {
        name.removeprefix("base_model.").removeprefix("model."): tensor
        for name, tensor in foreign.tensors(path).items()
    }
    foreign.complete(path, [name for name in found if name not in weights], [])
    return found


def _read_of(stage: Path) -> list[Path]:
    names = ("adapter_config.json", "adapter_model.bin", "adapter_model.safetensors", "non_lora_trainables.bin")
    return [stage / name for name in names if (stage / name).exists()]
