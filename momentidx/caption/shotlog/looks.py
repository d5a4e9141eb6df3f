"""Light and colour: what one picture looks like, and what a stretch of pictures has in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog import colours
from momentidx.caption.shotlog.colours import HUES, NAMES, NEUTRALS

DARK, DIM, BRIGHT = 42.0, 72.0, 182.0
"""Mean brightness (0 to 255) below, below and above which light is called so."""
DEEP_SHADOW, STRONG_LIGHT = 45, 200
CONTRAST = 0.25
"""Share of the picture that lies in deep shadow, and in strong light, when contrast is called high."""
COLOURLESS = 2.5
"""Chroma that hardly anything (2 % of the picture) exceeds when it is black-and-white; asphalt has 5."""
MAIN, SECOND, NOTED = 0.25, 0.16, 0.06
"""Shares of the picture that the first and the second colour need to be named, and any to be counted."""

DARKS, BACKLIGHT = 0.06, 0.3
"""Shares of the picture that a silhouette, and the light behind it, cover at least."""
RIM, LIT = 0.5, 150
"""Share of a silhouette's surroundings that are lit, and the brightness from which they are."""
FLAT = 14.0
"""Deviation of brightness within a silhouette: hardly anything can be seen in it."""
WARM, COOL = 14.0, -10.0
"""Mean b* (yellow over blue in L*a*b*) of a picture of warm, and of cool, colours ..."""
REDDISH = 0.15
"""... a* (red over green) of warm ones as a part of it: a sunlit meadow is yellow, and not warm ..."""
MOSTLY = 0.75
"""... and the share that must lie on the same side of grey."""

TONES = {
    "warm": "the mean of its colours is clearly between red and yellow, and most of it is on the yellow side",
    "cool": "the mean of its colours is clearly on the blue side, and most of it is",
    "black-and-white": "next to nothing has a colour",
}
LIGHTS = {
    "dark": "the mean brightness is below 42 of 255",
    "dim": "the mean brightness is below 72 of 255",
    "normal": "neither dark, dim nor bright (not mentioned)",
    "bright": "the mean brightness is above 182 of 255",
    "silhouette": "something nearly black and without detail stands before a bright background",
    "high-contrast": "a quarter of the picture lies in deep shadow and a quarter in strong light",
}


@dataclass(frozen=True, slots=True)
class Look:
    """Light and colour of one picture."""

    luma: float
    """Mean brightness, 0 to 255."""
    shadow: float
    """Share of the picture in deep shadow."""
    glare: float
    """Share of the picture in strong light."""
    chroma: float
    """Distance from grey in L*a*b* that 2 % of the picture exceed."""
    colours: NDArray[np.float32]
    """(2, len(NAMES)) share of each colour name in the upper and the lower half."""
    silhouette: bool
    tone: str | None
    """`warm` or `cool`."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """Light and colour of a stretch."""

    luma: float
    light: str
    """One of `LIGHTS`."""
    black_and_white: bool
    tone: str | None
    """One of `TONES`."""
    main: tuple[str, ...]
    """At most two colours of `HUES`, the larger first; empty when none stands out."""
    colourful: bool
    """Whether at least four of `HUES` stand side by side."""
    neutral: str | None
    """`black`, `grey` or `white` when that covers most of the picture."""
    upper: str | None
    """The colour that covers most of the upper half and not of the lower."""
    lower: str | None


def look(picture: NDArray[np.uint8]) -> Look:
    """Measure one small (H, W, 3) RGB picture."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return Look(
        luma=float(grey.mean()),
        shadow=float((grey < DEEP_SHADOW).mean()),
        glare=float((grey > STRONG_LIGHT).mean()),
        chroma=float(np.quantile(np.hypot(lab[..., 1], lab[..., 2]), 0.98)),
        colours=np.stack([colours.shares(half) for half in np.array_split(picture, 2)]),
        silhouette=_silhouetted(grey),
        tone=_tone(np.asarray(lab, np.float32)),
    )


def appearance(looks: Sequence[Look]) -> Appearance:
    """What at least one picture, and usually many, look like together (medians and means)."""
    luma = float(np.median([look.luma for look in looks]))
    shadow = float(np.median([look.shadow for look in looks]))
    glare = float(np.median([look.glare for look in looks]))
    colourless = luma > DARK / 2 and float(np.quantile([look.chroma for look in looks], 0.9)) < COLOURLESS
    upper, lower = np.mean([look.colours for look in looks], axis=0)
    whole = dict(zip(NAMES, (upper + lower) / 2, strict=True))
    main = sorted((name for name in HUES if whole[name] >= SECOND), key=lambda name: -whole[name])[:2]
    if main and whole[main[0]] < MAIN:
        main = []
    neutral = max(NEUTRALS, key=lambda name: whole[name])
    return Appearance(
        luma=luma,
        light="silhouette" if np.mean([look.silhouette for look in looks]) > 0.6 else _light(luma, shadow, glare),
        black_and_white=colourless,
        tone="black-and-white" if colourless else _usual([look.tone for look in looks]),
        main=() if colourless else tuple(main),
        colourful=not colourless and sum(bool(whole[name] >= NOTED) for name in HUES) >= 4,
        neutral=neutral if whole[neutral] >= 0.6 else None,
        upper=_half(upper, lower),
        lower=_half(lower, upper),
    )


def _light(luma: float, shadow: float, glare: float) -> str:
    if luma < DARK:
        return "dark"
    if shadow > CONTRAST and glare > CONTRAST:
        return "high-contrast"
    if luma < DIM:
        return "dim"
    return "bright" if luma > BRIGHT else "normal"


def _tone(lab: NDArray[np.float32]) -> str | None:
    """The tone of a (H, W, 3) picture in L*a*b*."""
    yellow = lab[..., 2]
    mean, red = float(yellow.mean()), float(lab[..., 1].mean())
    if mean >= WARM and red >= REDDISH * mean and float((yellow > WARM / 2).mean()) >= MOSTLY:
        return "warm"
    return "cool" if mean <= COOL and float((yellow < COOL / 2).mean()) >= MOSTLY else None


def _usual(tones: Sequence[str | None]) -> str | None:
    """The tone that most pictures have."""
    return next((tone for tone in ("warm", "cool") if tones.count(tone) > MOSTLY * len(tones)), None)


def _silhouetted(grey: Any) -> bool:
    """Whether the largest dark part of a (H, W) picture stands flat before the light."""
    lighter = grey >= DEEP_SHADOW
    grey = grey[np.ix_(lighter.any(axis=1), lighter.any(axis=0))]  # without black bars
    dark, lit = (grey < DEEP_SHADOW).astype(np.uint8), grey > LIT
    if not grey.size or dark.mean() < DARKS or lit.mean() < BACKLIGHT:
        return False
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark)
    largest = labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    around = cv2.dilate(largest.astype(np.uint8), np.ones((7, 7), np.uint8)).astype(bool) & ~largest
    flat = float(grey[largest].std()) <= FLAT
    return bool(flat and largest.mean() >= DARKS and lit[around].mean() >= RIM)


def _half(half: NDArray[np.float32], other: NDArray[np.float32]) -> str | None:
    """The one colour that fills this half of the picture but not the other."""
    strongest = int(np.argmax(half))
    name = NAMES[strongest]
    return name if name in HUES and half[strongest] >= 0.55 and other[strongest] <= 0.25 else None
