"""Painted places for the demo footage: numpy and OpenCV drawing, the same on every run.

Pictures are (H, W, 3) uint8 RGB. Surfaces carry soft texture at several sizes, as real ones do, so
that camera movement can be measured on them.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 360

Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]
Colour = tuple[int, int, int]


def texture(height: int, width: int, seed: int, *, grain: int = 6, stretch: float = 1.0) -> Plane:
    """(H, W) soft irregular texture around 0, about -1 to 1; `stretch` lengthens it sideways, as in wood."""
    random = np.random.default_rng(seed)
    plane = np.zeros((height, width), np.float32)
    for octave, weight in ((1, 0.5), (3, 0.7), (9, 1.0)):
        shape = (height // (grain * octave) + 2, int(width / (grain * octave * stretch)) + 2)
        coarse = random.uniform(-1, 1, shape).astype(np.float32)
        plane += weight * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return plane / 1.5


def gradient(height: int, width: int, top: Colour, bottom: Colour) -> Plane:
    """(H, W, 3) blending from one colour above to another below."""
    mix = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    column = np.array(top, np.float32) * (1 - mix) + np.array(bottom, np.float32) * mix
    return np.repeat(column, width, axis=1)


def surface(height: int, width: int, top: Colour, bottom: Colour, seed: int, amount: float, **kind: float) -> Picture:
    """A gradient with texture on it."""
    rough = texture(height, width, seed, grain=int(kind.get("grain", 6)), stretch=kind.get("stretch", 1.0))
    return _picture(gradient(height, width, top, bottom) + amount * rough[..., None])


def hills() -> Picture:
    """A wide landscape by day: sky and clouds, four ridges, trees and houses with red roofs."""
    height, width = HEIGHT, WIDTH * 2 + 160
    clouds = np.clip(texture(height, width, 1, grain=14, stretch=2.5), 0, 1)[..., None]
    sky = gradient(height, width, (70, 140, 225), (190, 222, 245))
    picture = sky + (255 - sky) * 0.8 * clouds
    x = np.arange(width, dtype=np.float32)
    ridges = (
        ((120, 160, 175), 150, 26, 260),
        ((96, 150, 110), 190, 30, 190),
        ((84, 152, 66), 235, 26, 330),
        ((62, 128, 44), 290, 20, 230),
    )
    for number, (colour, level, swing, length) in enumerate(ridges):
        crest = level + swing * np.sin(x / length * 2 + number) + swing / 3 * np.sin(x / length * 7 + 2 * number)
        ground = np.arange(height, dtype=np.float32)[:, None] > crest
        rough = texture(height, width, 10 + number, grain=4 + 2 * number)[..., None]
        picture = np.where(ground[..., None], np.array(colour, np.float32) + 24 * rough, picture)
    canvas = _picture(picture)
    random = np.random.default_rng(3)
    for left in range(40, width - 60, 62):
        foot = int(random.integers(225, 330))
        if random.random() < 0.25:
            _house(canvas, (left, foot), 30)
        else:
            _tree(canvas, (left, foot), int(random.integers(14, 26)))
    return canvas


def tower() -> Picture:
    """A tall brick tower from the street up to the sky: a canvas higher than the picture."""
    height = HEIGHT * 2 + 80
    canvas = surface(height, WIDTH, (95, 155, 225), (215, 225, 235), 21, 10, grain=20)
    left, right, top = 170, 470, 120
    canvas[top:, left:right] = surface(height - top, right - left, (188, 66, 52), (152, 48, 40), 22, 16)
    for y in range(top, height, 12):
        cv2.line(canvas, (left, y), (right, y), (124, 44, 36), 1, cv2.LINE_AA)
    for y in range(top + 40, height - 90, 70):
        for x in range(left + 30, right - 50, 66):
            cv2.rectangle(canvas, (x, y), (x + 34, y + 44), (40, 52, 70), -1)
            cv2.rectangle(canvas, (x, y), (x + 34, y + 44), (226, 214, 190), 3, cv2.LINE_AA)
            cv2.line(canvas, (x + 17, y), (x + 17, y + 44), (226, 214, 190), 2, cv2.LINE_AA)
    roof = np.array([(left - 24, top), (right + 24, top), ((left + right) // 2, 24)], np.int32)
    cv2.fillConvexPoly(canvas, roof, (78, 84, 98), cv2.LINE_AA)
    canvas[height - 46 :] = surface(46, WIDTH, (128, 126, 122), (96, 94, 92), 23, 14)
    for x in (60, 120, 530, 600):
        _tree(canvas, (x, height - 44), 40)
    return canvas


def cottage() -> Picture:
    """A white cottage with a blue door in a garden, painted at twice the size for moving closer."""
    height, width = HEIGHT * 2, WIDTH * 2
    canvas = surface(height, width, (120, 175, 235), (205, 228, 245), 31, 10, grain=24)
    canvas[430:] = surface(height - 430, width, (112, 170, 74), (66, 122, 44), 32, 26)
    for x in range(30, width, 150):
        _tree(canvas, (x, 440 + (x * 7) % 24), 58)
    canvas[300:560, 420:880] = surface(260, 460, (240, 234, 222), (222, 214, 200), 33, 8)
    roof = np.array([(380, 304), (920, 304), (820, 180), (480, 180)], np.int32)
    cv2.fillConvexPoly(canvas, roof, (168, 74, 52), cv2.LINE_AA)
    for y in range(196, 304, 16):
        slope = (y - 180) * 100 // 124
        cv2.line(canvas, (480 - slope, y), (820 + slope, y), (140, 58, 42), 2, cv2.LINE_AA)
    cv2.rectangle(canvas, (600, 400), (700, 560), (38, 84, 160), -1)
    cv2.rectangle(canvas, (600, 400), (700, 560), (24, 52, 104), 4, cv2.LINE_AA)
    cv2.circle(canvas, (684, 484), 6, (240, 200, 90), -1, cv2.LINE_AA)
    for x in (460, 750):
        cv2.rectangle(canvas, (x, 380), (x + 84, 460), (96, 132, 160), -1)
        cv2.rectangle(canvas, (x, 380), (x + 84, 460), (255, 255, 250), 5, cv2.LINE_AA)
        cv2.line(canvas, (x + 42, 380), (x + 42, 460), (255, 255, 250), 4, cv2.LINE_AA)
    random = np.random.default_rng(4)
    for x, y in zip(random.integers(10, width, 160), random.integers(580, height, 160), strict=True):
        cv2.circle(
            canvas, (int(x), int(y)), 5, ((235, 80, 90), (250, 220, 90), (250, 250, 250))[x % 3], -1, cv2.LINE_AA
        )
    return canvas


def table() -> Picture:
    """A wooden table in front of a pale wall: the stage for the red ball."""
    canvas = surface(HEIGHT, WIDTH, (168, 178, 182), (200, 204, 202), 41, 9, grain=16)
    canvas[250:] = surface(HEIGHT - 250, WIDTH, (150, 112, 76), (178, 136, 94), 42, 18, grain=3, stretch=14)
    cv2.line(canvas, (0, 250), (WIDTH, 250), (104, 76, 52), 2, cv2.LINE_AA)
    cv2.rectangle(canvas, (430, 50), (560, 150), (90, 70, 50), -1)
    canvas[58:142, 438:552] = surface(84, 114, (120, 160, 200), (96, 130, 84), 43, 14)
    return canvas


def books() -> Picture:
    """A bookcase, larger than the picture so that the camera can shake."""
    height, width = HEIGHT + 60, WIDTH + 80
    canvas = surface(height, width, (74, 50, 34), (60, 40, 28), 51, 8, grain=3, stretch=12)
    colours = (
        (170, 52, 44),
        (44, 92, 140),
        (208, 168, 70),
        (60, 110, 70),
        (226, 216, 196),
        (110, 62, 110),
        (40, 48, 62),
    )
    random = np.random.default_rng(5)
    for shelf in range(3):
        foot, x = 126 + shelf * 136, 14
        while x < width - 30:
            thick, tall = int(random.integers(14, 34)), int(random.integers(82, 112))
            colour = colours[int(random.integers(len(colours)))]
            spine = surface(tall, thick, colour, colour, int(random.integers(999)), 10, grain=3)
            canvas[foot - tall : foot, x : x + thick] = spine
            cv2.rectangle(canvas, (x + 3, foot - tall + 12), (x + thick - 4, foot - tall + 22), (235, 220, 170), -1)
            x += thick + int(random.integers(0, 3))
        canvas[foot : foot + 12] = surface(12, width, (132, 94, 62), (104, 72, 46), 52 + shelf, 10, grain=3, stretch=10)
    return canvas


def high_key() -> Picture:
    """A nearly white room with pale vases."""
    canvas = surface(HEIGHT, WIDTH, (250, 250, 250), (238, 240, 243), 61, 4, grain=20)
    canvas[280:] = surface(HEIGHT - 280, WIDTH, (246, 244, 240), (252, 251, 249), 62, 3, stretch=6)
    for x, colour in ((110, (244, 214, 214)), (205, (214, 228, 244)), (520, (218, 238, 218))):
        cv2.ellipse(canvas, (x, 262), (34, 50), 0, 0, 360, colour, -1, cv2.LINE_AA)
        cv2.rectangle(canvas, (x - 12, 190), (x + 12, 222), colour, -1)
        cv2.ellipse(canvas, (x, 190), (16, 5), 0, 0, 360, (226, 222, 222), -1, cv2.LINE_AA)
        cv2.ellipse(canvas, (x - 12, 250), (6, 22), 12, 0, 360, (255, 255, 255), -1, cv2.LINE_AA)
    return canvas


def night_street() -> Picture:
    """Houses at night with a few lit windows under stars."""
    canvas = surface(HEIGHT, WIDTH, (4, 6, 18), (14, 16, 34), 71, 3, grain=20)
    random = np.random.default_rng(7)
    for x, y in zip(random.integers(0, WIDTH, 70), random.integers(0, 130, 70), strict=True):
        cv2.circle(canvas, (int(x), int(y)), 1, (90, 92, 110), -1, cv2.LINE_AA)
    x = 0
    while x < WIDTH:
        wide, top = int(random.integers(60, 110)), int(random.integers(100, 190))
        canvas[top:290, x : x + wide] = surface(290 - top, min(wide, WIDTH - x), (12, 12, 20), (8, 8, 14), x, 3)
        for left in range(x + 10, x + wide - 16, 20):
            for y in range(top + 14, 260, 28):
                if random.random() < 0.22:
                    cv2.rectangle(canvas, (left, y), (left + 8, y + 11), (196, 150, 70), -1)
        x += wide
    canvas[290:] = surface(HEIGHT - 290, WIDTH, (14, 14, 18), (22, 22, 26), 72, 5)
    return canvas


def sunset() -> Picture:
    """A town in front of an orange evening sky, painted at twice the size for moving away."""
    height, width = HEIGHT * 2, WIDTH * 2
    sky = gradient(height, width, (196, 84, 56), (254, 184, 92))
    canvas = _picture(sky + 22 * texture(height, width, 81, grain=16, stretch=4)[..., None])
    cv2.circle(canvas, (760, 430), 56, (255, 226, 150), -1, cv2.LINE_AA)
    random = np.random.default_rng(8)
    x = 0
    while x < width:
        wide, top = int(random.integers(60, 130)), int(random.integers(400, 560))
        part = canvas[top:, x : x + wide]
        part[:] = surface(part.shape[0], part.shape[1], (84, 56, 66), (52, 36, 46), x, 8)
        for left in range(x + 12, min(x + wide, width) - 16, 24):
            for y in range(top + 16, height - 20, 34):
                cv2.rectangle(
                    canvas, (left, y), (left + 9, y + 14), (236, 170, 90) if random.random() < 0.4 else (44, 32, 42), -1
                )
        x += wide
    return canvas


def ball(picture: Picture, centre: tuple[float, float], radius: int, colour: Colour, turn: float) -> None:
    """Paint a shaded ball with a spot that shows how far it has turned (radians) into a picture."""
    x, y = centre
    for step in range(radius, 0, -2):  # from the dark rim to the lit side
        light = 1 - step / radius
        shade = tuple(int(min(255, part * (0.6 + 0.5 * light) + 70 * light**4)) for part in colour)
        _disc(picture, (x - 0.3 * (radius - step), y - 0.35 * (radius - step)), step, shade)
    _disc(picture, (x + 0.62 * radius * np.cos(turn), y + 0.62 * radius * np.sin(turn)), radius // 7, (250, 236, 210))


def shadow(picture: Picture, centre: tuple[float, float], width: int) -> None:
    """Darken the floor under something."""
    shaded = picture.copy()
    cv2.ellipse(
        shaded, (round(centre[0]), round(centre[1])), (width, width // 4), 0, 0, 360, (70, 52, 38), -1, cv2.LINE_AA
    )
    cv2.addWeighted(shaded, 0.6, picture, 0.4, 0, picture)


def glow(picture: Picture, centre: tuple[float, float], radius: float, colour: Colour) -> None:
    """Add a light with a soft halo."""
    y, x = np.ogrid[: picture.shape[0], : picture.shape[1]]
    distance = np.hypot(x - centre[0], y - centre[1]).astype(np.float32) / radius
    light = np.clip(1.6 - distance, 0, 1)[..., None] + 0.3 * np.exp(-distance / 2.5)[..., None]
    picture[:] = _picture(picture + light * np.array(colour, np.float32))


def view(canvas: Picture, centre: tuple[float, float], scale: float = 1.0, roll: float = 0.0) -> Picture:
    """What a camera pointing at `centre` of the canvas sees; `scale` > 1 is closer, `roll` in degrees."""
    matrix = cv2.getRotationMatrix2D(centre, roll, scale)
    matrix[0, 2] += WIDTH / 2 - centre[0]
    matrix[1, 2] += HEIGHT / 2 - centre[1]
    seen = cv2.warpAffine(canvas, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(seen, np.uint8)


def _tree(canvas: Picture, foot: tuple[int, int], size: int) -> None:
    x, y = foot
    cv2.rectangle(canvas, (x - size // 8, y - size), (x + size // 8, y), (82, 60, 40), -1)
    for part, shade in enumerate(((34, 84, 36), (46, 104, 44), (66, 128, 56))):
        middle = (x - part * size // 10, y - size - size // 3 - part * size // 6)
        cv2.circle(canvas, middle, size * (5 - part) // 6, shade, -1, cv2.LINE_AA)


def _house(canvas: Picture, foot: tuple[int, int], size: int) -> None:
    x, y = foot
    cv2.rectangle(canvas, (x, y - size), (x + size * 3 // 2, y), (236, 228, 212), -1)
    roof: Sequence[tuple[int, int]] = (
        (x - 5, y - size),
        (x + size * 3 // 2 + 5, y - size),
        (x + size * 3 // 4, y - size * 2),
    )
    cv2.fillConvexPoly(canvas, np.array(roof, np.int32), (184, 70, 52), cv2.LINE_AA)
    cv2.rectangle(canvas, (x + size // 2, y - size // 2), (x + size * 3 // 4, y), (70, 54, 46), -1)


def _disc(picture: Picture, centre: tuple[float, float], radius: int, colour: Sequence[int]) -> None:
    """A filled circle at a position finer than a pixel."""
    cv2.circle(picture, (round(centre[0] * 16), round(centre[1] * 16)), radius * 16, tuple(colour), -1, cv2.LINE_AA, 4)


def _picture(plane: NDArray[np.float32]) -> Picture:
    return np.clip(plane, 0, 255).astype(np.uint8)
