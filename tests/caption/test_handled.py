"""What is taken away and put down before a standing camera."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from momentidx.caption.shotlog import ShotLog
from momentidx.caption.shotlog.captioner import SMALL, shrunk
from momentidx.caption.shotlog.handled import Settled
from momentidx.demo import scenes
from tests.caption.painted import Painted, Picture
from tests.caption.paintings import hand_and_ball

ENDS = 115
"""Frames of each clip, 25 a second; something moves in it from 40 to 85."""


def handled(frame: Callable[[int], Picture], frames: Sequence[int] = range(ENDS)) -> list[tuple[str, str]]:
    """What was done, and at which side, by eight pictures a second."""
    settled = Settled()
    for number in frames[::3]:
        settled.see(number, shrunk(frame(number), SMALL))
    return [(each.does, each.where) for each in settled.handled]


@pytest.mark.parametrize(
    ("does", "x", "where"), [("taken", 320, "middle"), ("put", 130, "left"), ("put", 510, "right")]
)
def test_a_hand_takes_away_or_puts_down(does: str, x: int, where: str) -> None:
    assert handled(lambda n: hand_and_ball(n, does, x)) == [(does, where)]


def test_a_hand_that_comes_and_goes_alone_took_nothing() -> None:
    assert handled(lambda n: hand_and_ball(n, "nothing", 320)) == []


@pytest.mark.parametrize("frames", [range(ENDS), range(ENDS)[::-1]], ids=["comes", "goes"])
def test_what_comes_and_stays_by_itself_is_not_put_down_and_what_goes_is_not_taken(frames: range) -> None:
    def rolls(n: int) -> Picture:
        picture = scenes.table()
        scenes.ball(picture, (min(max(-60, 12 * (n - 45)), 320), 200), 30, (200, 30, 30), 0)
        return picture

    assert handled(rolls, frames) == []


def test_light_that_goes_on_puts_nothing_down() -> None:
    assert handled(lambda n: np.asarray(scenes.table() * (0.5 if n < 60 else 1.0), np.uint8)) == []


def test_the_log_says_what_happened_when_and_where() -> None:
    source = Painted(hand_and_ball(n, "taken", 130) for n in range(ENDS))
    (event,) = [event for event in ShotLog().describe(source.footage, source) if event.kind == "movement"]
    assert event.caption == "Something is taken away on the left of the picture."
    (thing,) = event.measures["handled"]
    assert (thing["does"], thing["where"], thing["name"]) == ("taken", "left", None)
    assert abs(event.span.start - Painted.START - 45) <= 3  # the hand is 60 pixels above the picture at 40
    assert abs(event.span.end - Painted.START - 82) <= 5
