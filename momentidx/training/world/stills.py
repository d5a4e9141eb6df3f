"""A single picture in words: what stands where, in which light, and where the camera looks.

For aligning pictures and words. It tells the state that can be seen (turned to the east), not what is going on
(spins), which one picture does not show.
"""

from __future__ import annotations

import math

import numpy as np

from momentidx.times import Span
from momentidx.training.world.pictures import Camera, camera, pose, shot_at
from momentidx.training.world.story import LIGHTS, Story, Thing
from momentidx.training.world.things import Pose
from momentidx.training.world.words import PLACES, names, with_article

ACROSS = ("on the far left", "on the left", "in the middle", "on the right", "on the far right")
DOWN = ("at the very top", "high", "halfway up", "low", "at the very bottom")
TURNED = ("", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
LARGE = 0.19
"""Sides of the picture."""
LIT = {"dark": "in the dark", "bright": "in glaring light", "flicker": "in half light", "red": "in red light"}


def still(story: Story, tick: float, random: np.random.Generator) -> str:
    """`a red ball high on the left, turned to the east; a beach; in the dark; looking up`, its parts in any order."""
    told = [_place(story, tick, random), *_things(story, tick, random)]
    told += [LIT[each.action] for each in story.happenings if each.action in LIGHTS and during(each.span, tick)]
    told += looking(camera(story, tick))
    return "; ".join(told[place] for place in random.permutation(len(told)))


def _place(story: Story, tick: float, random: np.random.Generator) -> str:
    wordings = PLACES[shot_at(story, tick).place]
    return wordings[int(random.integers(len(wordings)))]


def shown(story: Story, tick: float) -> list[tuple[Thing, Pose]]:
    """The things that are there at a time, and how they stand."""
    standing = [(each.thing, Pose(*each.home, each.size)) for each in story.stills if during(each.span, tick)]
    return standing + [
        (each.thing, pose(each, tick))
        for each in story.happenings
        if each.thing and during(each.stage or each.span, tick)
    ]


def _things(story: Story, tick: float, random: np.random.Generator) -> list[str]:
    told = []
    for thing, at in shown(story, tick):
        called = names(thing)
        told.append(f"{with_article(called[int(random.integers(len(called)))])} {where(at)}")
    return told


def during(span: Span, tick: float) -> bool:
    """Whether a time lies inside."""
    return span.start <= tick < span.end


def where(at: Pose) -> str:
    """`high on the left, turned to the east, shining, large`."""
    across, down = fifths(at)
    turned = TURNED[eighth(at)]
    told = f"{DOWN[down]} {ACROSS[across]}"
    told += f", turned to the {turned}" if turned else ""
    told += ", shining" if at.glow else ""
    return told + (", large" if at.size > LARGE else "")


def fifths(at: Pose) -> tuple[int, int]:
    """Where it is across and down, 0 to 4; what is outside counts as at the edge."""
    across, down = (min(max(math.floor(share * 5), 0), 4) for share in (at.x, at.y))
    return across, down


def eighth(at: Pose) -> int:
    """How far it is turned to the right, in eighths of a turn."""
    return round(at.turn / (math.pi / 4)) % 8


def looking(at: Camera) -> list[str]:
    """`looking far left`, `looking down`, `from close`."""
    told = []
    for share, words in ((at.x, ("left", "right")), (at.y, ("up", "down"))):
        if abs(share) > 0.06:
            far = "far " if abs(share) > 0.2 else ""
            told.append(f"looking {far}{words[share > 0]}")
    if at.zoom > 1.12:
        told.append("from very close" if at.zoom > 1.36 else "from close")
    return told
