"""Letting a stock language model go on after embedded tokens: the likeliest token each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel

from momentidx.models.splice import Spliced, left


@torch.inference_mode()
def go_on(language: PreTrainedModel, tokenizer: Any, batch: Spliced, longest: Sequence[int]) -> list[tuple[str, bool]]:
    """What each row is answered with, and whether that came to its end within so many tokens."""
    embeds, mask = left(batch.embeds, batch.mask)
    said: Tensor = language.generate(  # type: ignore[operator]
        inputs_embeds=embeds, attention_mask=mask, max_new_tokens=max(longest), do_sample=False,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    rows = [row[:most] for row, most in zip(said.tolist(), longest, strict=True)]
    return [(tokenizer.decode(row, skip_special_tokens=True).strip(), tokenizer.eos_token_id in row) for row in rows]


def rows(numbers: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Rows of tokens as one tensor (B, T), and its mask: 1 for tokens, 0 for padding on the right."""
    ids = [torch.tensor(row) for row in numbers]
    return pad_sequence(ids, batch_first=True), pad_sequence([torch.ones_like(row) for row in ids], batch_first=True)
