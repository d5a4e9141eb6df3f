"""What is true of a picture, in phrases of a few words: of the whole of it, and of the places where things are.

For teaching eyes. A sentence tells of a picture as a whole; "red", "red ball" and "ball low" are each true of it or
not, so that every picture teaches hundreds of answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from momentidx.training.world.pictures import camera, shot_at
from momentidx.training.world.stills import LARGE, LIT, TURNED, during, eighth, fifths, looking, shown
from momentidx.training.world.story import LIGHTS, PLACE, Story, Thing
from momentidx.training.world.things import Pose

ACROSS = ("far left", "left", "middle", "right", "far right")
DOWN = ("very top", "high", "halfway", "low", "very bottom")
EDGE = 0.03
"""So far outside, in sides of the picture, the middle of a thing may be."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing is, in sides of the picture, and what is true of it."""

    at: Pose
    phrases: frozenset[str]


@dataclass(frozen=True, slots=True)
class Truth:
    """Of one picture."""

    phrases: frozenset[str]
    places: tuple[Place, ...] = ()


def truth(story: Story, tick: float) -> Truth:
    """What is true of the picture at a time."""
    places = tuple(
        Place(at, frozenset(_of(thing, at)))
        for thing, at in shown(story, tick)
        if min(at.x, at.y) > -EDGE and max(at.x, at.y) < 1 + EDGE
    )
    whole = {shot_at(story, tick).place, *looking(camera(story, tick))}
    whole |= {LIT[each.action] for each in story.happenings if each.action in LIGHTS and during(each.span, tick)}
    return Truth(frozenset(whole).union(*(place.phrases for place in places)), places)


def going_on(story: Story, tick: float) -> frozenset[str]:
    """What happens at a time, which one picture does not show: `spins`, `red spins`, `ball spins`."""
    told = set[str]()
    for each in story.happenings:
        if each.action != PLACE and during(each.span, tick):
            told |= {each.action, *(f"{word} {each.action}" for word in each.thing or ())}
    return frozenset(told)


def _of(thing: Thing, at: Pose) -> set[str]:
    across, down = fifths(at)
    states = [ACROSS[across], DOWN[down]]
    states += [f"turned {TURNED[eighth(at)]}", "turned"] if eighth(at) else []
    states += ["shining"] if at.glow else []
    states += ["large"] if at.size > LARGE else []
    return {*thing, f"{thing.colour} {thing.kind}", *(f"{word} {state}" for word in thing for state in states)}
