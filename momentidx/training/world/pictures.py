"""The picture of a story at any time: the place as the camera sees it, the things, the light.

A picture depends on its story, its time and its size alone, not on which others were asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.training.world.places import canvas
from momentidx.training.world.story import CROSSINGS, LIGHTS, MOVES, RATE, Happening, Shot, Story
from momentidx.training.world.things import Picture, Pose, draw

GAINS = {"dark": (0.32, 0.32, 0.36), "bright": (1.6, 1.6, 1.55), "flicker": (0.5, 0.5, 0.5), "red": (1.15, 0.5, 0.45)}
SWING, ZOOM = 0.3, 1.6
"""How far the camera pans from the middle, in sides, and how much closer it comes."""


def pictures(story: Story, seconds: Iterable[float], side: int = 112) -> NDArray[np.uint8]:
    """(T, side, side, 3) RGB at times from the clip's start; what lies outside the clip is its first or last moment."""
    ticks = [min(max(round(float(second) * RATE, 6), 0.0), story.frames - 0.5) for second in seconds]
    drawn = [picture(story, tick, side) for tick in ticks]
    return np.stack(drawn) if drawn else np.empty((0, side, side, 3), np.uint8)


def picture(story: Story, tick: float, side: int) -> Picture:
    """(side, side, 3) RGB at a time inside the clip, counted in pictures of the file; parts of one are fine."""
    seen = _view(story, tick, side)
    for still in story.stills:
        if still.span.start <= tick < still.span.end:
            draw(seen, *still.thing, Pose(*still.home, still.size))
    lights = []
    for each in story.happenings:
        stage = each.stage or each.span
        if stage.start <= tick < stage.end:
            if each.thing is not None:
                draw(seen, *each.thing, pose(each, tick))
            elif each.action in LIGHTS:
                lights.append(each)
    for light in lights:
        seen = _lit(seen, light, tick)
    return seen


def pose(each: Happening, tick: float) -> Pose:
    """Where a thing is while it crosses, stands or acts."""
    (x, y), size, span = each.home, each.size, each.span
    if each.action in CROSSINGS:
        part = (tick - span.start) / (span.end - span.start)
        along = -0.4 * size + part * (1 + 0.8 * size)
        along = 1 - along if each.action in ("to the left", "up") else along
        return Pose(along, y, size) if each.action in ("to the right", "to the left") else Pose(x, along, size)
    if not span.start <= tick < span.end:
        return Pose(x, y, size)
    return _acting(each.action, (tick - span.start) / RATE, x, y, size)


def _acting(action: str, s: float, x: float, y: float, size: float) -> Pose:
    """`s` seconds after it began to act."""
    if action == "spins":
        return Pose(x, y, size, turn=0.5 + 4.0 * s)
    if action == "bounces":
        return Pose(x, y - 0.14 * abs(math.sin(4.5 * s + 0.4)), size)
    if action == "shakes":
        return Pose(x + 0.035 * math.sin(31 * s), y, size, turn=0.3 * math.sin(23 * s))
    if action == "swells":
        return Pose(x, y, size * 1.55)
    if action == "circles":
        return Pose(x + 0.13 * math.cos(2.6 * s), y + 0.13 * math.sin(2.6 * s), size)
    if action == "glows":
        return Pose(x, y, size, glow=0.8 + 0.2 * math.sin(5 * s))
    if action == "stands on its head":
        return Pose(x, y, size, turn=math.pi)
    return Pose(x, y, size)


class Camera(NamedTuple):
    """Where it looks: sides of the picture to the right of and below the place's middle, and how much closer."""

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0


def camera(story: Story, tick: float) -> Camera:
    """Where the camera looks at a time."""
    shot, at = shot_at(story, tick), Camera()
    for each in story.happenings:
        if each.action in MOVES and shot.span.covers(each.span):
            part = min(max((tick - each.span.start) / (each.span.end - each.span.start), 0.0), 1.0)
            dx, dy, closer = _moved(each.action, part, (tick - each.span.start) / RATE)
            at = Camera(at.x + dx, at.y + dy, at.zoom * closer)
    return at


def shot_at(story: Story, tick: float) -> Shot:
    return next(shot for shot in story.shots if tick < shot.span.end)


def _view(story: Story, tick: float, side: int) -> Picture:
    """What the camera sees of the place, as a picture to be drawn into."""
    shot, at = shot_at(story, tick), camera(story, tick)
    ground = canvas(shot.place, shot.seed, side)
    if at == Camera():
        edge = (len(ground) - side) // 2
        return ground[edge : edge + side, edge : edge + side].copy()
    half, scale = len(ground) / 2, 1 / at.zoom
    left, top = (half + way * side - side / 2 * scale for way in (at.x, at.y))
    matrix = np.array(((scale, 0, left), (0, scale, top)))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(ground, matrix, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen, np.uint8)


def _moved(action: str, part: float, s: float) -> tuple[float, float, float]:
    """Sides to the right and down, and how much closer; `part` of the move is done, `s` seconds since it began."""
    swing = SWING * (2 * part - 1)
    if action == "shake":
        if not 0 < part < 1:
            return 0.0, 0.0, 1.0
        return 0.05 * math.sin(17 * s), 0.05 * math.sin(23 * s + 1), 1.0
    return {
        "pan right": (swing, 0.0, 1.0), "pan left": (-swing, 0.0, 1.0),
        "tilt down": (0.0, swing, 1.0), "tilt up": (0.0, -swing, 1.0),
        "zoom in": (0.0, 0.0, ZOOM**part), "zoom out": (0.0, 0.0, ZOOM ** (1 - part)),
    }[action]  # fmt: skip


@lru_cache(maxsize=64)
def _curve(action: str, step: int) -> NDArray[np.uint8]:
    """(256, 1, 3): what light makes of each value, `step` eighths of the way."""
    gains = 1 + (np.array(GAINS[action]) - 1) * step / 8
    return np.clip(np.rint(np.arange(256)[:, None] * gains), 0, 255).astype(np.uint8)[:, None]


def _lit(seen: Picture, light: Happening, tick: float) -> Picture:
    """The light comes and goes within a third of a second."""
    near = min(tick - light.span.start, light.span.end - tick) + 1
    step = min(8, round(near))
    if light.action == "flicker" and math.sin(2 * math.pi * 2.5 * (tick - light.span.start) / RATE) < -0.2:
        step = 0
    return np.asarray(cv2.LUT(seen, _curve(light.action, step)), np.uint8)
