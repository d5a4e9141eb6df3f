"""Things: an outline each, drawn at any size, place and turn with parts of a pixel.

Outlines are polygons in a square from -1 to 1, y downwards. Every thing carries a light mark off its middle,
so that turning can be seen on round ones too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Points = Sequence[tuple[float, float]]

COLOURS = {
    "red": (212, 36, 34), "orange": (244, 134, 22), "yellow": (246, 220, 44), "green": (40, 160, 56),
    "blue": (36, 76, 214), "purple": (128, 46, 170), "pink": (246, 130, 186), "white": (246, 246, 244),
    "black": (24, 24, 28), "turquoise": (30, 196, 190),
}  # fmt: skip


def _round(count: int, radius: float = 1.0, x: float = 0.0, y: float = 0.0) -> list[tuple[float, float]]:
    turns = [2 * math.pi * step / count for step in range(count)]
    return [(x + radius * math.cos(turn), y + radius * math.sin(turn)) for turn in turns]


def _star(points: int, inner: float) -> list[tuple[float, float]]:
    corners = []
    for step in range(2 * points):
        radius, turn = (1.0, inner)[step % 2], math.pi * step / points - math.pi / 2
        corners.append((radius * math.cos(turn), radius * math.sin(turn)))
    return corners


def _heart() -> list[tuple[float, float]]:
    turns = [2 * math.pi * step / 24 for step in range(24)]
    return [
        (0.98 * math.sin(t) ** 3,
         -(0.8 * math.cos(t) - 0.31 * math.cos(2 * t) - 0.12 * math.cos(3 * t) - 0.06 * math.cos(4 * t)) - 0.1)
        for t in turns
    ]  # fmt: skip


def _moon() -> list[tuple[float, float]]:
    outer = [(math.cos(t), math.sin(t)) for t in np.linspace(0.9, 2 * math.pi - 0.9, 16)]
    inner = [(0.35 + 0.8 * math.cos(t), 0.8 * math.sin(t)) for t in np.linspace(2 * math.pi - 1.3, 1.3, 12)]
    return outer + inner


OUTLINES: dict[str, Points] = {
    "ball": _round(24),
    "box": ((-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)),
    "star": _star(5, 0.42),
    "triangle": ((0, -1), (0.95, 0.75), (-0.95, 0.75)),
    "cross": (
        (-0.32, -1), (0.32, -1), (0.32, -0.32), (1, -0.32), (1, 0.32), (0.32, 0.32), (0.32, 1), (-0.32, 1),
        (-0.32, 0.32), (-1, 0.32), (-1, -0.32), (-0.32, -0.32),
    ),
    "heart": _heart(),
    "moon": _moon(),
    "diamond": ((0, -1), (0.62, 0), (0, 1), (-0.62, 0)),
    "arrow": ((-1, -0.3), (0.1, -0.3), (0.1, -0.85), (1, 0), (0.1, 0.85), (0.1, 0.3), (-1, 0.3)),
    "house": ((-0.75, 0.9), (-0.75, -0.1), (-1, -0.1), (0, -1), (1, -0.1), (0.75, -0.1), (0.75, 0.9)),
    "fish": ((0.95, 0), (0.4, -0.55), (-0.3, -0.4), (-0.95, -0.75), (-0.8, 0), (-0.95, 0.75), (-0.3, 0.4), (0.4, 0.55)),
    "tree": ((0, -1), (0.75, -0.1), (0.4, -0.1), (0.85, 0.55), (0.2, 0.55), (0.2, 1), (-0.2, 1), (-0.2, 0.55),
             (-0.85, 0.55), (-0.4, -0.1), (-0.75, -0.1)),
    "boat": ((-1, 0.2), (-0.1, 0.2), (-0.1, -1), (0.75, 0), (0.02, 0), (0.02, 0.2), (1, 0.2), (0.65, 0.85),
             (-0.65, 0.85)),
    "flower": _star(8, 0.6),
    "bolt": ((0.25, -1), (-0.7, 0.15), (-0.08, 0.15), (-0.3, 1), (0.7, -0.25), (0.05, -0.25)),
    "bottle": ((-0.2, -1), (0.2, -1), (0.2, -0.45), (0.5, -0.1), (0.5, 1), (-0.5, 1), (-0.5, -0.1), (-0.2, -0.45)),
}  # fmt: skip
KINDS = tuple(OUTLINES)
_CORNERS = {kind: np.array(points, np.float64) for kind, points in OUTLINES.items()}
_MARK = np.array(_round(8, 0.2, 0.3, -0.05), np.float64)
PARTS = 4
"""Bits of a pixel that OpenCV's polygons are given."""


class Pose(NamedTuple):
    """Where a thing is and how it looks, in shares of the picture's side."""

    x: float
    y: float
    size: float
    """Half its height."""
    turn: float = 0.0
    """Radians, clockwise."""
    glow: float = 0.0
    """0 to 1: how far it shines."""


def draw(picture: Picture, kind: str, colour: str, pose: Pose) -> None:
    """Paint a thing into (side, side, 3) RGB."""
    side = picture.shape[0]
    cos, sin = math.cos(pose.turn), math.sin(pose.turn)
    turned = np.array(((cos, sin), (-sin, cos))) * (pose.size * side * (1 << PARTS))
    middle = np.array((pose.x, pose.y)) * (side * (1 << PARTS))
    corners = np.rint(_CORNERS[kind] @ turned + middle).astype(np.int32)
    paint = COLOURS[colour]
    if pose.glow:
        centre = (round(middle[0]), round(middle[1]))
        radius = round(pose.size * side * (1.25 + 0.3 * pose.glow) * (1 << PARTS))
        cv2.circle(picture, centre, radius, (255, 250, 190), -1, cv2.LINE_AA, PARTS)
    edge = (255, 255, 255) if colour == "black" else (20, 20, 24)
    cv2.fillPoly(picture, [corners], paint, cv2.LINE_AA, PARTS)
    cv2.polylines(picture, [corners], True, edge, max(1, side // 100), cv2.LINE_AA, PARTS)
    mark = np.rint(_MARK @ turned + middle).astype(np.int32)
    cv2.fillConvexPoly(
        picture, mark, (250, 250, 250) if colour not in ("white", "yellow") else edge, cv2.LINE_AA, PARTS
    )
