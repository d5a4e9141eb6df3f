"""Names for colours, by where they lie in CIE L*a*b* (lightness, chroma, hue)."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

NEUTRALS = ("black", "grey", "white")
HUES = ("red", "orange", "brown", "beige", "yellow", "green", "turquoise", "blue", "purple", "pink")
NAMES = NEUTRALS + HUES
"""Plain colour words; a name's place in this tuple is its number below."""

_HUE_LIMITS = (
    (18, "pink"),
    (48, "red"),
    (72, "orange"),
    (104, "yellow"),
    (172, "green"),
    (225, "turquoise"),
    (300, "blue"),
    (332, "purple"),
    (360, "pink"),
)
"""Upper limit of each hue, in degrees; measured on the CSS colours of these names."""
_COLOURED = 15.0
"""Chroma below which a surface is called black, grey or white."""


def shares(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(len(NAMES),) share of an (H, W, 3) RGB picture that each colour name covers."""
    red, green, blue = np.moveaxis(picture >> 3, -1, 0)
    numbers = _table()[red, green, blue].ravel()
    return np.asarray(np.bincount(numbers, minlength=len(NAMES)) / numbers.size, np.float32)


@cache
def _table() -> NDArray[np.int64]:
    """(32, 32, 32) the number of the colour name for every eighth level of red, green and blue."""
    levels = np.arange(4, 256, 8, dtype=np.float32) / 255
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1, dtype=np.float32)
    return _named(cube.reshape(32, -1, 3)).reshape(32, 32, 32)


def _named(colours: NDArray[np.float32]) -> NDArray[np.int64]:
    """(H, W, 3) RGB, 0 to 1, to (H, W) numbers."""
    lab = cv2.cvtColor(colours, cv2.COLOR_RGB2LAB)
    light, chroma = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    limits = np.array([limit for limit, _ in _HUE_LIMITS])
    numbers = np.array([NAMES.index(name) for _, name in _HUE_LIMITS])
    name = numbers[np.searchsorted(limits, hue, side="right").clip(0, len(limits) - 1)]
    warm = (hue >= 30) & (hue < 100)
    name = np.where(warm & (light < 55) & (chroma < 48) & (hue >= 42), NAMES.index("brown"), name)
    name = np.where(warm & (light >= 55) & (chroma < 36), NAMES.index("beige"), name)
    dull = (name == NAMES.index("red")) & (chroma < 36)
    name = np.where(dull, np.where(light > 58, NAMES.index("pink"), NAMES.index("brown")), name)
    neutral = np.select([light < 20, light > 86], [NAMES.index("black"), NAMES.index("white")], NAMES.index("grey"))
    coloured = (chroma >= _COLOURED) & (light >= 9)
    return np.where(coloured, name, neutral).astype(np.int64)
