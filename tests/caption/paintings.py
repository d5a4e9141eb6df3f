"""Pictures of leaders, split screens, screens and somebody who walks, frame by frame, 640 x 360 and 25 a second."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np

from momentidx.demo import scenes
from tests.caption.painted import Picture

WIDTH, HEIGHT = 640, 360


def leader(frame: int, first: int = 5, rate: int = 25, *, dark_hand: bool = True) -> Picture:
    """A countdown from `first`, a number a second: two rings, a cross, and a hand that sweeps round."""
    second, part = divmod(frame, rate)
    light, swept = (205, 95) if dark_hand else (90, 215)
    picture = np.full((HEIGHT, WIDTH, 3), light, np.uint8)
    centre = (WIDTH // 2, HEIGHT // 2)
    cv2.ellipse(picture, centre, (WIDTH, WIDTH), -90, 0, 360 * part / rate, (swept,) * 3, -1)
    for radius in (130, 165):
        cv2.circle(picture, centre, radius, (245,) * 3, 5)
    cv2.line(picture, (0, centre[1]), (WIDTH, centre[1]), (40,) * 3, 2)
    cv2.line(picture, (centre[0], 0), (centre[0], HEIGHT), (40,) * 3, 2)
    cv2.putText(picture, str(first - second), (265, 240), cv2.FONT_HERSHEY_SIMPLEX, 6, (30,) * 3, 18)
    return picture


def beside(one: Picture, other: Picture, *, gap: int = 0, above: bool = False) -> Picture:
    """The middles of two pictures side by side, or one above the other, with a black gap of that many pixels."""
    if above:
        picture = np.concatenate([one[90:270], other[90:270]], axis=0)
        picture[180 - gap // 2 : 180 + (gap + 1) // 2] = 0
    else:
        picture = np.concatenate([one[:, 160:480], other[:, 160:480]], axis=1)
        picture[:, 320 - gap // 2 : 320 + (gap + 1) // 2] = 0
    return picture


def window(lines: list[str], typed: str = "", pointer: tuple[int, int] = (300, 200)) -> Picture:
    """A window with a list at its side, lines of text, a field that is typed into, and a pointer."""
    picture = np.full((HEIGHT, WIDTH, 3), (52, 62, 80), np.uint8)
    picture[20:340, 40:600] = (246, 246, 246)
    picture[20:40, 40:600] = (214, 216, 220)
    picture[40:340, 40:160] = (229, 232, 236)
    picture[44:60, 170:590] = (255, 255, 255)
    cv2.rectangle(picture, (170, 44), (590, 60), (150, 150, 150), 1)

    def put(text: str, at: tuple[int, int]) -> None:
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (30, 30, 30), 1, cv2.LINE_AA)

    for row, name in enumerate(("Inbox", "Drafts", "Archive", "Footage", "Sound", "Stills")):
        put(name, (50, 60 + 22 * row))
    for row, line in enumerate(lines[:14]):
        put(line, (172, 78 + 19 * row))
    put(typed, (174, 56))
    cv2.fillPoly(picture, [np.array([(0, 0), (0, 14), (4, 10), (10, 10)]) + pointer], (0, 0, 0))
    return picture


def desktop(frame: int) -> Picture:
    """A screen recording: pauses, a pointer that moves, typing, and a list that scrolls now and then."""
    text = [f"Clip {number:03}  take {number % 7}  {'good ' * (number % 4)}for the assembly" for number in range(60)]
    scrolled = 2 * max(0, frame // 40 - 1)
    pointer = (300 + 4 * min(frame % 50, 20), 150 + 2 * min(frame % 50, 20))
    return window(text[scrolled:], "find the red door"[: frame // 10], pointer)


def alternating(pictures: Callable[[int], Picture], every: int) -> Callable[[int], Picture]:
    """As animation on twos and threes: each picture is shown so many times."""
    return lambda frame: pictures(frame - frame % every)


def hand_and_ball(frame: int, does: str, x: int, *, first: int = 40, slow: int = 20) -> Picture:
    """A table with a ball that a hand from above takes away (`taken`), puts down (`put`), or has nothing to do with.

    The hand comes for `slow` frames, stays five, and goes again as slowly.
    """
    there = 200
    reach = min(max(0, frame - first), slow, max(0, 2 * slow + 5 + first - frame)) / slow
    hand = round(reach * (there + 60)) - 60
    carries = does == ("taken" if frame >= first + slow else "put")
    picture = scenes.table()
    scenes.ball(picture, (x, hand if carries else there), 34, (200, 30, 30), 0)
    cv2.rectangle(picture, (x - 22, -80), (x + 22, hand), (205, 150, 120), -1)
    return picture


def street(x: float, speeds: tuple[float, float, float] = (0.6, 1.0, 1.5)) -> Picture:
    """A street without end, seen from `x` pixels to the right; its hills, houses and pavement pass at these speeds."""
    far, middle, near = (_along(strip, x * speed) for strip, speed in zip(_strips(), speeds, strict=True))
    rows, columns = np.arange(HEIGHT)[:, None], np.arange(WIDTH)
    behind = rows < 105 + 8 * np.sin((columns + x * speeds[1]) * np.pi / 80)  # no border is straight
    before = rows > 295 + 5 * np.sin((columns + x * speeds[2]) * np.pi / 64)
    picture = np.where(before[..., None], near, middle)
    picture[:120] = np.where(behind[:120, :, None], far[90:210], picture[:120])
    return picture


def walker(picture: Picture, at: tuple[float, float], phase: float, size: float = 1) -> None:
    """Somebody in a checked shirt, whose foot is at (x, y): limbs swing and the body bobs as the phase goes on."""
    x, foot = at
    bob = 3 * size * abs(np.sin(phase))
    x += 1.5 * size * np.sin(0.7 * phase)
    hip, shoulder = (x, foot - 85 * size - bob), (x, foot - 163 * size - bob)
    swing = 0.55 * np.sin(phase)

    def limb(
        start: tuple[float, float], angle: float, length: float, width: float, colour: tuple[int, int, int]
    ) -> None:
        end = (start[0] + length * size * np.sin(angle), start[1] + length * size * np.cos(angle))
        ends = [[round(8 * value) for value in point] for point in (start, end)]
        cv2.line(picture, ends[0], ends[1], colour, max(1, round(width * size)), cv2.LINE_AA, 3)

    limb(hip, -swing, 85, 20, (40, 40, 70))
    limb(shoulder, swing, 75, 11, (200, 150, 120))
    checks = np.random.default_rng(7).integers(0, 2, (9, 6, 1)) * 90 + np.array([90, 30, 30])
    shirt = cv2.resize(checks.astype(np.uint8), (60, 90), interpolation=cv2.INTER_NEAREST)
    place = np.array([[size, 0, x - 30 * size], [0, size, shoulder[1] - 12 * size]])
    covers = cv2.warpAffine(np.ones((90, 60), np.float32), place, (WIDTH, HEIGHT))[..., None]
    picture[:] = np.rint(picture * (1 - covers) + cv2.warpAffine(shirt, place, (WIDTH, HEIGHT)) * covers)
    limb(hip, swing, 85, 20, (50, 50, 90))
    limb(shoulder, -swing, 75, 11, (215, 165, 130))
    head = [round(8 * x), round(8 * (shoulder[1] - 32 * size))]
    face, hair = [round(128 * size), round(168 * size)], [round(136 * size), round(120 * size)]
    cv2.ellipse(picture, head, face, 0, 0, 360, (222, 170, 135), -1, cv2.LINE_AA, 3)
    cv2.ellipse(picture, [head[0], head[1] - round(48 * size)], hair, 0, 180, 360, (60, 40, 20), -1, cv2.LINE_AA, 3)


@cache
def _strips() -> tuple[Picture, Picture, Picture]:
    hills, cottage = scenes.hills(), scenes.cottage()
    houses = np.concatenate([cottage, np.fliplr(cottage)], axis=1)
    houses = np.asarray(cv2.resize(houses, (2 * WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    pavement = scenes.surface(HEIGHT, 2 * WIDTH, (150, 146, 140), (110, 106, 100), 77, 40, grain=5)
    return np.concatenate([hills, np.fliplr(hills)], axis=1), houses, pavement


def _along(strip: Picture, x: float) -> Picture:
    """A picture's width of a strip that repeats, from `x` on, between two pixels where need be."""
    columns = (int(x) + np.arange(WIDTH + 1)) % strip.shape[1]
    one, other = strip[:, columns[:-1]], strip[:, columns[1:]]
    return np.asarray(cv2.addWeighted(one, 1 - x % 1, other, x % 1, 0), np.uint8)
