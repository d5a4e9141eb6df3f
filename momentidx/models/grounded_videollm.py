"""Grounded-VideoLLM (arXiv 2410.03290): two streams of 12 segments, and time as tokens of a grid.

What we do differently: the language model is any stock one; its tokens for time are ordinary rows at
the end of its vocabulary, and its head has a bias because the published weights have one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from transformers import PreTrainedModel

from momentidx.models.adapters import TwoStream
from momentidx.models.language import embedding_of
from momentidx.models.splice import Spliced, splice

SEGMENTS, FRAMES_OF_A_SEGMENT = 12, 8
CLIP_WIDTH, VIDEO_WIDTH = 1024, 1408


class GroundedVideoLLM(nn.Module):
    """Patches of keyframes and of all frames, and text with a marker, to the next tokens."""

    def __init__(self, language: PreTrainedModel, adapter: TwoStream) -> None:
        super().__init__()
        self.language, self.adapter = language, adapter

    def splice(
        self, ids: Tensor, seen: Sequence[tuple[Tensor, Tensor | None] | None], mask: Tensor | None = None,
        labels: Tensor | None = None, limit: int | None = None,
    ) -> Spliced:  # fmt: skip
        """ids (B, T) with a marker; for each row keyframes (S, 1 + P, C) and frames (S, 1 + F * Q, C'), or None."""
        features = [self.adapter(*row) if row is not None else None for row in seen]
        return splice(embedding_of(self.language), ids, features, mask, labels, limit)

    def forward(self, batch: Spliced) -> Any:
        """The language model's output: `.logits` (B, T, V), and `.loss`, the mean over all labels."""
        return self.language(inputs_embeds=batch.embeds, attention_mask=batch.mask, labels=batch.labels)
