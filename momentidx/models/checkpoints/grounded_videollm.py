"""Grounded-VideoLLM's single file, and what lies beside it.

    ckpt/sft_llava_next_video_*.pth      {"model": {multi_modal_projector, video_projecter, language_model}}
    *-seperated/image_newline(s).pth     the learned ends of rows and segments
    *-seperated/vision_model.pth         a CLIP ViT-L/14 at 336 pixels
    internvideo/*.pt                     InternVideo2-1B
    */config.json                        of the language model

`language_model` is the whole model in the names of PEFT 0.3. The updates are folded by hand. Its head
has a bias and its time tokens start where the tokenizer ends, not where the matrix ends: both are
properties of the weights, and kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from momentidx.errors import MomentidxError
from momentidx.models.adapters import Mlp, TwoStream
from momentidx.models.checkpoints import foreign
from momentidx.models.checkpoints.clip import clip_vision
from momentidx.models.checkpoints.foreign import Tensors
from momentidx.models.checkpoints.layout import Converted, Made, Stock
from momentidx.models.checkpoints.lora import PREFIX, folded, paired
from momentidx.models.codecs.grid_tokens import GridTokens
from momentidx.models.grounded_videollm import GroundedVideoLLM
from momentidx.models.internvideo2 import Config, InternVideo2, used
from momentidx.models.language import bias_head, head_of

LICENCE = (
    "Grounded-VideoLLM: none stated; Phi-3.5: MIT, or Llama 3: Llama 3 Community License; "
    "InternVideo2: see its own page."
)
ALPHA = 256
IMAGE = {
    "phi": {"linear_0": "image.up", "linear_1": "image.down"},
    "llama": {"linear_1": "image.up", "linear_2": "image.down"},
}
VIDEO = {"up_proj": "video.up", "down_proj": "video.down"}
ENDS = {"phi": {"glb_GN": "block_end", "sub_GN": "row_end"}, "llama": {"image_newline": "block_end"}}
HEADS, POSITIONS = 16, 4
"""Of the published video tower: its heads, and the frames its positions were trained for."""
HEAD_BIAS = "lm_head.bias"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The single file, read."""

    family: str
    """"phi" or "llama"."""
    language: Tensors
    """Under the names of the stock class, updates folded."""
    head_bias: Tensor
    projectors: Tensors
    """Under the names of our adapter."""


def read_checkpoint(path: Path, alpha: float = ALPHA) -> Checkpoint:
    """Raises MomentidxError for anything that does not belong."""
    content = foreign.read(path)
    inside = content.get("model")
    if not isinstance(inside, Mapping):
        raise MomentidxError(f"{path} has no part called 'model': it is no checkpoint of Grounded-VideoLLM.")
    wanted = {"multi_modal_projector", "video_projecter", "language_model"}
    foreign.complete(path, set(inside) - wanted, wanted - set(inside))
    image = foreign.flat(inside["multi_modal_projector"], path)
    family = "phi" if "linear_0.weight" in image else "llama"
    projectors = foreign.only(path, image, _both(IMAGE[family]))
    projectors |= foreign.only(path, foreign.flat(inside["video_projecter"], path), _both(VIDEO))
    language = foreign.flat(inside["language_model"], path)
    updates = paired({name: tensor for name, tensor in language.items() if ".lora_" in name}, path)
    weights = {name.removeprefix(PREFIX): tensor for name, tensor in language.items() if ".lora_" not in name}
    if HEAD_BIAS not in weights:
        raise MomentidxError(f"{path} lacks {PREFIX}{HEAD_BIAS}.")
    bias = weights.pop(HEAD_BIAS)
    if updates:
        rank = next(iter(updates.values()))[0].shape[0]
        weights = folded(weights, updates, alpha / rank, path)
    return Checkpoint(family, weights, bias, projectors)


def _both(layers: Mapping[str, str]) -> dict[str, str]:
    return {f"{theirs}.{kind}": f"{ours}.{kind}" for theirs, ours in layers.items() for kind in ("weight", "bias")}


def read(folder: Path, base: Path | None = None, clip: Path | None = None) -> Made:
    """`folder` is the authors' weight_path; `base` a folder with the tokenizer. Raises MomentidxError.

    CLIP's weights are those beside the checkpoint; `clip` is the folder with CLIP's configuration.
    """
    path, video = _one(folder, "ckpt/*.pth"), _one(folder, "internvideo/*.pt")
    ends, config = (
        _one(folder, "*seperated/image_newline*.pth"),
        _one(folder, "*seperated/language_model_seperated/config.json"),
    )
    if base is None:
        raise MomentidxError(f"{folder}: say where its tokenizer is (Phi-3.5-mini-instruct, or Llama 3's): --base.")
    checkpoint = read_checkpoint(path)
    files = [path, ends, video, config]
    parts = checkpoint.projectors | foreign.only(ends, foreign.tensors(ends), ENDS[checkpoint.family])
    parts = {f"adapter.{name}": tensor.flatten() if name.endswith("_end") else tensor for name, tensor in parts.items()}
    encoder = None
    if clip is not None:
        files.append(_one(folder, "*seperated/vision_model.pth"))
        encoder = clip_vision(clip, files[-1])
    rows = len(checkpoint.head_bias)
    settings = foreign.config(config) | {"vocab_size": rows, "tie_word_embeddings": False}
    return Made(
        "grounded_videollm", LICENCE, [foreign.source(file) for file in files], Stock(settings, checkpoint.language),
        parts | {HEAD_BIAS: checkpoint.head_bias}, settings={"family": checkpoint.family},
        tokenizer=base, added=GridTokens().vocabulary, encoder=encoder, video=used(foreign.tensors(video)),
    )  # fmt: skip


def load(converted: Converted, dtype: torch.dtype = torch.float32) -> GroundedVideoLLM:
    """The network of a converted folder, without the towers."""
    parts, merges = converted.parts(), converted.settings["family"] == "phi"
    language = converted.language(dtype)
    bias_head(language)
    head_of(language).bias.data = parts.pop(HEAD_BIAS)
    adapter = {name.removeprefix("adapter."): tensor for name, tensor in parts.items()}
    hidden, width = adapter["image.up.weight"].shape
    image, out = Mlp(width, hidden, language.config.hidden_size), language.config.hidden_size
    video = Mlp(adapter["video.up.weight"].shape[1], len(adapter["video.up.weight"]), out)
    sides = {name: converted.settings[name] for name in ("image_side", "video_side") if name in converted.settings}
    streams = TwoStream("merge" if merges else "pool", image, video, width // 4 if merges else width, out, **sides)
    streams.load_state_dict(adapter)
    return GroundedVideoLLM(language, streams).to(dtype).eval()


def load_tower(converted: Converted) -> InternVideo2:
    """The video tower of a converted folder; its sizes are those of its tensors, 16 heads of them."""
    tensors = converted.video()
    width = tensors["cls_token"].shape[-1]
    depth = 1 + max(int(name.split(".")[1]) for name in tensors if name.startswith("blocks."))
    hidden, patch = tensors["blocks.0.mlp.fc1.weight"].shape[0], tensors["patch_embed.proj.weight"].shape[-1]
    side = patch * round(((tensors["pos_embed"].shape[1] - 1) / POSITIONS) ** 0.5)
    return InternVideo2.from_checkpoint(tensors, Config(width, depth, HEADS, hidden, patch, side), POSITIONS)


def _one(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        told = foreign.listed(str(path.relative_to(folder)) for path in found) or "none"
        raise MomentidxError(f"{folder} should hold one {pattern} (found: {told}).")
    return found[0]
