"""The shot log on footage whose contents are known to the frame."""

import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from momentidx.caption.shotlog import ShotLog
from momentidx.demo import scenes
from momentidx.demo.footage import CLIPS, Clip, pictures
from momentidx.events import Event
from tests.caption.painted import Painted, Picture

GARDEN = np.concatenate([scenes.cottage(), np.fliplr(scenes.cottage())], axis=1)
HEIGHT, WIDTH = scenes.HEIGHT, scenes.WIDTH
Turn = Callable[[Picture], Picture]


def log(source: Painted) -> list[Event]:
    return list(ShotLog().describe(source.footage, source))


def lines(source: Painted) -> list[tuple[str, tuple[int, int], str]]:
    """(kind, frames, sentence) of each event."""
    grid = source.footage.grid
    return [(event.kind, grid.frames(event.span), event.caption) for event in log(source)]


def look_at(x: float = 0, y: float = 0, scale: float = 0.75, roll: float = 0) -> Picture:
    """The garden from a camera turned `x` to the right and `y` down, in pixels of the picture (640 x 360)."""
    return scenes.view(GARDEN, (GARDEN.shape[1] / 2 + x / scale, HEIGHT + y / scale), scale, roll)


def only_shot(pictures: Iterable[Picture], rate: Fraction | int = 25) -> Event:
    (shot,) = [event for event in log(Painted(pictures, rate)) if event.kind == "shot"]
    return shot


# The demo footage


DEMO = {
    "A001_day.mov": [
        ("shot", (0, 125), "The camera pans left; blue above, green below; fade in from black."),
        ("fade-in", (0, 25), "Fade in from black."),
        ("shot", (125, 225), "The camera tilts up; mainly blue and red."),
        ("shot", (225, 325), "The camera pushes in; mainly blue and green."),
    ],
    "A002_studio.mov": [
        ("shot", (0, 96), "Locked-off shot; something red crosses the frame from left to right; mostly grey."),
        ("shot", (96, 192), "Hand-held shot; many colours."),
        (
            "shot",
            (192, 264),
            "Locked-off shot; something blue crosses the frame from bottom to top; bright picture; mostly white.",
        ),
    ],
    "A003_night.mov": [
        (
            "shot",
            (0, 125),
            "Locked-off shot; a light crosses the frame from right to left; dark, like night or an unlit room.",
        ),
        ("shot", (125, 225), "The camera pulls out; mainly orange; fade to black."),
        ("fade-out", (200, 225), "Fade to black."),
    ],
}


@cache
def demo_log(clip: Clip) -> list[Event]:
    return log(Painted(pictures(clip), clip.rate, [shot.frames[0] for shot in clip.shots[1:]]))


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.name)
def test_the_demo_footage_is_described_exactly(clip: Clip) -> None:
    found = [(event.kind, (event.span.start - 1000, event.span.end - 1000), event.caption) for event in demo_log(clip)]
    assert found == DEMO[clip.name]


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.name)
def test_camera_and_light_of_the_demo_footage_are_the_truth(clip: Clip) -> None:
    shots = [event.measures for event in demo_log(clip) if event.kind == "shot"]
    assert [(shot["camera"]["label"], shot["look"]["light"]) for shot in shots] == [
        (shot.camera, shot.light) for shot in clip.shots
    ]


# The camera


def pan(right: float = 0, down: float = 0, grow: float = 0, turn: float = 0, seconds: int = 3) -> Iterator[Picture]:
    """A camera that turns at an even speed, in pixels (of 640) and degrees a second; growth is a factor."""
    for frame in range(25 * seconds):
        time = frame / 25 - seconds / 2
        yield look_at(right * time, down * time, 0.75 * math.exp(grow * time), turn * time)


@pytest.mark.parametrize(
    ("label", "move"),
    [
        ("pan-left", {"right": -60}),
        ("pan-right", {"right": 60}),
        ("tilt-up", {"down": -50}),
        ("tilt-down", {"down": 50}),
        ("push-in", {"grow": 0.12}),
        ("pull-out", {"grow": -0.12}),
        ("roll-left", {"turn": -9}),
        ("roll-right", {"turn": 9}),
        ("whip-pan-right", {"right": 640, "seconds": 1}),
        ("still", {}),
    ],
)
def test_a_camera_movement_has_the_name_editors_use(label: str, move: dict[str, float]) -> None:
    assert only_shot(pan(**move)).measures["camera"]["label"] == label  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("flip", "expected"),
    [
        (np.fliplr, {"pan-left": "pan-right", "tilt-up": "tilt-up", "push-in": "push-in"}),
        (np.flipud, {"pan-left": "pan-left", "tilt-up": "tilt-down", "push-in": "push-in"}),
    ],
)
def test_mirrored_pictures_mirror_the_direction(flip: Turn, expected: dict[str, str]) -> None:
    moves = {"pan-left": {"right": -60}, "tilt-up": {"down": -50}, "push-in": {"grow": 0.12}}
    found = {label: only_shot(map(flip, pan(**move))).measures["camera"]["label"] for label, move in moves.items()}
    assert found == expected


def test_figures_of_a_movement_are_measured() -> None:
    shot = only_shot(look_at(2.56 * frame) for frame in range(101))
    (move,) = shot.measures["camera"]["moves"]
    assert move == {
        "label": "pan-right",
        "amount": pytest.approx(0.4, abs=0.01),
        "speed": pytest.approx(0.1, abs=0.003),
        "follows": None,
        "towards": None,
    }


def test_a_movement_in_a_part_of_a_shot_is_an_event_of_its_own_with_its_own_edges() -> None:
    def still_then_pan_then_still() -> Iterator[Picture]:
        for frame in range(175):
            yield look_at(x=-2.4 * min(max(frame - 50, 0), 75))

    source = Painted(still_then_pan_then_still())
    events = log(source)
    assert [(event.kind, event.caption) for event in events] == [
        ("shot", "The camera pans left; blue above, green below."),
        ("camera", "The camera pans left."),
    ]
    start, end = source.footage.grid.frames(events[1].span)
    assert abs(start - 50) <= events[1].edge * 25
    assert abs(end - 125) <= events[1].edge * 25


def test_a_shaking_camera_is_hand_held() -> None:
    def shaking() -> Iterator[Picture]:
        for frame in range(75):
            time = frame / 25
            yield look_at(7 * math.sin(9 * time) + 4 * math.sin(17 * time), 5 * math.sin(11 * time + 1))

    shot = only_shot(shaking())
    assert (shot.measures["camera"]["label"], shot.caption[:10]) == ("hand-held", "Hand-held ")


def test_a_picture_without_features_says_nothing_about_the_camera() -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    shot = only_shot([grey] * 50)
    assert (shot.measures["camera"]["label"], shot.caption) == ("unknown", "Black-and-white.")


def test_a_large_thing_in_front_of_a_standing_camera_is_not_a_camera_movement() -> None:
    poster = scenes.books()[:300, :260]

    def carried_through() -> Iterator[Picture]:
        for frame in range(100):
            picture, left = look_at(), -260 + 9 * frame
            seen = poster[:, max(0, -left) : WIDTH - left]
            picture[30:330, max(0, left) : max(0, left) + seen.shape[1]] = seen
            yield picture

    shot = only_shot(carried_through())
    assert shot.measures["camera"]["label"] == "still"
    assert shot.caption == ("Locked-off shot; something crosses the frame from left to right; blue above, green below.")


# What moves


def ball_rolls(colour: tuple[int, int, int], turned: Turn) -> Iterator[Picture]:
    wall = np.ascontiguousarray(turned(scenes.table()))
    for frame in range(75):
        picture = np.ascontiguousarray(turned(wall.copy()))
        scenes.ball(picture, (-20 + 9.2 * frame, 200), 30, colour, 0)
        yield np.ascontiguousarray(turned(picture))


@pytest.mark.parametrize(
    ("colour", "turned", "expected"),
    [
        ((200, 30, 30), np.asarray, "something red crosses the frame from left to right"),
        ((40, 90, 220), np.fliplr, "something blue crosses the frame from right to left"),
        (
            (40, 160, 50),
            lambda picture: picture.transpose(1, 0, 2),
            "something green crosses the frame from top to bottom",
        ),
    ],
)
def test_a_thing_that_crosses_is_told_with_colour_and_direction(
    colour: tuple[int, int, int], turned: Turn, expected: str
) -> None:
    assert expected in only_shot(ball_rolls(colour, turned)).caption


def test_movement_in_a_part_of_a_shot_is_an_event_of_its_own_with_its_own_edges() -> None:
    def passes_once() -> Iterator[Picture]:
        for frame in range(150):
            picture = scenes.table()
            scenes.ball(picture, (-40 + 12 * max(frame - 75, 0), 200), 30, (200, 30, 30), 0)
            yield picture

    source = Painted(passes_once())
    shot, passing = log(source)
    assert shot.caption == "Locked-off shot; mostly grey."
    assert (passing.kind, passing.caption) == ("movement", "Something red crosses the frame from left to right.")
    start, end = source.footage.grid.frames(passing.span)
    in_sight = (75 + 10 / 12, 75 + 710 / 12)
    assert abs(start - in_sight[0]) <= passing.edge * 25
    assert abs(end - in_sight[1]) <= passing.edge * 25


def test_when_nothing_moves_the_log_says_so() -> None:
    assert only_shot([look_at()] * 75).caption == "Locked-off shot; nothing moves; blue above, green below."


# Fades


def faded(levels: Iterable[float], colour: int = 0) -> Iterable[Picture]:
    picture = scenes.books()[:HEIGHT, :WIDTH].astype(np.float32)
    return (np.rint(picture * level + colour * (1 - level)).astype(np.uint8) for level in levels)


@pytest.mark.parametrize(("colour", "value"), [("black", 0), ("white", 255)])
def test_fades_and_the_black_or_white_between_them_are_exact_to_the_frame(colour: str, value: int) -> None:
    levels = [*[1.0] * 40, *(1 - n / 20 for n in range(1, 21)), *[0.0] * 19, *(n / 30 for n in range(30)), *[1.0] * 30]
    found = [event for event in lines(Painted(faded(levels, value))) if event[0] != "shot"]
    assert found == [
        ("fade-out", (40, 60), f"Fade to {colour}."),
        (colour, (59, 80), f"The picture is {colour}."),
        ("fade-in", (79, 109), f"Fade in from {colour}."),
    ]


def test_a_cut_to_black_is_no_fade() -> None:
    found = lines(Painted(faded([*[1.0] * 30, *[0.0] * 30]), cuts=[30]))
    assert [(kind, frames) for kind, frames, _ in found] == [("shot", (0, 30)), ("black", (30, 60))]


def test_light_that_dims_but_stays_is_no_fade() -> None:
    levels = [*[1.0] * 25, *(1 - n / 40 for n in range(30)), *[0.25] * 25]
    assert [kind for kind, _, _ in lines(Painted(faded(levels)))] == ["shot"]


# Light, colour and form


@pytest.mark.parametrize(
    ("paint", "expected"),
    [
        (lambda: look_at() // 8, "dark"),
        (lambda: look_at() // 2 - look_at() // 12, "dim"),
        (look_at, "normal"),
        (lambda: 200 + look_at() // 5, "bright"),
    ],
)
def test_light_has_a_name(paint: Callable[[], Picture], expected: str) -> None:
    picture = paint()
    assert only_shot([picture] * 10).measures["look"]["light"] == expected


def test_grey_footage_is_black_and_white() -> None:
    grey = np.repeat(look_at().mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    assert only_shot([grey] * 50).caption == "Locked-off shot; nothing moves; black-and-white."


def test_black_footage_is_black_and_nothing_else() -> None:
    black = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    assert lines(Painted([black] * 50)) == [("black", (0, 50), "The picture is black.")]


@pytest.mark.parametrize("rate", [Fraction(10), Fraction(24000, 1001), Fraction(60000, 1001)])
def test_the_rate_of_the_footage_does_not_matter(rate: Fraction) -> None:
    def panned() -> Iterator[Picture]:
        for frame in range(int(3 * rate)):
            yield look_at(x=float(60 * frame / rate))

    assert only_shot(panned(), rate).caption == "The camera pans right; blue above, green below."


def test_one_picture_is_enough_for_light_and_colour() -> None:
    assert lines(Painted([look_at()])) == [("shot", (0, 1), "Blue above, green below.")]


def test_portrait_footage_is_measured_like_any_other() -> None:
    assert only_shot(picture[:, 200:400] for picture in pan(right=-60)).caption.startswith("The camera pans left")


# Form


def boxed(rows: int = 0, columns: int = 0) -> Iterator[Picture]:
    for number in range(50):
        picture = look_at(x=2.0 * number)
        if rows:
            picture[:rows] = picture[-rows:] = 0
        if columns:
            picture[:, :columns] = picture[:, -columns:] = 0
        yield picture


@pytest.mark.parametrize(
    ("rows", "columns", "form"),
    [(0, 0, []), (45, 0, ["letterboxed"]), (0, 80, ["pillarboxed"]), (45, 80, ["letterboxed", "pillarboxed"])],
)
def test_black_bars_are_told_from_the_picture(rows: int, columns: int, form: list[str]) -> None:
    shot = only_shot(boxed(rows, columns))
    assert shot.measures["form"] == form
    assert all(word in shot.caption for word in form)


def test_a_bar_on_one_side_is_part_of_the_picture() -> None:
    def darker_above() -> Iterator[Picture]:
        for picture in boxed():
            picture[:60] = 0
            yield picture

    assert only_shot(darker_above()).measures["form"] == []


def test_colour_bars_are_nothing_else() -> None:
    bars = np.zeros((360, 640, 3), np.uint8)
    colours = [(192, 192, 192), (192, 192, 0), (0, 192, 192), (0, 192, 0), (192, 0, 192), (192, 0, 0), (0, 0, 192)]
    for number, colour in enumerate(colours):
        bars[:, 640 * number // 7 : 640 * (number + 1) // 7] = colour
    shot = only_shot([bars] * 50)
    assert (shot.caption, shot.measures["form"]) == ("Colour bars.", ["colour-bars"])


def test_a_freeze_is_exact_to_the_frame() -> None:
    moving = [look_at(x=4.0 * number) for number in range(100)]
    found = lines(Painted([*moving[:50], *[moving[49]] * 30, *moving[50:]]))
    assert [line for line in found if line[0] == "freeze"] == [("freeze", (49, 80), "The picture freezes.")]


def test_a_picture_that_never_moves_is_no_freeze() -> None:
    assert {kind for kind, _, _ in lines(Painted([look_at()] * 100))} == {"shot"}


def test_a_flash_is_exact_to_the_frame_and_a_light_that_stays_on_is_none() -> None:
    dark = (look_at() * 0.3).astype(np.uint8)
    light = np.full_like(dark, 240)
    found = lines(Painted([dark] * 30 + [light] * 3 + [dark] * 30))
    assert [line for line in found if line[0] == "flash"] == [("flash", (30, 33), "A flash of light.")]
    assert not [line for line in lines(Painted([dark] * 30 + [light] * 33)) if line[0] == "flash"]
