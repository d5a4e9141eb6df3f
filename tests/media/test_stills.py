"""Stills kept during the one pass."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.media.source import Source
from momentidx.media.stills import Reservoir, Still, inside, poster
from momentidx.times import Span
from tests.clips import read_number, render

MS = Fraction(1, 1000)


def opened(jpeg: bytes) -> NDArray[np.uint8]:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def kept_of(times: range, kept: int) -> list[int]:
    reservoir = Reservoir(MS, kept)
    for time in times:
        if reservoir.wants(time):
            reservoir.keep(Still(time, b""))
    return [still.pts for still in reservoir.stills]


@pytest.fixture
def source_of(decoder: Decoder) -> Callable[[Path], Source]:
    return lambda path: Source(path, probe(path, decoder), decoder, decoder.settings)


def test_a_short_clip_keeps_a_still_each_half_second() -> None:
    assert kept_of(range(40, 2000, 40), kept=8) == [40, 560, 1040, 1560]


def test_a_long_one_keeps_fewer_and_evenly_spread() -> None:
    assert kept_of(range(0, 60_000, 40), kept=8) == list(range(0, 60_000, 8000))
    assert len(kept_of(range(0, 3_600_000, 100), kept=400)) in range(200, 401)


def test_a_picture_a_minute_is_kept_each_time() -> None:
    assert kept_of(range(0, 300_000, 60_000), kept=8) == list(range(0, 300_000, 60_000))


def test_the_still_of_a_span_is_the_one_nearest_to_its_middle() -> None:
    stills = [Still(time, b"") for time in range(0, 1000, 100)]
    assert inside(stills, Span(120, 480, MS)) == Still(300, b"")
    assert inside(stills, Span(100, 101, MS)) == Still(100, b"")
    assert inside(stills, Span(101, 200, MS)) is None


def test_the_poster_lies_near_the_middle_and_shows_something() -> None:
    stills = [Still(0, b"x" * 900), Still(300, b"x" * 1000), Still(500, b"x" * 100), Still(900, b"x" * 1000)]
    assert poster(stills, Span(0, 1000, MS)).pts == 300


def test_stills_show_pictures_of_their_spans(source_of: Callable[[Path], Source], tmp_path: Path) -> None:
    source = source_of(render(tmp_path / "clip.mp4", frames=50))
    for _ in source.watch(per_second=1, width=64):
        pass
    base = source.shots[0].base
    pts = source.signals.pts.tolist()
    spans = [Span(pts[0], pts[40], base), Span(pts[27], pts[29], base), Span(pts[49], pts[49] + 1, base)]
    pictures = [opened(jpeg) for jpeg in source.stills(spans)]
    assert [picture.shape for picture in pictures] == [(180, 320, 3)] * 3
    assert [read_number(picture) for picture in pictures] == [25, 28, 49]


def test_stills_come_from_the_one_pass(source_of: Callable[[Path], Source], tmp_path: Path) -> None:
    source = source_of(render(tmp_path / "clip.mp4", frames=50))
    for _ in source.watch(per_second=1, width=64):
        pass
    whole = source.shots[0]
    with patch.object(Decoder, "stream", side_effect=AssertionError("decoded again")):
        assert read_number(opened(source.still(whole))) == 25
        assert read_number(opened(source.poster())) == 25


def test_a_sprite_shows_the_whole_footage_in_order(source_of: Callable[[Path], Source], tmp_path: Path) -> None:
    source = source_of(render(tmp_path / "clip.mp4", frames=160))
    sprite = source.sprite()
    picture = opened(sprite.jpeg)
    tiles = [picture[row : row + 90, left : left + 160] for row in (0, 90) for left in range(0, 1600, 160)]
    assert (sprite.columns, sprite.rows, picture.shape) == (10, 2, (180, 1600, 3))
    numbers = [source.signals.pts.tolist().index(pts) for pts in sprite.pts]
    assert numbers == [0, 13, 25, 38, 50, 63, 75, 88, 100, 113, 125, 138, 150]
    assert [read_number(tile) for tile in tiles[: len(numbers)]] == numbers
