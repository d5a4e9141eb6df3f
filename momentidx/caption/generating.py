"""Letting a stock language model go on: the likeliest token each time, its keys and values kept in one of three ways.

`dynamic` lets them grow with the answer. `static` sets aside room for the longest one at once, so that every step
works on tensors of one shape, and `compiled` compiles that step. As of transformers 5.23 `generate` compiles by itself
as soon as the room is static and the model lies on a GPU, in a mode that captures CUDA graphs; so `static` forbids it,
and `compiled` names another mode: graphs belong to a thread, we generate in a new one for each stream of questions,
and before PyTorch 2.13 they fail outside of the first (pytorch/pytorch#123177).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import CompileConfig, PreTrainedModel

from momentidx.models.splice import Spliced, left

Decoding = Literal["dynamic", "static", "compiled"]


def options(decoding: Decoding, device: torch.device) -> dict[str, Any]:
    """What `generate` is told of it. On a CPU nothing is compiled: waiting for it would not pay."""
    if decoding == "dynamic":
        return {}
    if decoding == "static" or device.type == "cpu":
        return {"cache_implementation": "static", "disable_compile": True}
    return {"cache_implementation": "static", "compile_config": CompileConfig(mode="default")}


@torch.inference_mode()
def go_on(
    language: PreTrainedModel, tokenizer: Any, batch: Spliced, longest: Sequence[int], decoding: Decoding = "dynamic"
) -> list[tuple[str, bool]]:
    """What each row is answered with, and whether that came to its end within so many tokens."""
    embeds, mask = left(batch.embeds, batch.mask)
    said: Tensor = language.generate(  # type: ignore[operator]
        inputs_embeds=embeds, attention_mask=mask, max_new_tokens=max(longest), do_sample=False,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.eos_token_id, **options(decoding, embeds.device),
    )  # fmt: skip
    rows = [row[:most] for row, most in zip(said.tolist(), longest, strict=True)]
    return [(tokenizer.decode(row, skip_special_tokens=True).strip(), tokenizer.eos_token_id in row) for row in rows]


def rows(numbers: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Rows of tokens as one tensor (B, T), and its mask: 1 for tokens, 0 for padding on the right."""
    ids = [torch.tensor(row) for row in numbers]
    return pad_sequence(ids, batch_first=True), pad_sequence([torch.ones_like(row) for row in ids], batch_first=True)
