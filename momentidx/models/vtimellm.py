"""VTimeLLM (arXiv 2311.18445): one token for each of 100 frames, and time as two digits of text.

What we do differently: the language model is any stock one, driven by its embeddings, and the marker
is handled beside it instead of inside a subclass. The numbers are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from transformers import PreTrainedModel

from momentidx.models.language import embedding_of
from momentidx.models.splice import Spliced, splice

FRAMES = 100
CLIP_WIDTH = 768


class VTimeLLM(nn.Module):
    """Projected CLIP vectors of frames, and text with a marker, to the next tokens."""

    def __init__(self, language: PreTrainedModel, width: int = CLIP_WIDTH) -> None:
        super().__init__()
        self.language = language
        self.projector = nn.Linear(width, language.config.hidden_size)

    def splice(
        self, ids: Tensor, features: Sequence[Tensor], mask: Tensor | None = None, labels: Tensor | None = None,
        limit: int | None = None,
    ) -> Spliced:  # fmt: skip
        """ids (B, T) with a marker; features: (F, 768) for each row."""
        seen = [self.projector(row) for row in features]  # (F, 768) -> (F, D)
        return splice(embedding_of(self.language), ids, seen, mask, labels, limit)

    def forward(self, batch: Spliced) -> Any:
        """The language model's output: `.logits` (B, T, V), and `.loss`, the mean over all labels."""
        return self.language(inputs_embeds=batch.embeds, attention_mask=batch.mask, labels=batch.labels)
