"""Pictures as the tensors that video chat models take, without torchvision.

The library's own video processors need torchvision, which momentidx does without (its decoding and
resizing are done elsewhere, and it ties the version of torch). The sums are small; here they are, and
`tests/caption/test_pixels.py` compares them with the library's own PIL image processors where those exist.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a model's preprocessing configuration says."""

    patch: int
    """Side of a patch in pixels."""
    mean: tuple[float, ...]
    std: tuple[float, ...]
    merge: int = 1
    """Patches a side that become one token."""
    pictures: int = 1
    """Pictures that become one layer of patches."""
    least: int = 0
    """Fewest pixels ..."""
    most: int = 1 << 40
    """... and most; of a picture or of a clip, as the family counts."""
    side: int = 0
    """Side of the square that pictures become, for models that take squares."""
    tokens: int = 0
    """Tokens of a picture, for models where that is fixed."""


def fitted(height: int, width: int, factor: int, least: int, most: int, layers: int = 1) -> tuple[int, int]:
    """A size near the given one, in multiples of `factor`, with `least` to `most` pixels in all `layers`."""
    rows, columns = (max(1, round(side / factor)) for side in (height, width))
    area = layers * rows * columns * factor * factor
    scale = math.sqrt((most if area > most else least) / (layers * height * width))
    if area > most:
        rows, columns = (max(1, math.floor(side * scale / factor)) for side in (height, width))
    elif area < least:
        rows, columns = (math.ceil(side * scale / factor) for side in (height, width))
    return rows * factor, columns * factor


def resized(
    images: NDArray[np.uint8], size: tuple[int, int], *, mode: str = "bicubic", antialias: bool = True
) -> Tensor:
    """(T, H, W, 3) pictures as (T, 3, height, width) whole numbers 0 to 255, in floats."""
    pictures = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float()
    if tuple(pictures.shape[-2:]) == size:
        return pictures
    return functional.interpolate(pictures, size, mode=mode, antialias=antialias).round().clamp(0, 255)


def normalised(pictures: Tensor, numbers: Numbers) -> Tensor:
    """(T, 3, H, W) of 0 to 255, with the mean and spread the model was trained on."""
    mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (numbers.mean, numbers.std))
    return (pictures / 255 - mean) / std


def patches(pictures: Tensor, numbers: Numbers) -> tuple[Tensor, tuple[int, int, int]]:
    """Patches in the order of the tokens they become, and how many there are in time, height and width.

    (T, 3, H, W) -> (t*h*w, 3 * pictures * patch * patch); the last picture is repeated to fill its layer.
    Patches that are merged into one token follow each other.
    """
    side, merge, layer = numbers.patch, numbers.merge, numbers.pictures
    if missing := -len(pictures) % layer:
        pictures = torch.cat([pictures, pictures[-1:].expand(missing, -1, -1, -1)])
    t, h, w = len(pictures) // layer, pictures.shape[-2] // side, pictures.shape[-1] // side
    split = pictures.reshape(t, layer, 3, h // merge, merge, side, w // merge, merge, side)
    #                        t  layer  C  H  mh  ph  W  mw  pw  ->  t  H  W  mh  mw  C  layer  ph  pw
    ordered = split.permute(0, 3, 6, 4, 7, 2, 1, 5, 8)
    return ordered.reshape(t * h * w, 3 * layer * side * side), (t, h, w)


def changed(flat: Tensor, grid: tuple[int, int, int], merge: int, threshold: float = 0.1) -> Tensor:
    """Which tokens differ from those of the picture before (t*h*w / merge^2,); at least one of each picture."""
    t, h, w = grid
    tokens = flat.reshape(t, (h // merge) * (w // merge), -1)
    kept = torch.ones(tokens.shape[:2], dtype=torch.bool)
    kept[1:] = (tokens[1:] - tokens[:-1]).abs().mean(-1) * 255 > threshold
    kept[~kept.any(1), 0] = True
    return kept.flatten()


def pooled(rows: int, columns: int, window: Sequence[int]) -> tuple[Tensor, int, int]:
    """Windows over a grid of patches: (windows, size of one) indices, -1 outside; and the windows a side."""
    high, wide = window
    down, right = -(-rows // high), -(-columns // wide)
    over, beside = down * high - rows, right * wide - columns
    index = torch.arange(rows * columns).reshape(rows, columns)
    index = functional.pad(index, (beside // 2, beside - beside // 2, over // 2, over - over // 2), value=-1)
    return index.reshape(down, high, right, wide).permute(0, 2, 1, 3).reshape(down * right, high * wide), down, right
