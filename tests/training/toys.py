"""Bases of toy size, and clips of one colour that turn into another: enough to learn from in a second."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection, PreTrainedTokenizerFast

from momentidx.models.internvideo2 import Config, InternVideo2
from momentidx.models.language import build
from momentidx.training.samples import Picture, Sample, Turn

SPECIAL = ("<unk>", "<s>", "</s>")
ALPHABET = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
WIDTH = 32


@dataclass(frozen=True)
class Turning:
    """Pictures of one colour until `at` seconds, then of another."""

    first: int
    second: int
    at_second: float
    rate: float = 10.0

    @property
    def key(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def at(self, seconds: Sequence[float]) -> list[Picture]:
        shades = [self.first if time < self.at_second else self.second for time in seconds]
        return [np.full((28, 28, 3), shade, np.uint8) for shade in shades]


def samples(count: int = 8) -> list[Sample]:
    """Clips of 10 s that are dark and turn bright, at one of four times."""
    made = []
    for number in range(count):
        time = 2.0 + 2.0 * (number % 4)
        turns = (Turn(("When is it bright?",), ("From ", time, " to ", 10.0, ".")),)
        made.append(Sample(f"clip{number}", Turning(20 + number, 220, time), 10.0, turns))
    return made


def base(folder: Path, *, tied: bool = False, seed: int = 0) -> Path:
    """Stock parts: a Llama that knows bytes, a CLIP and a video tower, all random."""
    torch.manual_seed(seed)
    language(folder / "language", tied=tied)
    eyes = CLIPVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, projection_dim=12,
        image_size=28, patch_size=7,
    )  # fmt: skip
    CLIPVisionModelWithProjection(eyes).save_pretrained(folder / "encoder")
    tower = InternVideo2(Config(width=32, depth=2, heads=16, hidden=8, patch=7, side=28, frames=4)).state_dict()
    tower = {name.replace("patch_embed.", "patch_embed.proj."): tensor for name, tensor in tower.items()}
    save_file({name: tensor.contiguous() for name, tensor in tower.items()}, folder / "video.safetensors")
    return folder


def language(folder: Path, *, tied: bool = False) -> None:
    config = {
        "model_type": "llama", "vocab_size": len(ALPHABET), "hidden_size": WIDTH, "intermediate_size": 48,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 4096,
        "bos_token_id": 1, "eos_token_id": 2, "tie_word_embeddings": tied,
    }  # fmt: skip
    build(config).save_pretrained(folder)
    made = Tokenizer(models.BPE({token: place for place, token in enumerate(ALPHABET)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(list(SPECIAL))
    made.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    ).save_pretrained(folder)
