"""What happens, in words: every action has several wordings, and so have kinds, colours and places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from momentidx.training.world.story import PLACE, Happening, Thing

KINDS: dict[str, tuple[str, ...]] = {
    "ball": ("ball", "sphere"), "box": ("box", "square"), "cross": ("cross", "plus sign"), "moon": ("moon", "crescent"),
    "house": ("house", "hut"), "boat": ("boat", "sailing boat"), "bolt": ("bolt of lightning", "lightning bolt"),
    "flower": ("flower", "blossom"),
}  # fmt: skip
"""What else a kind is called; the others have one name, their own."""
COLOURS: dict[str, tuple[str, ...]] = {"purple": ("purple", "violet"), "turquoise": ("turquoise", "cyan")}
ACTIONS: dict[str, tuple[str, ...]] = {
    "to the right": (
        "{} moves from left to right", "{} crosses the picture to the right", "{} travels to the right",
        "{} comes in from the left and leaves on the right",
    ),
    "to the left": (
        "{} moves from right to left", "{} crosses the picture to the left", "{} travels to the left",
        "{} comes in from the right and leaves on the left",
    ),
    "up": ("{} rises", "{} moves up through the picture", "{} climbs from the bottom to the top", "{} floats upwards"),
    "down": (
        "{} falls", "{} moves down through the picture", "{} drops from the top to the bottom", "{} sinks downwards",
    ),
    "appears": (
        "{} appears and is gone again", "{} shows up for a while", "{} comes into view and vanishes",
        "{} pops up and disappears",
    ),
    "spins": ("{} spins", "{} turns round and round", "{} rotates", "{} whirls on the spot"),
    "bounces": ("{} bounces", "{} hops up and down", "{} jumps up and down", "{} keeps bouncing"),
    "shakes": ("{} shakes", "{} trembles", "{} quivers", "{} is shaking hard"),
    "swells": ("{} grows big for a while", "{} swells", "{} gets bigger and then small again", "{} becomes large"),
    "circles": ("{} moves in circles", "{} goes round in a circle", "{} circles", "{} runs round and round a point"),
    "glows": ("{} glows", "{} lights up", "{} shines brightly", "{} is surrounded by light"),
    "stands on its head": (
        "{} stands on its head", "{} is upside down", "{} is turned over for a while", "{} has its top at the bottom",
    ),
    "pan left": ("the camera pans left", "the camera turns to the left", "the view moves left"),
    "pan right": ("the camera pans right", "the camera turns to the right", "the view moves right"),
    "tilt up": ("the camera tilts up", "the camera looks up", "the view moves up"),
    "tilt down": ("the camera tilts down", "the camera looks down", "the view moves down"),
    "zoom in": ("the camera zooms in", "the camera comes closer", "the view gets closer"),
    "zoom out": ("the camera zooms out", "the camera draws back", "the view gets wider"),
    "shake": ("the camera shakes", "the picture is shaky", "the camera is unsteady"),
    "dark": ("it gets dark for a while", "the light goes down", "the scene is dim"),
    "bright": ("it gets very bright for a while", "the light goes up", "the scene is glaring"),
    "flicker": ("the light flickers", "the light goes on and off", "the scene flickers"),
    "red": ("the light turns red", "everything is bathed in red light", "the scene is lit in red"),
    PLACE: ("we see {}", "{} can be seen", "{} comes into view", "the scene is {}"),
}  # fmt: skip
PLACES: dict[str, tuple[str, ...]] = {
    "beach": ("a beach", "a sandy shore"), "meadow": ("a meadow", "a green field"),
    "desert": ("a desert", "a field of dunes"),
    "snow": ("a snowy field", "a winter landscape"), "city": ("a city", "a street with houses"),
    "night": ("hills at night", "a starry night"), "room": ("a room", "a room with a window"),
    "forest": ("a forest", "a wood"),
    "sea": ("the open sea", "the ocean"), "studio": ("a grey studio", "a bare studio"),
}  # fmt: skip


def names(thing: Thing) -> tuple[str, ...]:
    """`red ball`, `red sphere`."""
    colours = COLOURS.get(thing.colour, (thing.colour,))
    return tuple(f"{colour} {kind}" for kind, colour in product(kinds_of(thing), colours))


def kinds_of(thing: Thing) -> tuple[str, ...]:
    """What its kind is called."""
    return KINDS.get(thing.kind, (thing.kind,))


def with_article(name: str, article: str = "a") -> str:
    return f"an {name}" if article == "a" and name[0] in "aeiou" else f"{article} {name}"


def wordings(each: Happening) -> tuple[str, ...]:
    """Every sentence for what happens, the plainest first; without capital and full stop."""
    return tuple(dict.fromkeys(template.format(who) for template, who in product(ACTIONS[each.action], _whos(each))))


def _whos(each: Happening) -> Sequence[str]:
    if each.thing is not None:
        return [with_article(name, article) for article in ("a", "the") for name in names(each.thing)]
    return PLACES.get(each.place, ("",))


def sentence(each: Happening, random: np.random.Generator) -> str:
    """One of its wordings by lot, every template as likely."""
    templates, whos = ACTIONS[each.action], _whos(each)
    return templates[int(random.integers(len(templates)))].format(whos[int(random.integers(len(whos)))])


def every_sentence() -> Iterator[str]:
    """All templates with all names, for a tokenizer to learn from: some thousand sentences."""
    from momentidx.training.world.things import COLOURS as PAINTS
    from momentidx.training.world.things import KINDS as SHAPES

    for kind, colour in product(SHAPES, PAINTS):
        for number, template in enumerate(wording for wordings in ACTIONS.values() for wording in wordings):
            every = names(Thing(kind, colour))
            yield template.format(with_article(every[number % len(every)], ("a", "the")[number % 2]))
    for place in PLACES.values():
        yield from place
