"""Places: painted grounds, larger than the picture so that a camera can move over them.

Colours are muted, so that things stand out; every surface has texture, so that movement can be seen. The parts
of a place are laid out anew for each seed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.training.world.things import Picture

MARGIN = 1.75
"""Sides of the picture that a ground is wide and high."""
Plane = NDArray[np.float32]
Colour = tuple[int, int, int]


def _rough(random: np.random.Generator, side: int, cells: int, stretch: float = 1.0) -> Plane:
    """(side, side) soft texture around 0, about -1 to 1; `stretch` lengthens it sideways."""
    coarse = random.random((cells, max(2, round(cells / stretch))), np.float32) * 2 - 1
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_LINEAR), np.float32)


def _ground(random: np.random.Generator, side: int, top: Colour, bottom: Colour, grain: float, **kind: float) -> Plane:
    """(side, side, 3) from one colour above to another below, with texture."""
    mix = np.linspace(0, 1, side, dtype=np.float32)[:, None, None]
    shade = np.array(top, np.float32) * (1 - mix) + np.array(bottom, np.float32) * mix
    rough = _rough(random, side, int(kind.get("cells", 24)), kind.get("stretch", 1.0))
    rough += 0.6 * _rough(random, side, 60)
    return np.asarray(shade + grain * rough[..., None], np.float32)


def _below(random: np.random.Generator, picture: Plane, level: float, top: Colour, bottom: Colour, grain: float,
           **kind: float) -> Plane:  # fmt: skip
    """The picture with other ground below a wavy line at `level` (share of the height)."""
    side = len(picture)
    x = np.arange(side, dtype=np.float32) / side
    wave = np.float32(kind.get("wave", 0.02))
    line = side * (level + wave * np.sin(9 * x + np.float32(random.random()) * 6))
    under = (np.arange(side, dtype=np.float32)[:, None] > line)[..., None]
    return np.where(under, _ground(random, side, top, bottom, grain, **kind), picture)


def _posts(random: np.random.Generator, picture: Plane, colour: Colour, count: int, wide: float, tall: float) -> Plane:
    """Upright blocks on the horizon: houses, trunks, shelves."""
    side = len(picture)
    for _ in range(count):
        width, height = int(side * wide * random.uniform(0.6, 1.4)), int(side * tall * random.uniform(0.6, 1.3))
        left, foot = int(random.integers(0, side)), int(side * random.uniform(0.52, 0.62))
        shade = np.array(colour, np.float32) * np.float32(random.uniform(0.8, 1.15))
        picture[max(0, foot - height) : foot, left : left + width] = shade
    return picture


def _dots(random: np.random.Generator, picture: Plane, colour: Colour, count: int, below: float = 1.0) -> Plane:
    side = len(picture)
    for x, y in zip(random.integers(0, side, count), random.integers(0, max(1, int(side * below)), count), strict=True):
        cv2.circle(picture, (int(x), int(y)), max(1, side // 110), colour, -1, cv2.LINE_AA)
    return picture


def _beach(r: np.random.Generator, s: int) -> Plane:
    sky = _ground(r, s, (150, 186, 210), (196, 214, 220), 8, cells=8, stretch=3)
    sea = _below(r, sky, 0.42, (70, 122, 140), (96, 150, 160), 14, cells=20, stretch=6, wave=0)
    return _below(r, sea, 0.62, (206, 186, 146), (188, 166, 124), 12)


def _meadow(r: np.random.Generator, s: int) -> Plane:
    sky = _ground(r, s, (148, 180, 206), (206, 216, 214), 8, cells=8, stretch=3)
    grass = _below(r, sky, 0.45, (128, 156, 96), (92, 126, 66), 18, wave=0.04)
    return _dots(r, grass, (226, 216, 170), 20)


def _desert(r: np.random.Generator, s: int) -> Plane:
    sky = _ground(r, s, (200, 178, 150), (226, 200, 160), 6, cells=8, stretch=3)
    far = _below(r, sky, 0.45, (190, 140, 96), (180, 128, 84), 10, wave=0.06)
    return _below(r, far, 0.6, (204, 156, 106), (176, 124, 78), 14, wave=0.05)


def _snow(r: np.random.Generator, s: int) -> Plane:
    sky = _ground(r, s, (160, 172, 186), (196, 204, 212), 8, cells=8)
    field = _below(r, sky, 0.45, (212, 218, 226), (190, 200, 214), 8, wave=0.05)
    return _posts(r, field, (92, 104, 104), 7, 0.04, 0.14)


def _city(r: np.random.Generator, s: int) -> Plane:
    sky = _ground(r, s, (160, 168, 178), (190, 190, 188), 6, cells=8)
    houses = _posts(r, sky, (134, 122, 116), 12, 0.1, 0.36)
    return _below(r, houses, 0.6, (104, 104, 108), (82, 82, 86), 10, wave=0)


def _night(r: np.random.Generator, s: int) -> Plane:
    sky = _dots(r, _ground(r, s, (16, 20, 44), (40, 44, 76), 5, cells=8), (210, 210, 190), 40, 0.55)
    return _below(r, sky, 0.62, (30, 36, 38), (18, 22, 26), 6, wave=0.05)


def _room(r: np.random.Generator, s: int) -> Plane:
    wall = _ground(r, s, (184, 170, 152), (170, 154, 136), 5, cells=10)
    left, top = int(s * r.uniform(0.1, 0.6)), int(s * r.uniform(0.12, 0.2))
    wall[top : top + s // 5, left : left + s // 4] = (150, 176, 190)
    return _below(r, wall, 0.62, (142, 108, 80), (118, 88, 64), 12, cells=30, stretch=10, wave=0)


def _forest(r: np.random.Generator, s: int) -> Plane:
    green = _ground(r, s, (70, 92, 66), (50, 72, 48), 16, cells=16)
    trunks = _posts(r, green, (78, 62, 48), 12, 0.035, 0.5)
    return _below(r, trunks, 0.62, (84, 84, 54), (62, 62, 40), 14, wave=0.03)


def _sea(r: np.random.Generator, s: int) -> Plane:
    sky = _ground(r, s, (140, 164, 190), (190, 200, 206), 8, cells=8, stretch=3)
    return _below(r, sky, 0.36, (58, 96, 118), (34, 66, 92), 20, cells=26, stretch=5, wave=0.01)


def _studio(r: np.random.Generator, s: int) -> Plane:
    return _below(
        r, _ground(r, s, (128, 128, 132), (148, 148, 150), 4, cells=6), 0.66, (112, 112, 116), (96, 96, 100), 4
    )


PAINTED: dict[str, Callable[[np.random.Generator, int], Plane]] = {
    "beach": _beach, "meadow": _meadow, "desert": _desert, "snow": _snow, "city": _city, "night": _night,
    "room": _room, "forest": _forest, "sea": _sea, "studio": _studio,
}  # fmt: skip
PLACES = tuple(PAINTED)


@lru_cache(maxsize=8)
def canvas(place: str, seed: int, side: int) -> Picture:
    """The ground of a shot, `MARGIN` times as large as its picture of `side` pixels; not to be written to.

    It is laid out at one size and stretched to others, so that footage is the same at every size.
    """
    painted = PAINTED[place](np.random.default_rng((seed, PLACES.index(place))), round(112 * MARGIN))
    picture = np.clip(np.rint(painted), 0, 255).astype(np.uint8)
    full = round(side * MARGIN)
    if full != len(picture):
        picture = np.asarray(cv2.resize(picture, (full, full), interpolation=cv2.INTER_CUBIC), np.uint8)
    picture.flags.writeable = False
    return picture
