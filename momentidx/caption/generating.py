"""Letting a stock language model go on after embedded tokens: the likeliest token each time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from momentidx.models.splice import Spliced


@torch.inference_mode()
def go_on(language: PreTrainedModel, tokenizer: Any, batch: Spliced, tokens: int) -> tuple[str, bool]:
    """What a batch of one is answered with, and whether it came to its end within so many tokens."""
    said: Tensor = language.generate(  # type: ignore[operator]
        inputs_embeds=batch.embeds, attention_mask=batch.mask, max_new_tokens=tokens, do_sample=False,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.eos_token_id,
    )[0]  # fmt: skip
    text: str = tokenizer.decode(said, skip_special_tokens=True)
    return text.strip(), tokenizer.eos_token_id in said.tolist()
