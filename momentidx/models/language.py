"""Stock causal language models: built, grown by a few tokens, and given LoRA."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

LLAMA_LINEARS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
PHI_LINEARS = ("qkv_proj", "o_proj", "gate_up_proj", "down_proj")


def build(config: Mapping[str, Any]) -> PreTrainedModel:
    """A language model with random weights; `config` is a stock config.json, with its `model_type`."""
    options = dict(config)
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(options.pop("model_type"), **options)).eval()


def head_of(language: PreTrainedModel) -> nn.Linear:
    """The layer that speaks."""
    return cast(nn.Linear, language.get_output_embeddings())


def embedding_of(language: PreTrainedModel) -> nn.Embedding:
    """The layer that reads."""
    return cast(nn.Embedding, language.get_input_embeddings())


def _has_bias(layer: nn.Linear) -> bool:
    return getattr(layer, "bias", None) is not None


def bias_head(language: PreTrainedModel) -> None:
    """Give the head a bias: Grounded-VideoLLM's weights have one, and the stock classes do not."""
    head = head_of(language)
    if not _has_bias(head):
        head.bias = nn.Parameter(torch.zeros_like(head.weight[:, 0]))


@torch.no_grad()
def grow(language: PreTrainedModel, count: int) -> None:
    """Add rows to the embedding and to the head, each the mean of the rows before."""
    embedding, head = embedding_of(language), head_of(language)
    for part in (embedding, head):
        mean = part.weight.mean(dim=0, keepdim=True)
        part.weight = nn.Parameter(torch.cat((part.weight, mean.expand(count, -1))), part.weight.requires_grad)
    if _has_bias(head):
        head.bias = nn.Parameter(torch.cat((head.bias, head.bias.new_zeros(count))), head.bias.requires_grad)
    embedding.num_embeddings = head.out_features = language.config.vocab_size = len(embedding.weight)


def with_lora(
    language: PreTrainedModel, rank: int, alpha: int, linears: Sequence[str] = LLAMA_LINEARS, dropout: float = 0.05
) -> PeftModel:
    """The model with low-rank updates on its linear layers (arXiv 2106.09685); only they are trained."""
    wanted = LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=dropout, bias="none", target_modules=list(linears))
    with warnings.catch_warnings():
        # PEFT 0.21 still asks transformers under a name that is on its way out.
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        return get_peft_model(language, wanted)
