"""Stories: what happens in a clip and when, drawn by lot from a seed.

Times are whole frames of 1/25 s. A clip has one to four shots, each in a place. In a shot things cross, appear
or act; others stand and do nothing; the camera moves; the light changes. Nothing that happens reaches over a cut.
What happens in a clip can be told apart by its words: no thing does the same twice in a clip.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Literal, NamedTuple, TypeVar

import numpy as np

from momentidx.times import Span
from momentidx.training.world.places import PLACES
from momentidx.training.world.things import COLOURS, KINDS

RATE = 25
BASE = Fraction(1, RATE)
SHORTEST, LONGEST = 10.0, 180.0
"""Seconds of a clip."""

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")

CROSSINGS = ("to the right", "to the left", "up", "down")
ACTS = ("spins", "bounces", "shakes", "swells", "circles", "glows", "stands on its head")
THING_ACTIONS = (*CROSSINGS, "appears", *ACTS)
MOVES = ("pan left", "pan right", "tilt up", "tilt down", "zoom in", "zoom out", "shake")
LIGHTS = ("dark", "bright", "flicker", "red")
PLACE = "place"

T = TypeVar("T")


class Thing(NamedTuple):
    """What can be told from others by its words."""

    kind: str
    colour: str


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happens, with its exact time."""

    span: Span
    action: str
    """One of `THING_ACTIONS`, `MOVES`, `LIGHTS`, or `PLACE`."""
    thing: Thing | None = None
    place: str = ""
    stage: Span | None = None
    """When the thing can be seen; None when this is the span itself."""
    home: tuple[float, float] = (0.5, 0.5)
    """Where in the picture it acts, or which lane it crosses in: shares of the side."""
    size: float = 0.15

    @property
    def seconds(self) -> tuple[float, float]:
        return float(self.span.start_seconds), float(self.span.end_seconds)

    @property
    def is_new(self) -> bool:
        """Whether `train` never shows this combination."""
        return self.thing is not None and is_kept_back(self.thing, self.action)


@dataclass(frozen=True, slots=True)
class Still:
    """A thing that stands there and does nothing."""

    span: Span
    thing: Thing
    home: tuple[float, float]
    size: float


@dataclass(frozen=True, slots=True)
class Shot:
    """A stretch between cuts."""

    span: Span
    place: str
    seed: int
    """Of the place's details."""


@dataclass(frozen=True, slots=True)
class Story:
    """A clip."""

    seed: int
    split: Split
    shots: tuple[Shot, ...]
    happenings: tuple[Happening, ...]
    """In the order of their start."""
    stills: tuple[Still, ...]

    @property
    def frames(self) -> int:
        return self.shots[-1].span.end

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.frames / RATE


def is_kept_back(thing: Thing, action: str) -> bool:
    """About a third of all combinations: a sixth of all kinds with actions, and of all kinds with colours."""
    return looks_new(thing) or _is_kept_back(thing.kind, action)


def looks_new(thing: Thing) -> bool:
    """Whether `train` never shows the kind in this colour."""
    return _is_kept_back(thing.kind, thing.colour)


@cache
def _is_kept_back(kind: str, other: str) -> bool:
    return zlib.crc32(f"{kind} {other}".encode()) % 6 == 0


def story(seed: int, split: Split = "train", seconds: float | None = None) -> Story:
    """The clip of a seed, of a length by lot (each factor of two as likely) unless it is given."""
    random = np.random.default_rng((SPLITS.index(split), seed))
    drawn = float(np.exp(random.uniform(np.log(SHORTEST), np.log(LONGEST))))
    return _Teller(random, split, round((seconds or drawn) * RATE)).story(seed)


class _Teller:
    """Draws one story; what was drawn so far decides what still fits."""

    def __init__(self, random: np.random.Generator, split: Split, frames: int) -> None:
        self.random, self.split, self.frames = random, split, frames
        self.least, self.most = max(RATE, round(0.06 * frames)), round(0.4 * frames)
        self.apart = bool(random.random() < 0.4)
        """Whether one thing happens after the other."""
        self.happenings: list[Happening] = []
        self.stills: list[Still] = []

    def story(self, seed: int) -> Story:
        shots = self._shots()
        if len(shots) > 1:
            self.happenings += [Happening(shot.span, PLACE, place=shot.place) for shot in shots]
        for _ in range(int(self.random.integers(1, 6))):
            self._thing(shots)
        for shot in shots:
            if self.random.random() < 0.45:
                self._other(shot, MOVES)
            if self.random.random() < 0.3:
                self._other(shot, LIGHTS)
            for _ in range(int(self.random.integers(0, 3))):
                self._still(shot)
        order = sorted(self.happenings, key=lambda each: (each.span.start, each.span.end, each.action))
        return Story(seed, self.split, tuple(shots), tuple(order), tuple(self.stills))

    def one(self, among: Sequence[T]) -> T:
        return among[int(self.random.integers(len(among)))]

    def _shots(self) -> list[Shot]:
        """Up to four, of 6 s on average at least; no place twice."""
        count = min(int(self.one((1, 1, 2, 2, 3, 4))), max(1, self.frames // (6 * RATE)))
        weights = self.random.uniform(1, 2.5, count)
        cuts = [0, *np.rint(np.cumsum(weights) / weights.sum() * self.frames).astype(int).tolist()]
        places = self.random.permutation(len(PLACES))[:count]
        return [
            Shot(Span(first, end, BASE), PLACES[place], int(self.random.integers(1 << 31)))
            for first, end, place in zip(cuts, cuts[1:], places, strict=False)
        ]

    def _thing(self, shots: Sequence[Shot]) -> None:
        """One more thing that does something, unless no room is left."""
        thing, action = self._combination()
        if any((each.thing, each.action) == (thing, action) for each in self.happenings):
            return
        lasts = action in ACTS

        def made(shot: Shot) -> Happening | None:
            span = self._span(shot)
            stage = self._stage(span, shot) if lasts else None
            home = self._free_home(stage or span) if action not in CROSSINGS else self._lane()
            if home is None or not self._is_free(thing, stage or span):
                return None
            return Happening(span, action, thing, "", stage, home, round(float(self.random.uniform(0.13, 0.19)), 3))

        self._add(shots, made)

    def _combination(self) -> tuple[Thing, str]:
        """In `test` every other combination is one that `train` has never shown."""
        wants_new = self.split == "test" and self.random.random() < 0.5
        known = [each.thing for each in self.happenings if each.thing is not None]
        again = bool(known) and self.random.random() < 0.25
        while True:
            thing = self.one(known) if again else self._any()
            action = self.one(THING_ACTIONS)
            if is_kept_back(thing, action) == wants_new:
                return thing, action
            again = False

    def _any(self) -> Thing:
        return Thing(self.one(KINDS), self.one(tuple(COLOURS)))

    def _other(self, shot: Shot, actions: Sequence[str]) -> None:
        """A move of the camera or a change of light."""
        fresh = [action for action in actions if all(each.action != action for each in self.happenings)]
        action = self.one(fresh)
        self._add([shot], lambda shot: Happening(self._span(shot), action))

    def _add(self, shots: Sequence[Shot], made: Callable[[Shot], Happening | None]) -> None:
        for _ in range(30):
            found = made(self.one(shots))
            if found is not None and self._fits(found):
                self.happenings.append(found)
                return

    def _span(self, shot: Shot) -> Span:
        most = min(self.most, shot.span.end - shot.span.start)
        length = int(self.random.integers(min(self.least, most), most + 1))
        start = int(self.random.integers(shot.span.start, shot.span.end - length + 1))
        return Span(start, start + length, BASE)

    def _fits(self, new: Happening) -> bool:
        """At most three at once; none at once where one comes after the other. Places do not count."""
        others = [each.span for each in self.happenings if each.action != PLACE]
        return sum(_meet(new.span, other) for other in others) < (1 if self.apart else 3)

    def _stage(self, span: Span, shot: Shot) -> Span:
        """Longer than the span at both ends, where the shot allows it."""
        before, after = (round(float(self.random.uniform(0.02, 0.2)) * self.frames) for _ in range(2))
        return Span(max(shot.span.start, span.start - before), min(shot.span.end, span.end + after), BASE)

    def _is_free(self, thing: Thing, span: Span) -> bool:
        """Whether the thing is nowhere else at that time."""
        return all(each.thing != thing or not _meet(each.stage or each.span, span) for each in self.happenings)

    def _lane(self) -> tuple[float, float]:
        lane = float(self.one((0.25, 0.5, 0.75))) + float(self.random.uniform(-0.06, 0.06))
        return round(lane, 3), round(lane, 3)

    def _free_home(self, span: Span) -> tuple[float, float] | None:
        """A place in the picture where nothing stands at that time."""
        taken = [
            each.home for each in self.happenings
            if each.thing and each.action not in CROSSINGS and _meet(each.stage or each.span, span)
        ]  # fmt: skip
        taken += [each.home for each in self.stills if _meet(each.span, span)]
        homes = [(x, y) for y in (0.3, 0.72) for x in (0.2, 0.5, 0.8)]
        free = [(x, y) for x, y in homes if all(abs(x - a) > 0.15 or abs(y - b) > 0.2 for a, b in taken)]
        if not free:
            return None
        x, y = self.one(free)
        return round(x + float(self.random.uniform(-0.04, 0.04)), 3), round(
            y + float(self.random.uniform(-0.04, 0.04)), 3
        )

    def _still(self, shot: Shot) -> None:
        """A thing that looks like one that acts, in part; it is not told of."""
        acting = [each.thing for each in self.happenings if each.thing is not None]
        alike = self.one(acting) if acting else self._any()
        thing = self.one((Thing(alike.kind, self._any().colour), Thing(self._any().kind, alike.colour), self._any()))
        home = self._free_home(shot.span)
        taken = [*acting, *(each.thing for each in self.stills)]
        is_new = self.split != "test" and looks_new(thing)
        if home is None or thing in taken or is_new:
            return
        self.stills.append(Still(shot.span, thing, home, round(float(self.random.uniform(0.1, 0.15)), 3)))


def _meet(first: Span, second: Span) -> bool:
    return first.start < second.end and second.start < first.end
