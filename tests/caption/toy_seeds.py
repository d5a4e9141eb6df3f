"""Converted seeds of toy size that always give one answer: everything is real but what they learnt."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, pre_tokenizers
from tokenizers.models import WordLevel
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection, PreTrainedTokenizerFast

from momentidx.models.checkpoints.clip import clip_vision
from momentidx.models.checkpoints.foreign import Source
from momentidx.models.checkpoints.layout import Made, Stock, write
from momentidx.models.codecs.anchors import Anchors
from momentidx.models.codecs.grid_tokens import GridTokens
from momentidx.models.internvideo2 import Config, InternVideo2
from momentidx.models.language import build

WORDS = ["<unk>", "<s>", "</s>", "ANSWER", "when", "what"]
WIDTH = 32
SAYS = {
    "vtimellm": '[{"event": "a ball rolls in", "timestamps": "from 00 to 49"}, '
    '{"event": "it is quiet", "timestamps": "from 50 to 99"}]',
    "momentor": "From <TEMP-0> to <TEMP-2.5>, a ball rolls in.\nFrom <TEMP-2.5> to <TEMP-5>, it is quiet.",
    "grounded_videollm": "From <0> to <150>, a ball rolls in.\nFrom <150> to <300>, it is quiet.",
}
ANCHORS = 6


def toy(folder: Path, name: str, says: str | None = None) -> Path:
    """A folder of our layout whose language model says `says` to everything, and ends."""
    torch.manual_seed(0)
    told = SAYS[name] if says is None else says
    added = {"momentor": Anchors(ANCHORS).vocabulary, "grounded_videollm": GridTokens().vocabulary}.get(name, ())
    rows = len(WORDS) + (5 if name == "momentor" else len(added))
    config = {
        "model_type": "llama", "vocab_size": rows, "hidden_size": WIDTH, "intermediate_size": 16,
        "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2, "eos_token_id": 2,
        "bos_token_id": 1, "pad_token_id": None, "max_position_embeddings": 4096,
    }  # fmt: skip
    language = Stock(config, _parrot(config))
    tokenizer(folder / "words", told)
    settings, parts = PARTS[name]
    eyes = CLIPVisionConfig(
        hidden_size=4, intermediate_size=8, num_hidden_layers=2, num_attention_heads=2, projection_dim=6,
        image_size=28, patch_size=14,
    )  # fmt: skip
    CLIPVisionModelWithProjection(eyes).save_pretrained(folder / "clip")
    encoder = clip_vision(folder / "clip", projects=name == "vtimellm")
    video = _video() if name == "grounded_videollm" else None
    tensors = {key: torch.randn(shape) * 1e-3 for key, shape in parts.items()}
    made = Made(
        name, "none", [Source("toy", 0, "0")], language, tensors, settings, folder / "words", added, encoder, video,
    )  # fmt: skip
    return write(made, folder / name)


def _parrot(config: dict[str, object]) -> dict[str, torch.Tensor]:
    """After anything ANSWER, after ANSWER the end: attention and the layers after it add nothing."""
    tensors = {name: torch.zeros_like(tensor) for name, tensor in build(config).state_dict().items()}
    for name in tensors:
        if name.endswith("norm.weight"):
            tensors[name] += 1
    answer, end = WORDS.index("ANSWER"), WORDS.index("</s>")
    tensors["model.embed_tokens.weight"][:, 0] = 1
    tensors["model.embed_tokens.weight"][answer] = torch.eye(WIDTH)[1]
    tensors["lm_head.weight"][answer, 0] = tensors["lm_head.weight"][end, 1] = 1
    return tensors


def _video() -> dict[str, torch.Tensor]:
    config = Config(width=32, depth=2, heads=16, hidden=8, side=56, frames=4)
    tensors = InternVideo2(config).state_dict()
    return {name.replace("patch_embed.", "patch_embed.proj."): tensor for name, tensor in tensors.items()}


PARTS: dict[str, tuple[dict[str, object], dict[str, tuple[int, ...]]]] = {
    "vtimellm": ({"frames": 100}, {"projector.weight": (WIDTH, 6), "projector.bias": (WIDTH,)}),
    "momentor": (
        {"frames": ANCHORS, "first_marker": len(WORDS)},
        {"projector.weight": (WIDTH, 4), "projector.bias": (WIDTH,), "time.input": (ANCHORS, WIDTH),
         "time.output": (ANCHORS, WIDTH)},
    ),
    "grounded_videollm": (
        {"family": "llama"},
        {"adapter.image.up.weight": (8, 4), "adapter.image.up.bias": (8,), "adapter.image.down.weight": (WIDTH, 8),
         "adapter.image.down.bias": (WIDTH,), "adapter.video.up.weight": (8, 32), "adapter.video.up.bias": (8,),
         "adapter.video.down.weight": (WIDTH, 8), "adapter.video.down.bias": (WIDTH,), "adapter.block_end": (WIDTH,),
         "lm_head.bias": (len(WORDS) + 302,)},
    ),
}  # fmt: skip


def tokenizer(folder: Path, told: str) -> None:
    """Words; `ANSWER` is written as what is to be told."""
    words = Tokenizer(WordLevel({told if word == "ANSWER" else word: at for at, word in enumerate(WORDS)}, "<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.add_special_tokens([AddedToken(word, special=True) for word in WORDS[:3]])
    special = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=words, **special).save_pretrained(folder)
    assert json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"][told] == WORDS.index("ANSWER")
