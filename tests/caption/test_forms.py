"""Countdown leaders, split screens and recordings of screens."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from momentidx.caption.shotlog.asked import FILTERS
from momentidx.demo import scenes
from momentidx.events import values_of
from tests.caption.painted import Painted, Picture
from tests.caption.paintings import beside, desktop, leader
from tests.caption.test_shotlog import lines, log, look_at, only_shot

BOOKS = scenes.books()[:360, :640]
BLACK = np.zeros((360, 640, 3), np.uint8)


@pytest.mark.parametrize("dark_hand", [True, False])
def test_a_countdown_leader_is_one_event_however_it_is_cut(dark_hand: bool) -> None:
    pictures = [*[BLACK] * 10, *(leader(n, dark_hand=dark_hand) for n in range(75)), *[BOOKS] * 25]
    found = lines(Painted(pictures, cuts=[10, 35, 60, 85]))
    assert [line for line in found if line[1][1] > 10] == [
        ("countdown", (10, 85), "Countdown leader."),
        ("shot", (10, 35), "Countdown leader."),
        ("shot", (35, 60), "Countdown leader."),
        ("shot", (60, 85), "Countdown leader."),
        ("shot", (85, 110), "Locked-off shot; many colours."),
    ]


def test_a_countdown_can_be_asked_for() -> None:
    events = log(Painted([leader(n) for n in range(75)], cuts=[25, 50]))
    (countdown,) = [event for event in events if event.kind == "countdown"]
    assert list(values_of(countdown, FILTERS)) == [("form", "countdown", None)]


def test_a_clock_wipe_is_no_countdown() -> None:
    pictures = [*[leader(0)] * 25, *(leader(n) for n in range(25)), *[leader(24)] * 25]
    assert "countdown" not in {kind for kind, _, _ in lines(Painted(pictures))}


@pytest.mark.parametrize(
    ("picture", "form"),
    [
        (lambda n: beside(look_at(2 * n), BOOKS), ["split-screen"]),
        (lambda n: beside(look_at(2 * n), look_at(-2 * n), gap=6), ["split-screen"]),
        (lambda n: beside(look_at(), look_at(1.5 * n), gap=6), ["split-screen"]),
        (lambda n: beside(look_at(y=-n), look_at(), above=True), ["split-screen"]),
        (lambda n: beside(look_at(2 * n), look_at(2 * n), gap=6), []),
        (lambda _: beside(look_at(), BOOKS, gap=6), []),
        (lambda n: look_at(2 * n), []),
        (lambda n: look_at(scale=0.75 * 1.003**n), []),
        (desktop, ["screen-recording"]),
        (lambda _: desktop(0), ["screen-recording"]),
    ],
    ids=[
        "beside",
        "gap",
        "one stands",
        "above",
        "a pillar",
        "two walls",
        "along the horizon",
        "towards the horizon",
        "screen",
        "idle screen",
    ],
)
def test_split_screens_and_recordings_of_screens_are_told(picture: Callable[[int], Picture], form: list[str]) -> None:
    shot = only_shot(picture(n) for n in range(60))
    assert shot.measures["form"] == form
    assert ("split screen" in shot.caption) == (form == ["split-screen"])
    assert shot.measures["camera"]["label"] == "unknown" or "split-screen" not in form


def test_what_has_noise_is_no_recording_of_a_screen() -> None:
    rng = np.random.default_rng(1)
    noisy = (np.clip(desktop(n) + rng.normal(0, 6, (360, 640, 1)), 0, 255).astype(np.uint8) for n in range(50))
    assert only_shot(noisy).measures["form"] == []


@pytest.mark.parametrize("shape", [(360, 2, 3), (2, 360, 3), (24, 36, 3)])
def test_a_sliver_of_a_picture_has_no_form_but_its_own(shape: tuple[int, int, int]) -> None:
    stripes = np.indices(shape).sum(axis=0).astype(np.uint8) % 7 * 30
    assert only_shot([stripes] * 30).measures["form"] == []
