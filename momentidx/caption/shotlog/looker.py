"""Looking closely: people and named things, once a second, and more often where something changes.

To recognise takes far longer than to measure, so it is not done for every picture. Where two looks
differ in what is there, the pictures between them are looked at too, the middle one first; so a
beginning or an end is known to an eighth of a second without looking eight times a second.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog import named, people
from momentidx.caption.shotlog.boxes import Box, common
from momentidx.caption.shotlog.handled import Handled
from momentidx.caption.shotlog.models import Models
from momentidx.caption.shotlog.named import Named, Sight
from momentidx.caption.shotlog.people import Finder, People, Person
from momentidx.caption.shotlog.things import Blob
from momentidx.models.tflite import Detection
from momentidx.times import Span

EVERY = 8
"""Pictures from one look to the next: a second."""
FACES = 3
"""Looks after a face in which faces are looked for from all sides; else every other look, from the front."""
EXTRA = 8
"""Looks between looks that may be taken before one in two looks must be a regular one."""
SOMEBODY, SOMETHING, TOUCHES = 0.45, 0.62, 0.5
"""Mean scores from which what moves is a person, or another thing, and the part of the smaller box they share."""
LYING = 3
"""Looks that are asked what a thing was that lay there."""
THERE, AWAY = 0.6, 0.4
"""Scores from which something is surely there, and below which it surely is not, when two looks are compared."""


@dataclass(frozen=True, slots=True)
class Look:
    """One picture looked at closely."""

    pts: int
    persons: Sequence[Person]
    sight: Sight

    def differs(self, other: Look) -> bool:
        """Whether something is surely there in one of two looks and surely not in the other."""
        one, two = self._scores, other._scores
        return any(
            max(one.get(name, 0), two.get(name, 0)) >= THERE and min(one.get(name, 0), two.get(name, 0)) < AWAY
            for name in one.keys() | two.keys()
        )

    @property
    def boxes(self) -> Mapping[str, Sequence[Person | Detection]]:
        """What was found where, by its name."""
        found: dict[str, list[Person | Detection]] = defaultdict(list)
        for each in self.sight.objects:
            found[each.label].append(each)
        return found | ({"person": list(self.persons)} if self.persons else {})

    @property
    def _scores(self) -> dict[str, float]:
        return {name: max(box.score for box in found) for name, found in self.boxes.items()}


class Looker:
    """Takes the pictures of one footage in order, and remembers what it saw."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._finder = Finder()
        self._looks: list[Look] = []
        self._held: list[tuple[int, NDArray[np.uint8]]] = []
        """Pictures since the last regular look, that one first."""
        self._extra = EXTRA
        self._number = 0
        """Of the regular look."""
        self._shown: Mapping[str, float] = {}
        """What the picture as a whole showed last."""
        self._faces = 0
        """Looks that faces are still looked for in, also from the side: some after each face."""

    def see(self, pts: int, picture: NDArray[np.uint8]) -> None:
        """Take the next (H, W, 3) picture."""
        self._held.append((pts, picture))
        if len(self._held) > EVERY or not self._looks:
            self._look()

    def finish(self) -> None:
        """That was the last picture."""
        if len(self._held) > 1:
            self._look()

    def people(self, shot: Span) -> list[People]:
        looks = self._inside(shot)
        return people.people(shot, [look.pts for look in looks], [look.persons for look in looks])

    def named(self, shot: Span) -> list[Named]:
        looks = self._inside(shot)
        return named.named(shot, [look.pts for look in looks], [look.sight for look in looks])

    def name(self, blobs: Sequence[Blob]) -> str | None:
        """What was recognised where something moves; less is needed to believe it than where nothing does."""
        moving: dict[int, list[Box]] = defaultdict(list)
        for blob in blobs:
            moving[blob.pts].append(blob)
        return self._name(moving)

    def followed(self, span: Span, place: Box) -> str | None:
        """What was recognised in a place of the picture where it stays while the camera moves."""
        return self._name({look.pts: [place] for look in self._inside(span)})

    def _name(self, where: Mapping[int, Sequence[Box]]) -> str | None:
        """What was recognised most surely at the places given for each time."""
        scores: dict[str, list[float]] = defaultdict(list)
        looks = [look for look in self._looks if look.pts in where]
        for look in looks:
            for label, found in look.boxes.items():
                touching = [box.score for box in found if any(common(box, b) > TOUCHES for b in where[look.pts])]
                scores[label].append(max(touching, default=0.0))
        usual = {label: sum(found) / len(looks) for label, found in scores.items()}
        sure = [label for label in usual if usual[label] >= (SOMEBODY if label == "person" else SOMETHING)]
        return max(sure, key=lambda label: usual[label], default=None)

    def lying(self, thing: Handled) -> str | None:
        """What lay where something was taken away or put down, by the last looks before or the first ones after."""
        if thing.does == "taken":
            looks = [look for look in self._looks if look.pts <= thing.before][-LYING:]
        else:
            looks = [look for look in self._looks if look.pts >= thing.after][:LYING]
        boxes = [box for look in looks for box in look.sight.objects]
        there = [box for box in boxes if box.score >= SOMETHING and common(box, thing) > TOUCHES]
        return max(there, key=lambda box: box.score).label if there else None

    def _inside(self, shot: Span) -> list[Look]:
        return [look for look in self._looks if look.pts in shot]

    def _look(self) -> None:
        last = self._closely(*self._held[-1])
        if self._looks:
            self._between(self._looks[-1], last, self._held[1:-1])
        self._looks.append(last)
        self._extra = min(self._extra + 1, EXTRA)
        del self._held[:-1]

    def _between(self, before: Look, after: Look, pictures: Sequence[tuple[int, NDArray[np.uint8]]]) -> None:
        """Look at pictures between two looks that differ, and add the looks in order of time."""
        if not pictures or self._extra <= 0 or not before.differs(after):
            return
        self._extra -= 1
        middle = len(pictures) // 2
        look = self._closely(*pictures[middle], between=True)
        self._between(before, look, pictures[:middle])
        self._looks.append(look)
        self._between(look, after, pictures[middle + 1 :])

    def _closely(self, pts: int, picture: NDArray[np.uint8], between: bool = False) -> Look:
        """Look at one picture; between two looks what takes long is left as it was."""
        objects = self._models.objects(picture) if self._models.objects else None
        self._number += not between
        seldom = self._number % 2 == 1 and not between
        if seldom and self._models.scenes is not None:
            self._shown = named.plain(self._models.scenes(picture))
        faces = "all" if self._faces and not between else "frontal" if seldom else "none"
        persons = self._finder(picture, objects, faces=faces)
        if faces != "none":
            self._faces = FACES if any(person.face for person in persons) else max(0, self._faces - 1)
        things = [each for each in objects or () if each.label not in ("person", "n/a")]
        return Look(pts, persons, Sight(things, self._shown))
