"""What a detector sees in single pictures becomes instances."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from momentidx.caption.shotlog.detector import ShotLogDetector
from momentidx.caption.shotlog.models import Models
from momentidx.caption.shotlog.things import Blob
from momentidx.models.tflite import Detection
from momentidx.training.engine.instances import Follower, Instance, Seen, instances
from momentidx.training.engine.looks import look
from momentidx.training.samples import Picture

TICK = Fraction(1, 8)
RED, BLUE = (look(np.full((20, 20, 3), colour, np.uint8)) for colour in ((220, 20, 20), (20, 20, 220)))


def seen(pts: int, left: float, *, label: str = "thing", colour: str | None = "red", how: Any = RED) -> Seen:
    return Seen(label, Blob(pts, left, 0.4, left + 0.2, 0.6, 0.04, colour, glows=False), how)


def summary(found: list[Instance]) -> list[tuple[str, list[int]]]:
    return [(one.name, [each.box.pts for each in one.seen]) for one in found]


def test_what_looks_the_same_later_is_the_same_and_other_things_are_not() -> None:
    first = [seen(pts, 0.1) for pts in range(4)]
    later = [seen(pts, 0.7) for pts in range(40, 44)]
    painted = [seen(pts, 0.7, how=BLUE) for pts in range(80, 84)]
    beside = [seen(pts, 0.6, colour="blue", how=BLUE) for pts in range(4)]
    assert summary(instances([*first, *later, *painted, *beside], TICK)) == [
        ("the red thing", [0, 1, 2, 3, 40, 41, 42, 43]),
        ("the blue thing", [0, 1, 2, 3]),
        ("the red thing", [80, 81, 82, 83]),
    ]


def test_what_is_seen_once_or_moves_for_a_moment_is_nothing() -> None:
    glimpses = [seen(pts, 0.1) for pts in range(3)] + [seen(0, 0.5, label="dog")]
    assert instances(glimpses, TICK) == []


@pytest.mark.parametrize(
    ("label", "colour", "name"),
    [
        ("person", "blue", "the person in blue"),
        ("person", None, "the person"),
        ("dog", "brown", "the brown dog"),
        ("thing", None, "the thing"),
    ],
)
def test_an_instance_is_called_by_kind_and_colour(label: str, colour: str | None, name: str) -> None:
    assert Instance(label, colour, (seen(0, 0.1),)).name == name


def test_what_was_named_is_not_told_a_second_time_because_it_moves() -> None:
    """A red box goes right; a network that sees dogs calls it one."""
    lefts = [10 + 5 * at for at in range(48)]

    def picture(at: int) -> Picture:
        image = np.full((180, 320, 3), 150, np.uint8)
        image[70:120, lefts[at] : lefts[at] + 30] = (220, 20, 20)
        return image

    def dogs(image: Picture) -> list[Detection]:
        left = int(np.flatnonzero(image[90, :, 1] < 100)[0])
        return [Detection("dog", 0.9, left / 320, 70 / 180, (left + 30) / 320, 120 / 180)]

    models: Any = dogs
    detector = ShotLogDetector(Models(objects=models, version="dogs"))
    assert detector.version == "shotlog dogs"
    follower = Follower(detector)
    for at in range(48):
        follower.see(at, picture(at), picture(at))
    assert summary(instances(follower.finish(), TICK)) == [("the red dog", [0, 8, 16, 24, 32, 40])]
