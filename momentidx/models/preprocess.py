"""Pictures as each encoder was fed them: RGB bytes in, normalised tensors out.

Three ways to make a picture small, which differ by far more than rounding: bicubic on a tensor with
or without antialias (VTimeLLM; the authors' torchvision had none), and Pillow's on 8-bit pictures
(Momentor, Grounded-VideoLLM). They also round the place of the centre crop differently.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

Picture = NDArray[np.uint8]
"""(H, W, 3) RGB bytes."""

CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class ClipTensor:
    """VTimeLLM: bicubic on a tensor of 0..1, not clamped after; the crop's place rounds half to even."""

    size: int = 224
    antialias: bool = False
    mean: tuple[float, float, float] = CLIP_MEAN
    std: tuple[float, float, float] = CLIP_STD

    def __call__(self, pictures: Sequence[Picture]) -> Tensor:
        """T pictures to (T, 3, size, size) float32."""
        return torch.stack([self._one(picture) for picture in pictures])

    def _one(self, picture: Picture) -> Tensor:
        x = torch.from_numpy(picture).permute(2, 0, 1).float() / 255.0  # (H, W, 3) -> (3, H, W)
        height, width = short_side(x.shape[1], x.shape[2], self.size)
        x = interpolate(x[None], (height, width), mode="bicubic", align_corners=False, antialias=self.antialias)[0]
        top, left = round((height - self.size) / 2), round((width - self.size) / 2)
        return normalised(x[:, top : top + self.size, left : left + self.size], self.mean, self.std)


@dataclass(frozen=True, slots=True)
class ClipPillow:
    """Momentor, Grounded-VideoLLM: Pillow's bicubic on bytes, then the centre, then 0..1 and normalised."""

    size: int = 224
    mean: tuple[float, float, float] = CLIP_MEAN
    std: tuple[float, float, float] = CLIP_STD
    floors: bool = False
    """Whether the crop's place is floored (CLIP's image processor) or rounded half to even (torchvision)."""

    def __call__(self, pictures: Sequence[Picture]) -> Tensor:
        """T pictures to (T, 3, size, size) float32."""
        return torch.stack([self._one(picture) for picture in pictures])

    def _one(self, picture: Picture) -> Tensor:
        height, width = short_side(picture.shape[0], picture.shape[1], self.size)
        small = np.array(Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC))
        place = (lambda rest: rest // 2) if self.floors else (lambda rest: round(rest / 2))
        top, left = place(height - self.size), place(width - self.size)
        x = torch.from_numpy(small[top : top + self.size, left : left + self.size])
        return normalised(x.permute(2, 0, 1).float() / 255.0, self.mean, self.std)


def short_side(height: int, width: int, size: int) -> tuple[int, int]:
    """Height and width with the shorter side of length `size`; the other is truncated."""
    if height <= width:
        return size, int(size * width / height)
    return int(size * height / width), size


def normalised(x: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """(3, H, W) of 0..1 to the encoder's scale."""
    return (x - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]


MOMENTOR = ClipPillow(floors=True)
GROUNDED_SPATIAL = ClipPillow(336)
GROUNDED_TEMPORAL = ClipPillow(224, IMAGENET_MEAN, IMAGENET_STD)
VTIMELLM = ClipTensor()
