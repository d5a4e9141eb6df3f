"""Decoded pictures made small and upright, inside the decoding child.

Decoders deliver planes of luma and chroma. They are scaled down first and turned to RGB after,
which costs a tenth of the usual order. Colours follow the picture's own matrix and range; where it
names none, as players do: BT.709 for HD, BT.601 below. Tones stay as they are coded: HDR is not
mapped, fields are not separated.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import cv2
import numpy as np
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from momentidx.footage import VideoStream
from momentidx.media.compare import HEIGHT, WIDTH
from momentidx.times import round_half_up

cv2.setNumThreads(1)  # the decoder has its own threads; more of them on one picture only wait for each other

Plane = NDArray[np.uint8]
"""One component of a picture, 0 to 255."""

_LUMA_WEIGHTS = {1: (0.2126, 0.0722), 9: (0.2627, 0.0593), 10: (0.2627, 0.0593), 7: (0.212, 0.087)}
"""Weights of red and blue in luma by matrix number (ITU-T H.273 table 4); BT.601 for the others."""
_BT601 = (0.299, 0.114)
_UNSPECIFIED, _RGB = 2, 0
_FULL_RANGE = 2  # AVColorRange
_HD_LINES = 720


def size_within(video: VideoStream, long_side: int) -> tuple[int, int]:
    """Width and height of the upright picture with square pixels whose longer side is given."""
    turned = video.rotation % 180 != 0
    sample_aspect = 1 / video.sample_aspect if turned else video.sample_aspect
    aspect = Fraction(video.width, video.height) * sample_aspect
    if aspect >= 1:
        return long_side, max(1, round_half_up(long_side / aspect))
    return max(1, round_half_up(long_side * aspect)), long_side


class Scaler:
    """Makes upright RGB pictures of one size from the frames of one footage."""

    def __init__(self, video: VideoStream, long_side: int) -> None:
        self.width, self.height = size_within(video, long_side)
        self._turns = -video.rotation // 90 % 4  # rot90 turns counter-clockwise
        coded = (self.width, self.height) if video.rotation % 180 == 0 else (self.height, self.width)
        self._size = coded

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """(H, W, 3) RGB."""
        frame = planar(frame)
        planes = [_resized(frame, index, self._size) for index in range(3)]
        picture = cv2.transform(cv2.merge(planes), _to_rgb(frame))
        return np.ascontiguousarray(np.rot90(picture, self._turns))


def planar(frame: VideoFrame) -> VideoFrame:
    """The frame itself when its components lie in planes of their own, else converted."""
    return frame if _bits(frame.format.name) else frame.reformat(format="yuv444p")


@cache
def _bits(name: str) -> tuple[int, ...]:
    """Bits of the components of a pixel format whose components lie in planes of their own; else nothing."""
    pixels = VideoFormat(name)
    parts = pixels.components
    ready = (
        not pixels.is_rgb
        and not pixels.is_big_endian
        and not pixels.has_palette
        and not pixels.is_bayer
        and all(part.plane == index for index, part in enumerate(parts))
        and all(8 <= part.bits <= 16 for part in parts)
    )
    return tuple(part.bits for part in parts) if ready else ()


def small_planes(frame: VideoFrame) -> Plane:
    """Luma and chroma as coded, in the one row that `Picture` compares; `frame` is planar."""
    half = WIDTH // 2, HEIGHT // 2
    planes = (_thinned(frame, 0, (WIDTH, HEIGHT)), _thinned(frame, 1, half), _thinned(frame, 2, half))
    return np.concatenate([plane.reshape(1, -1) for plane in planes], axis=1)


def is_full_range(frame: VideoFrame) -> bool:
    """Whether luma uses 0 to 255 and not 16 to 235."""
    return bool(frame.color_range == _FULL_RANGE) or frame.format.name.startswith("yuvj")


def _resized(frame: VideoFrame, index: int, size: tuple[int, int]) -> Plane:
    """One component, each of its pixels the mean of those it replaces."""
    rows = _rows(frame, index)
    shrinks = size[0] < rows.shape[1] and size[1] < rows.shape[0]
    return _eight_bits(cv2.resize(rows, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR), frame)


def _thinned(frame: VideoFrame, index: int, size: tuple[int, int]) -> Plane:
    """One component, each of its pixels the mean of four of those it replaces: enough to compare, and fast."""
    rows = cv2.resize(_rows(frame, index), (2 * size[0], 2 * size[1]), interpolation=cv2.INTER_NEAREST)
    return _eight_bits(cv2.resize(rows, size, interpolation=cv2.INTER_AREA), frame)


def _rows(frame: VideoFrame, index: int) -> NDArray[Any]:
    """A component as the decoder holds it, without a copy."""
    bits = _bits(frame.format.name)
    if index > 0 and len(bits) < 3:  # grey, with or without alpha
        return np.full((1, 1), 1 << (bits[0] - 1), np.uint8 if bits[0] == 8 else np.uint16)
    plane = frame.planes[index]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return (rows if bits[index] == 8 else rows.view("<u2"))[:, : plane.width]


def _eight_bits(rows: NDArray[Any], frame: VideoFrame) -> Plane:
    bits = _bits(frame.format.name)[0]
    return rows if bits == 8 else np.asarray(rows >> (bits - 8), np.uint8)


def _to_rgb(frame: VideoFrame) -> NDArray[np.float32]:
    """(3, 4) from (Y, Cb, Cr, 1) as coded to RGB, 0 to 255 (ITU-T H.273 section 8.3)."""
    matrix = int(frame.colorspace)
    if matrix == _UNSPECIFIED and frame.height >= _HD_LINES:
        matrix = 1
    red, blue = _LUMA_WEIGHTS.get(matrix, _BT601)
    green = 1 - red - blue
    rows = np.array(
        [
            [1, 0, 2 * (1 - red)],
            [1, -2 * (1 - blue) * blue / green, -2 * (1 - red) * red / green],
            [1, 2 * (1 - blue), 0],
        ]
    )
    scale, offset = (np.ones(3), np.array([0, 128, 128]))
    if not is_full_range(frame):
        scale, offset = np.array([255 / 219, 255 / 224, 255 / 224]), np.array([16, 128, 128])
    rows *= scale
    return np.column_stack([rows, -rows @ offset]).astype(np.float32)
