"""What goes along with the camera, and what only seems to."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest

from momentidx.caption.shotlog import words
from momentidx.caption.shotlog.camera import camera
from momentidx.caption.shotlog.following import Followed
from momentidx.caption.shotlog.looker import Looker
from momentidx.caption.shotlog.models import Models
from momentidx.caption.shotlog.moves import CameraMove
from momentidx.caption.shotlog.pairs import movement
from momentidx.caption.shotlog.path import Step
from momentidx.models.tflite import Detection
from momentidx.times import Span
from tests.caption.painted import Picture
from tests.caption.paintings import HEIGHT, WIDTH, street, walker

LEVEL = (1.0, 1.0, 1.0)
"""Speeds at which hills, houses and pavement pass a camera that turns."""
Turn = Callable[[Picture], Picture]
Moves = list[tuple[str, bool]]


def walks(frame: int, speed: float, speeds: tuple[float, float, float] = (0.6, 1.0, 1.5), size: float = 1) -> Picture:
    picture = street(200 + speed * frame, speeds)
    walker(picture, (WIDTH / 2, 330), 0.3 * frame, size)
    return picture


def crosses(frame: int) -> Picture:
    picture = street(200 + 4 * frame)
    walker(picture, (8 * frame, 330), 0.3 * frame)
    return picture


def stands_in_the_street(frame: int) -> Picture:
    picture = street(200 + 4 * frame)
    walker(picture, (500 - 4 * frame, 330), 0)
    return picture


def titled(frame: int) -> Picture:
    picture = street(200 + 4 * frame)
    cv2.putText(picture, "MONDAY MORNING", (150, 240), cv2.FONT_HERSHEY_DUPLEX, 1.2, (255, 255, 255), 2, cv2.LINE_AA)
    return picture


def goes_round(frame: int) -> Picture:
    """What is before the one in the middle goes the other way."""
    picture = street(2000 + 4 * frame, (0.6, 1.0, -1.0))
    walker(picture, (WIDTH / 2, 330), 0)
    return picture


def passes_behind(frame: int) -> Picture:
    """A camera that stands, while the houses drive by as a train would."""
    picture = street(200 + 4 * frame, (0, 1.0, 0))
    walker(picture, (WIDTH / 2, 330), 0.3 * frame)
    return picture


def moves(paint: Callable[[int], Picture], turned: Turn = np.asarray) -> Moves:
    """Each camera movement of a second and a half, with its direction, and whether something is followed."""
    noise = np.random.default_rng(1)
    greys = []
    for frame in range(0, 39, 3):
        picture = cv2.resize(turned(paint(frame)), (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) + noise.integers(-2, 3, picture.shape[:2])
        greys.append(np.clip(grey, 0, 255).astype(np.uint8))
    steps = [
        Step(3 * n, 3 * n + 3, movement(before, after), False) for n, (before, after) in enumerate(pairwise(greys))
    ]
    found = camera(Span(0, 39, Fraction(1, 25)), steps)
    return [
        (f"{move.label}-{move.towards}" if move.towards else move.label, move.follows is not None)
        for move in found.moves
    ]


@pytest.mark.parametrize(
    ("paint", "turned", "expected"),
    [
        (lambda n: walks(n, 2), np.asarray, "tracking-right"),
        (lambda n: walks(n, 4, (0.8, 1.0, 1.2), 0.7), np.fliplr, "tracking-left"),
        (lambda n: walks(n, 4, LEVEL), np.fliplr, "pan-left"),
    ],
    ids=["beside somebody", "beside somebody small, where near and far differ less", "after somebody"],
)
def test_a_camera_that_follows_somebody_travels_or_only_turns(
    paint: Callable[[int], Picture], turned: Turn, expected: str
) -> None:
    assert moves(paint, turned) == [(expected, True)]


@pytest.mark.parametrize(
    "paint",
    [
        titled,
        goes_round,
        *(pytest.param(each, marks=pytest.mark.slow) for each in (crosses, stands_in_the_street, passes_behind)),
    ],
)
def test_nobody_is_followed_who_does_not_go_along(paint: Callable[[int], Picture]) -> None:
    assert [move for move in moves(paint) if move[1] or move[0].startswith("tracking")] == []


@pytest.mark.parametrize(
    ("label", "towards", "name", "expected"),
    [
        ("tracking", "left", "person", "The camera tracks left with a person."),
        ("tracking", "up", None, "The camera tracks up with something."),
        ("pan-right", None, "dog", "The camera pans right, following a dog."),
    ],
)
def test_the_sentence_says_who_is_followed(label: str, towards: str | None, name: str | None, expected: str) -> None:
    what = Followed(0.4, 0.3, 0.6, 0.7, 0.1, 0.4, 0.5, name)
    assert words.camera_move(CameraMove(Span(0, 50, Fraction(1, 25)), label, 0.5, 0.2, what, towards)) == expected


def test_what_is_followed_has_the_name_of_what_is_seen_in_its_place() -> None:
    sees_a_dog: Any = lambda _: [Detection("dog", 0.9, 0.4, 0.3, 0.6, 0.9)]  # noqa: E731
    looker = Looker(Models(objects=sees_a_dog))
    for pts in range(17):
        looker.see(pts, np.full((90, 160, 3), 120, np.uint8))
    places = (Followed(left, 0.4, left + 0.1, 0.7, 0.1, 0.4, 0.5) for left in (0.45, 0.1))
    assert [looker.followed(Span(0, 17, Fraction(1, 8)), place) for place in places] == ["dog", None]
