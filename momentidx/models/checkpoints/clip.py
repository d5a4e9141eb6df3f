"""CLIP's vision tower out of a folder that holds all of CLIP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import CLIPConfig, CLIPVisionConfig

from momentidx.errors import MomentidxError
from momentidx.models.checkpoints import foreign
from momentidx.models.checkpoints.layout import Stock

OTHERS = ("text_model.", "text_projection.", "logit_scale", "vision_model.embeddings.position_ids")
"""What belongs to CLIP and not to what it sees with."""


def clip_vision(folder: Path | None, weights: Path | None = None, *, projects: bool = False) -> Stock | None:
    """The tower of a folder as transformers writes it; or its configuration with other `weights`.

    With `projects`, the projection that follows it too.

    Raises MomentidxError when something in it does not belong to CLIP.
    """
    if folder is None:
        return None
    if weights is None:
        config, tensors, files = foreign.folder(folder)
    else:
        config, tensors, files = foreign.config(folder / "config.json"), foreign.tensors(weights), [weights]
    kept = {_under(name): tensor for name, tensor in tensors.items() if not name.startswith(OTHERS)}
    known = ("vision_model.", "visual_projection.")
    foreign.complete(files[0], [name for name in kept if not name.startswith(known)], [])
    if not projects:
        kept = {name: tensor for name, tensor in kept.items() if not name.startswith("visual_projection.")}
    return Stock(_vision(config, folder), kept)


def _under(name: str) -> str:
    """Towers that were saved by themselves lack the first name."""
    return name if name.startswith(("vision_model.", "visual_projection.")) else f"vision_model.{name}"


def _vision(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    if config.get("model_type") == "clip":
        eyes: Any = CLIPConfig(**config).vision_config
        return eyes.to_dict() | {"projection_dim": config.get("projection_dim", 512)}
    if config.get("model_type") == "clip_vision_model":
        return CLIPVisionConfig(**config).to_dict()
    raise MomentidxError(f"{folder} is not a CLIP model (its configuration says {config.get('model_type')}).")
