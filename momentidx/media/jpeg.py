"""Pictures as files, inside the decoding child."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.media.stills import Sprite, Still

_QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 85)


def encoded(picture: NDArray[np.uint8]) -> bytes:
    """A picture of (H, W, 3) RGB as JPEG."""
    done, packed = cv2.imencode(".jpg", picture[:, :, ::-1], _QUALITY)
    if not done:
        raise MemoryError("a still cannot be packed")
    return packed.tobytes()


def lossless(picture: NDArray[np.uint8]) -> bytes:
    """A picture of (H, W, 3) RGB as PNG."""
    done, packed = cv2.imencode(".png", picture[:, :, ::-1])
    if not done:
        raise MemoryError("a picture cannot be packed")
    return packed.tobytes()


def sprite(stills: Sequence[Still], columns: int, tile_width: int) -> Sprite:
    """The stills side by side; they have one size."""
    tiles = [_tile(still, tile_width) for still in stills]
    rows = -(-len(tiles) // columns)
    tiles += [np.zeros_like(tiles[0])] * (rows * columns - len(tiles))
    strips = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    return Sprite(encoded(np.vstack(strips)), columns, rows, tuple(still.pts for still in stills))


def _tile(still: Still, width: int) -> NDArray[np.uint8]:
    picture = cv2.imdecode(np.frombuffer(still.jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise ValueError(f"the still at {still.pts} is not a picture")
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
