"""Weights in the layouts that the seeds' authors published, at toy size and random."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import WordLevel
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection, PreTrainedTokenizerFast

from momentidx.models.language import LLAMA_LINEARS, PHI_LINEARS, build

WORDS = ["<unk>", "<s>", "</s>", *(f"word{number}" for number in range(37))]
SIZES = {
    "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "tie_word_embeddings": False,
}  # fmt: skip


def language(folder: Path, kind: str = "llama", rows: int = len(WORDS)) -> dict[str, Tensor]:
    """A stock folder with weights and a tokenizer; its tensors, as another reads them."""
    folder.mkdir(parents=True)
    config = {"model_type": kind, "vocab_size": rows, **SIZES}
    tensors = {name: torch.randn_like(tensor) * 0.1 for name, tensor in build(config).state_dict().items()}
    torch.save(tensors | {"model.layers.0.self_attn.rotary_emb.inv_freq": torch.zeros(4)}, folder / "pytorch_model.bin")
    (folder / "config.json").write_text(json.dumps(config))
    tokenizer(folder)
    return tensors


def tokenizer(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    words = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    special = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=words, **special).save_pretrained(folder)


def clip(folder: Path) -> Path:
    """A CLIP folder with a tower of 4 patches."""
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = CLIPVisionConfig(**sizes, image_size=28, patch_size=14, projection_dim=12)
    CLIPVisionModelWithProjection(config).save_pretrained(folder)
    return folder


def adapter(folder: Path, base: dict[str, Tensor], linears: tuple[str, ...] = LLAMA_LINEARS) -> None:
    """As PEFT 0.4 wrote it: rank 2, scale 2."""
    folder.mkdir(parents=True)
    torch.save(updates(base, linears, "lora_{}.weight"), folder / "adapter_model.bin")
    settings = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "bias": "none", "fan_in_fan_out": False}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    torch.save({}, folder / "non_lora_trainables.bin")


def updates(base: dict[str, Tensor], linears: tuple[str, ...], name: str, rank: int = 2) -> dict[str, Tensor]:
    made = {}
    for key, weight in base.items():
        if key.split(".")[-2] in linears:
            before = f"base_model.model.{key.removesuffix('weight')}"
            made[before + name.format("A")] = torch.randn(rank, weight.shape[1]) * 0.1
            made[before + name.format("B")] = torch.randn(weight.shape[0], rank) * 0.1
    return made


def vtimellm(folder: Path) -> dict[str, Tensor]:
    """The four folders; the base's tensors."""
    base = language(folder / "vicuna-toy")
    stage1 = folder / "vtimellm-toy-stage1"
    stage1.mkdir()
    projector = {"model.mm_projector.weight": torch.randn(16, 12), "model.mm_projector.bias": torch.randn(16)}
    torch.save(projector, stage1 / "mm_projector.bin")
    for number in (2, 3):
        adapter(folder / f"vtimellm-toy-stage{number}", base)
    return base


def momentor(folder: Path, anchors: int = 6) -> None:
    """What its trainer writes, and the base that it was trained on."""
    language(folder / "base")
    trained: dict[str, Any] = {
        "model.mm_projector.weight": torch.randn(16, 16), "model.mm_projector.bias": torch.randn(16),
        "model.embed_tokens.weight": torch.randn(len(WORDS) + 5, 16),
        "model.temporal_input_embeddings.weight": torch.randn(anchors, 16),
        "model.temporal_output_embeddings.weight": torch.randn(anchors, 16),
    }  # fmt: skip
    torch.save(trained, folder / "mm_projector.bin")


def grounded(folder: Path) -> dict[str, Tensor]:
    """weight_path of the Phi kind: the checkpoint, the learned ends, the towers; the language model's tensors."""
    base = language(folder / "phi", "phi3", len(WORDS) + 4 + 302)  # the matrix is longer than the tokenizer
    head = {f"base_model.model.{name}": tensor for name, tensor in base.items()}
    head["base_model.model.lm_head.bias"] = torch.randn(len(WORDS) + 4 + 302)
    layers = {"multi_modal_projector": ("linear_0", "linear_1", 64), "video_projecter": ("up_proj", "down_proj", 6)}
    parts = {
        part: {f"{up}.weight": torch.randn(16, wide), f"{up}.bias": torch.randn(16),
               f"{down}.weight": torch.randn(16, 16), f"{down}.bias": torch.randn(16)}
        for part, (up, down, wide) in layers.items()
    }  # fmt: skip
    model = {**parts, "language_model": head | updates(base, PHI_LINEARS, "lora_{}.default.weight")}
    for name in ("ckpt", "internvideo", "toy-seperated/language_model_seperated"):
        (folder / name).mkdir(parents=True)
    torch.save({"model": model}, folder / "ckpt" / "sft_toy.pth")
    torch.save(
        {"glb_GN": torch.randn(1, 1, 64), "sub_GN": torch.randn(1, 1, 1, 64)},
        folder / "toy-seperated/image_newlines.pth",
    )
    torch.save(
        {"cls_token": torch.zeros(1, 1, 6), "clip_decoder.0.weight": torch.zeros(2)}, folder / "internvideo/toy.pt"
    )
    (folder / "phi" / "config.json").rename(folder / "toy-seperated/language_model_seperated/config.json")
    towers = clip(folder / "clip")
    eyes = CLIPVisionModelWithProjection.from_pretrained(towers).vision_model.state_dict()
    torch.save(eyes, folder / "toy-seperated" / "vision_model.pth")
    return base
