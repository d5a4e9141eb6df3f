"""InternVideo2's video tower (arXiv 2403.15377): a plain vision transformer over all patches of all frames.

What we do differently: only what Grounded-VideoLLM looks at is here. The last block, the decoders and
the attention pooling are left out, stochastic depth too (it acts in training only, and the tower is
frozen), and the positions of 4 frames are stretched to the frames in use when the weights are loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, interpolate, scaled_dot_product_attention


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes; the defaults are those of InternVideo2-1B at 224 pixels."""

    width: int = 1408
    depth: int = 40
    heads: int = 16
    hidden: int = 6144
    patch: int = 14
    side: int = 224
    frames: int = 8
    epsilon: float = 1e-6

    @property
    def places(self) -> int:
        """Patches of one frame."""
        return (self.side // self.patch) ** 2


class Attention(nn.Module):
    """Every patch looks at every patch; queries and keys are normed over all heads at once."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv = nn.Linear(config.width, 3 * config.width, bias=False)
        self.q_norm = nn.RMSNorm(config.width, config.epsilon)
        self.k_norm = nn.RMSNorm(config.width, config.epsilon)
        self.proj = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, dim=-1)  # (B, T, D) each
        q, k, v = (self.split(part) for part in (self.q_norm(q), self.k_norm(k), v))
        x = scaled_dot_product_attention(q, k, v)  # (B, H, T, D/H)
        return self.proj(x.transpose(1, 2).flatten(2))  # (B, T, D)

    def split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)  # (B, T, D) -> (B, H, T, D/H)


class Mlp(nn.Module):
    """Two linear layers with an exact GELU between them."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.fc1 = nn.Linear(config.width, config.hidden)
        self.fc2 = nn.Linear(config.hidden, config.width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(gelu(self.fc1(x)))


class Scale(nn.Module):
    """A learned factor for each channel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gamma


class Block(nn.Module):
    """Attention, then two linear layers; each normed before and scaled after."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.norm1 = nn.RMSNorm(config.width, config.epsilon)
        self.attn = Attention(config)
        self.ls1 = Scale(config.width)
        self.norm2 = nn.RMSNorm(config.width, config.epsilon)
        self.mlp = Mlp(config)
        self.ls2 = Scale(config.width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.ls1(self.attn(self.norm1(x)))
        return x + self.ls2(self.mlp(self.norm2(x)))


class InternVideo2(nn.Module):
    """Clips in, the features of all patches one block before the end out."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + config.frames * config.places, config.width))
        self.patch_embed = nn.Conv3d(3, config.width, (1, config.patch, config.patch), (1, config.patch, config.patch))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth - 1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, F, H, W) to (B, 1 + F * places, D), the class token first."""
        x = self.patch_embed(x).flatten(2).transpose(1, 2)  # (B, D, F, h, w) -> (B, F*h*w, D)
        x = torch.cat((self.cls_token.expand(len(x), -1, -1), x), dim=1) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return x

    @classmethod
    def from_checkpoint(cls, tensors: Mapping[str, Tensor], config: Config, frames: int = 4) -> Self:
        """The tower with the tensors of the published file, made for `frames` frames.

        Raises RuntimeError when a name or a shape is not the expected one.
        """
        with torch.device("meta"):
            tower = cls(config)
        last = f"blocks.{config.depth - 1}."
        weights = {
            name.replace("patch_embed.proj.", "patch_embed."): tensor
            for name, tensor in used(tensors).items()
            if not name.startswith(last)
        }
        weights["pos_embed"] = stretched(weights["pos_embed"], frames, config.frames)
        tower.load_state_dict(weights, assign=True)
        return tower.eval().requires_grad_(False)


def stretched(positions: Tensor, frames: int, to: int) -> Tensor:
    """(1, 1 + frames * places, D) to (1, 1 + to * places, D), linear in time."""
    first, places = positions[:, :1], positions[:, 1:]
    grid = places.unflatten(1, (frames, -1))[0]  # (frames, places, D)
    x = grid.permute(1, 2, 0)  # (places, D, frames)
    x = interpolate(x, size=to, mode="linear", align_corners=False).permute(2, 0, 1)  # (to, places, D)
    return torch.cat((first, x.flatten(0, 1)[None]), dim=1)


def used(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Without the decoders, the attention pooling and the positions of other inputs."""
    return {name: tensor for name, tensor in tensors.items() if _OTHERS.match(name) is None}


_OTHERS = re.compile(
    r"(img_pos_embed|clip_pos_embed|clip_img_pos_embed|clip_projector\.|clip_decoder\.|final_clip_decoder\.)"
)
