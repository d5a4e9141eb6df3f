"""Language models whose head must not be their embedding."""

from __future__ import annotations

from torch import nn
from transformers import PreTrainedModel

from momentidx.models.language import embedding_of, head_of


def untied(language: PreTrainedModel) -> PreTrainedModel:
    """With a head of its own: new tokens are read with one row and spoken with another."""
    if head_of(language).weight is embedding_of(language).weight:
        head_of(language).weight = nn.Parameter(head_of(language).weight.detach().clone())
    language.config.tie_word_embeddings = False
    return language
