"""From what an encoder sees to what a language model reads.

One linear layer (VTimeLLM, Momentor: `nn.Linear` itself) or the two streams of Grounded-VideoLLM
(arXiv 2410.03290, section 3.2): of each segment the patches of one sharp picture, then the pooled
patches of all its frames, then one token that ends it.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, gelu


class Mlp(nn.Module):
    """Two linear layers with an exact GELU between them."""

    def __init__(self, width: int, hidden: int, out: int) -> None:
        super().__init__()
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, out)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(gelu(self.up(x)))  # (..., width) -> (..., out)


def merge_2x2(x: Tensor) -> Tensor:
    """Each block of four neighbouring patches as one, its channels after each other, row by row."""
    batch, height, width, channels = x.shape
    x = x.view(batch, height // 2, 2, width // 2, 2, channels)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(batch, height // 2, width // 2, 4 * channels)


def with_row_ends(x: Tensor, end: Tensor) -> Tensor:
    """(S, H, W, C) and a vector (C,) to (S, H * (W + 1), C): every row closed by the vector."""
    ends = end.expand(x.shape[0], x.shape[1], 1, x.shape[3])
    return torch.cat((x, ends), dim=2).flatten(1, 2)


def pooled(x: Tensor, side: int) -> Tensor:
    """(S, H, W, C) to (S, side * side, C), the mean of each cell."""
    return adaptive_avg_pool2d(x.permute(0, 3, 1, 2), side).flatten(2).transpose(1, 2)


class TwoStream(nn.Module):
    """Segments of (keyframe patches, frames' patches) to one row of tokens.

    `spatial="merge"` (Phi-3.5): 2x2 merged patches with learned row ends, 156 tokens, and the block end
    goes through the image projector. `spatial="pool"` (Llama-3, Vicuna): 8x8 means, 64 tokens, and the
    block end is added as it is. With 8 frames of 4x4 tokens: (156 + 128 + 1) x 12 = 3420 or
    (64 + 128 + 1) x 12 = 2316 tokens.
    """

    def __init__(
        self, spatial: Literal["merge", "pool"], image: nn.Module, video: nn.Module, image_width: int, out: int,
        frames: int = 8, image_side: int = 8, video_side: int = 4,
    ) -> None:  # fmt: skip
        super().__init__()
        self.spatial, self.image, self.video = spatial, image, video
        self.frames, self.image_side, self.video_side = frames, image_side, video_side
        merges = spatial == "merge"
        self.row_end = nn.Parameter(torch.zeros(4 * image_width)) if merges else None
        self.block_end = nn.Parameter(torch.zeros(4 * image_width if merges else out))

    def forward(self, keyframes: Tensor, frames: Tensor | None) -> Tensor:
        """keyframes (S, 1 + P, C), frames (S, 1 + F * Q, C'), class tokens first, to (S * tokens, D).

        Without frames the temporal stream is left out.
        """
        still = self.still(grid(keyframes[:, 1:]))  # (S, 156 or 64, D)
        moving = self.moving(frames[:, 1:]) if frames is not None else still[:, :0]  # (S, F * 16, D)
        end = self.image(self.block_end) if self.spatial == "merge" else self.block_end  # (D,)
        ends = end.expand(still.shape[0], 1, -1)
        return torch.cat((still, moving, ends), dim=1).flatten(0, 1)

    def still(self, x: Tensor) -> Tensor:
        """(S, H, W, C) to (S, tokens, D)."""
        if self.row_end is not None:
            return self.image(with_row_ends(merge_2x2(x), self.row_end))
        return self.image(pooled(x, self.image_side))

    def moving(self, x: Tensor) -> Tensor:
        """(S, F * Q, C) to (S, F * side * side, D): each frame pooled by itself."""
        segments = x.shape[0]
        x = x.reshape(segments * self.frames, -1, x.shape[2])  # (S * F, Q, C)
        x = pooled(grid(x), self.video_side)  # (S * F, side * side, C)
        return self.video(x.reshape(segments, -1, x.shape[2]))


def grid(x: Tensor) -> Tensor:
    """(B, side * side, C) to (B, side, side, C)."""
    side = round(x.shape[1] ** 0.5)
    return x.view(x.shape[0], side, side, x.shape[2])
