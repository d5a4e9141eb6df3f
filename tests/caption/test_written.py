"""What is written in the picture: read, with its own span, and told for what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from fractions import Fraction
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from momentidx.caption.shotlog import ShotLog
from momentidx.caption.shotlog.asked import FILTERS
from momentidx.events import Event, values_of
from tests.caption.painted import Painted, Picture
from tests.caption.test_shotlog import look_at

pytest.importorskip("rapidocr", reason="pip install 'momentidx[ocr]'")
pytest.importorskip("onnxruntime", reason="pip install 'momentidx[ocr]'")

from PIL import Image, ImageDraw, ImageFont

from momentidx.models.reading import Reader

WIDTH, HEIGHT = 1280, 720
WHITE, BLACK = (255, 255, 255), (20, 20, 20)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@cache
def garden(x: float = 0) -> Picture:
    return np.asarray(cv2.resize(look_at(x), (WIDTH, HEIGHT)), np.uint8)


def put(
    picture: Picture,
    text: str,
    size: int,
    at: tuple[float, float],
    colour: tuple[int, int, int] = WHITE,
    angle: float = 0,
) -> Picture:
    """The picture with a text of that size in pixels, its upper left corner at a place; angles in degrees."""
    left, top = round(at[0]), round(at[1])
    mask = letters(text, size) if not angle else turned(text, size, at, angle)
    picture = picture.copy()
    room = picture if angle else picture[max(0, top) : max(0, top + mask.shape[0]), left : left + mask.shape[1]]
    share = mask[max(0, -top) if not angle else 0 :][: room.shape[0], : room.shape[1], None]
    room[:] = np.rint(room + share * (np.array(colour) - room))
    return picture


@cache
def letters(text: str, size: int) -> NDArray[np.float64]:
    """(H, W) how much of each pixel a text covers, 0 to 1."""
    font = ImageFont.load_default(size)
    _, _, right, bottom = font.getbbox(text)
    image = Image.new("L", (round(right) + 2, round(bottom) + 2))
    ImageDraw.Draw(image).text((0, 0), text, font=font, fill=255)
    return np.asarray(image, np.float64) / 255


@cache
def turned(text: str, size: int, at: tuple[float, float], angle: float) -> NDArray[np.float64]:
    """The same in a whole picture, turned about the text's corner."""
    image = Image.new("L", (WIDTH, HEIGHT))
    ImageDraw.Draw(image).text(at, text, font=ImageFont.load_default(size), fill=255)
    return np.asarray(image.rotate(angle, resample=Image.Resampling.BICUBIC, center=at), np.float64) / 255


def told(reader: Reader, pictures: Iterable[Picture], rate: int = 25, cuts: Sequence[int] = ()) -> list[Event]:
    source = Painted(pictures, rate=rate, cuts=cuts, side=WIDTH)
    return [event for event in ShotLog(reader=reader).describe(source.footage, source) if event.kind == "text"]


def frames(event: Event) -> tuple[int, int]:
    return event.span.start - Painted.START, event.span.end - Painted.START


def during(first: int, end: int, count: int, paint: Callable[[Picture], Picture]) -> list[Picture]:
    """The garden, with something painted over it from frame `first` to before `end`."""
    plain = garden()
    painted = paint(plain)
    return [painted if first <= number < end else plain for number in range(count)]


@pytest.mark.parametrize(
    ("size", "colour", "angle"),
    [(24, BLACK, 0), (40, WHITE, 0), (90, WHITE, 0), (40, WHITE, 20), (40, (120, 140, 190), 0), (30, BLACK, -30)],
    ids=["small", "white", "large", "aslant", "faint", "steep"],
)
def test_text_is_read_and_its_span_holds(reader: Reader, size: int, colour: tuple[int, int, int], angle: float) -> None:
    text = "Jane Doe, Chief Engineer" if size < 90 else "Jane Doe"
    at = (500, 60 if angle < 0 else 190)
    (event,) = told(
        reader,
        during(15, 45, 60, lambda picture: put(picture, text, size, at, colour, angle)),
    )
    assert SequenceMatcher(None, text, event.measures["lines"][0]).ratio() > 0.95
    assert abs(frames(event)[0] - 15) <= 2
    assert abs(frames(event)[1] - 45) <= 2
    assert event.edge <= Fraction(2, 25)


def test_a_text_that_replaces_another_in_the_same_place_is_another_event(reader: Reader) -> None:
    def subtitle(number: int) -> Picture:
        if not 15 <= number < 65:
            return garden()
        return put(garden(), "Where have you been?" if number < 40 else "I lost my way home.", 36, (450, 620))

    found = [(event.measures["lines"], frames(event)) for event in told(reader, map(subtitle, range(80)))]
    assert [lines for lines, _ in found] == [["Where have you been?"], ["I lost my way home."]]
    for (_, (start, end)), (first, last) in zip(found, [(15, 40), (40, 65)], strict=True):
        assert max(abs(start - first), abs(end - last)) <= 2


def test_a_slate_is_told_by_scene_and_take_and_ends_at_the_cut(reader: Reader) -> None:
    board = np.full((HEIGHT, WIDTH, 3), 225, np.uint8)
    board[100:620, 200:1080] = (30, 30, 30)
    labels = [("SCENE", 250), ("TAKE", 600), ("ROLL", 850)]
    values = [("24A", 250), ("3", 620), ("A012", 840)]
    for text, left in labels:
        board = put(board, text, 30, (left, 140))
    for text, left in values:
        board = put(board, text, 90, (left, 180))
    board = put(board, "DIRECTOR J. Doe", 40, (250, 430))
    (event,) = told(reader, [*[board] * 30, *[garden()] * 20], cuts=[30])
    assert event.caption == "Slate: scene 24A, take 3, roll A012."
    assert (frames(event), event.edge) == ((0, 30), 0)
    assert ("slate", "24a/3", None) in set(values_of(event, FILTERS))


def test_a_running_timecode_is_one_event_and_nothing_to_search_for(reader: Reader) -> None:
    pictures = (put(garden(), f"01:02:{n // 25:02}:{n % 25:02}", 40, (520, 640)) for n in range(50))
    (event,) = told(reader, pictures)
    assert event.measures["role"] == "timecode"
    assert event.caption.startswith("Burnt-in timecode 01:02:0")
    assert (frames(event), event.measures["phrases"]) == ((0, 50), [])


def test_a_name_over_the_lower_third_is_one_event_of_two_lines(reader: Reader) -> None:
    def name(picture: Picture) -> Picture:
        return put(put(picture, "Jane Doe", 44, (100, 560)), "Chief Engineer", 30, (100, 612))

    (event,) = told(reader, during(20, 45, 60, name))
    assert event.caption == 'Lower third: "Jane Doe / Chief Engineer".'


def test_a_sign_goes_with_the_world_and_a_title_stays(reader: Reader) -> None:
    wall = put(garden(), "EMERGENCY EXIT", 40, (500, 250), BLACK)

    def pan(number: int) -> Picture:
        seen = cv2.warpAffine(wall, np.array([[1, 0, -3.0 * number], [0, 1, 0]]), (WIDTH, HEIGHT))
        return put(np.asarray(seen, np.uint8), "The Garden", 80, (700, 120))

    found = {event.caption: event for event in told(reader, map(pan, range(75)))}
    assert set(found) == {'Sign: "EMERGENCY EXIT".', 'Title: "The Garden".'}
    values = {text for name, text, _ in values_of(found['Sign: "EMERGENCY EXIT".'], FILTERS) if name == "text"}
    assert values == {"emergency", "exit", "emergency exit"}


def test_what_a_hand_uncovers_was_not_put_over_the_picture(reader: Reader) -> None:
    board = put(garden(), "Jane Doe", 44, (500, 190), BLACK)

    hand = np.tile(np.linspace(90, 220, 60).astype(np.uint8), 15)[None, :, None]

    def hand_goes(number: int) -> Picture:
        picture, left = board.copy(), min(WIDTH, 380 + 45 * max(0, number - 12))
        picture[120:300, left:] = hand[:, : WIDTH - left]
        return picture

    (event,) = told(reader, map(hand_goes, range(60)))
    assert (event.measures["role"], event.measures["lines"]) == ("text", ["Jane Doe"])
    assert 12 < frames(event)[0] < 30


def test_credits_that_roll_are_one_event(reader: Reader) -> None:
    lines = ["Directed by", "Jane Doe", "Camera", "Anna Miller"]

    def roll(number: int) -> Picture:
        picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        for place, line in enumerate(lines):
            top = HEIGHT + 90 * place - 12 * number
            picture = put(picture, line, 50, (400, top)) if -60 < top < HEIGHT else picture
        return picture

    (event,) = told(reader, map(roll, range(86)))
    assert (event.measures["role"], event.measures["lines"]) == ("credits", lines)


def test_text_that_moves_is_one_event(reader: Reader) -> None:
    pictures = (put(garden(x=number), "EXIT", 80, (200 + 8 * number, 120)) for number in range(75))
    (event,) = told(reader, pictures)
    assert (event.measures["lines"], frames(event)) == (["EXIT"], (0, 75))


def test_footage_without_text_has_none(reader: Reader) -> None:
    rng = np.random.default_rng(1)
    gravel = np.asarray(cv2.resize(rng.integers(0, 256, (180, 320, 3), np.uint8), (WIDTH, HEIGHT)), np.uint8)
    assert told(reader, [*[garden(3 * n) for n in range(30)], *[gravel] * 30], cuts=[30]) == []
