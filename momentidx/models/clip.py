"""CLIP's vision tower (arXiv 2103.00020), three ways of looking at its output; the network is transformers'."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModel, CLIPVisionModelWithProjection

from momentidx.models.quiet import quietly

Look = Literal["projected", "pooled", "patches"]
"""VTimeLLM's, Momentor's and Grounded-VideoLLM's."""


class ClipFrames(nn.Module):
    """Pictures in, one vector or one row of patches for each out.

    "projected": the class token after the last norm and the projection, not scaled to length 1 (768 for
    ViT-L/14). "pooled": the same before the projection (1024). "patches": the second-to-last layer, the
    class token first (1 + 576, 1024 at 336 pixels).
    """

    def __init__(self, look: Look, tower: CLIPVisionModel | CLIPVisionModelWithProjection) -> None:
        super().__init__()
        self.look: Look = look
        self.tower = tower.eval().requires_grad_(False)

    @property
    def side(self) -> int:
        """Pixels of the square pictures that it takes."""
        return int(self.tower.config.image_size)

    def forward(self, pictures: Tensor) -> Tensor:
        """(T, 3, side, side) to (T, C), or to (T, 1 + P, C) for patches."""
        output = self.tower(pixel_values=pictures, output_hidden_states=self.look == "patches")
        if self.look == "projected":
            return output.image_embeds
        if self.look == "pooled":
            return output.pooler_output
        return output.hidden_states[-2]

    @classmethod
    def random(cls, look: Look, config: CLIPVisionConfig) -> ClipFrames:
        """With random weights, for tests and for measuring speed."""
        return cls(look, _kind(look)(config))

    @classmethod
    def load(cls, look: Look, folder: Path) -> ClipFrames:
        """From a folder as transformers writes it; nothing is fetched."""
        with quietly():
            return cls(look, _kind(look).from_pretrained(folder, local_files_only=True))


def _kind(look: Look) -> type[CLIPVisionModel] | type[CLIPVisionModelWithProjection]:
    return CLIPVisionModelWithProjection if look == "projected" else CLIPVisionModel
