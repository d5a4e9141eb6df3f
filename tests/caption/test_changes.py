"""Dissolves, focus, tone and silhouettes, on pictures that are made so."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from momentidx.demo import scenes
from momentidx.events import Event
from tests.caption.painted import Painted, Picture
from tests.caption.test_shotlog import log, look_at, only_shot

BOOKS = scenes.books()[:360, :640]


def blurred(picture: Picture, sigma: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8) if sigma > 0.3 else picture


def during(kind: str, events: list[Event]) -> list[tuple[int, int]]:
    return [(each.span.start - Painted.START, each.span.end - Painted.START) for each in events if each.kind == kind]


@pytest.mark.parametrize(("first", "end"), [(40, 65), (40, 52), (30, 72)])
def test_a_dissolve_is_found_with_its_edges(first: int, end: int) -> None:
    def mixed(number: int) -> Picture:
        share = min(1.0, max(0.0, (number - first + 1) / (end - first + 1)))
        return np.asarray(cv2.addWeighted(look_at(1.5 * number), 1 - share, BOOKS, share, 0), np.uint8)

    ((start, stop),) = during("dissolve", log(Painted(map(mixed, range(110)), cuts=[(first + end) // 2])))
    assert abs(start - first) <= 3
    assert abs(stop - end) <= 3


def test_nothing_moves_in_a_dissolve_between_two_pictures_that_stand() -> None:
    shares = [min(1.0, max(0.0, (number - 29) / 26)) for number in range(85)]
    mixed = [np.asarray(cv2.addWeighted(look_at(), 1 - share, BOOKS, share, 0), np.uint8) for share in shares]
    assert {event.kind for event in log(Painted(mixed, cuts=[42]))} == {"shot", "dissolve"}


def test_a_cut_is_no_dissolve() -> None:
    pictures = [*(look_at(2.0 * number) for number in range(50)), *[BOOKS] * 50]
    assert during("dissolve", log(Painted(pictures, cuts=[50]))) == []


def test_focus_that_goes_from_one_side_to_the_other_is_a_rack_focus() -> None:
    def racked(number: int) -> Picture:
        share = min(1.0, max(0.0, (number - 40) / 25))
        return np.concatenate([blurred(BOOKS, 8 * share)[:, :320], blurred(BOOKS, 8 - 8 * share)[:, 320:]], axis=1)

    ((start, end),) = during("rack-focus", log(Painted(map(racked, range(110)))))
    assert abs(start - 40) <= 3
    assert abs(end - 65) <= 3


def test_something_sharp_that_comes_while_another_thing_softens_is_no_rack_focus() -> None:
    def shown(number: int) -> Picture:
        share = min(1.0, max(0.0, (number - 40) / 25))
        came = cv2.addWeighted(blurred(BOOKS, 8), 1 - share, np.fliplr(BOOKS), share, 0)
        return np.concatenate([blurred(BOOKS, 8 * share)[:, :320], np.asarray(came, np.uint8)[:, 320:]], axis=1)

    assert during("rack-focus", log(Painted(map(shown, range(110))))) == []


@pytest.mark.parametrize(("sigma", "label"), [(0, "sharp"), (2, "sharp"), (10, "soft")])
def test_only_what_is_clearly_out_of_focus_is_said_to_be_soft(sigma: float, label: str) -> None:
    shot = only_shot([blurred(BOOKS, sigma)] * 30)
    assert shot.measures["focus"]["label"] == label
    assert ("out of focus" in shot.caption) == (label == "soft")


def test_a_picture_without_contrast_has_no_focus() -> None:
    assert only_shot([np.full((360, 640, 3), 120, np.uint8)] * 30).measures["focus"]["label"] is None


def person_before_a_window(inside: int) -> Picture:
    picture = np.full((360, 640, 3), 225, np.uint8)
    cv2.circle(picture, (320, 120), 50, (inside,) * 3, -1)
    cv2.rectangle(picture, (240, 175), (400, 360), (inside,) * 3, -1)
    return picture


@pytest.mark.parametrize(("inside", "light"), [(15, "silhouette"), (90, "bright")])
def test_a_silhouette_is_black_before_the_light(inside: int, light: str) -> None:
    assert only_shot([person_before_a_window(inside)] * 30).measures["look"]["light"] == light


@pytest.mark.parametrize(
    ("tint", "tone"),
    [
        (lambda p: (p * np.array([1.0, 0.75, 0.45])).astype(np.uint8), "warm"),
        (lambda p: (p * np.array([0.5, 0.75, 1.0])).astype(np.uint8), "cool"),
        (lambda _: BOOKS, None),
        (lambda p: (p * np.array([0.8, 1.0, 0.4])).astype(np.uint8), None),
        (lambda p: (p * np.array([1.0, 1.0, 0.94])).astype(np.uint8), None),
        (lambda p: np.repeat(p.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8), "black-and-white"),
    ],
    ids=["warm", "cool", "neither", "meadow", "asphalt", "grey"],
)
def test_colours_have_a_tone(tint: Callable[[Picture], Picture], tone: str | None) -> None:
    grey = np.repeat(BOOKS.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    picture = tint(BOOKS if tone == "black-and-white" else grey)
    assert only_shot([picture] * 20).measures["look"]["tone"] == tone
