"""Borders of shots, in clips whose borders are known to the frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from momentidx.footage import Footage
from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.media.source import Source
from momentidx.times import Span
from tests.clips import render

SIZE = (320, 180)
Image = NDArray[np.uint8]


def view(seed: int) -> Image:
    """A still life: soft coloured blots in places of their own."""
    random = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    picture = np.full((*SIZE[::-1], 3), random.uniform(40, 180, 3))
    for _ in range(12):
        (left, top, width), colour = random.uniform((0, 0, 20), (*SIZE, 70), 3), random.uniform(0, 255, 3)
        inside = np.exp(-((x - left) ** 2 + (y - top) ** 2) / width**2)[:, :, None]
        picture = picture * (1 - inside) + colour * inside
    return picture.astype(np.uint8)


VIEWS = [view(seed) for seed in range(6)]
BLACK = np.full_like(VIEWS[0], 16)
WHITE = np.full_like(VIEWS[0], 250)


def mixed(one: Image, other: Image, share: float) -> Image:
    return (one * (1 - share) + other * share).astype(np.uint8)


def moved(picture: Image, pixels: int) -> Image:
    return np.roll(picture, -pixels, axis=1)


def shots_of(decoder: Decoder, path: Path, **clip: Any) -> list[tuple[int, int]]:
    """Frame numbers of the shots of a rendered clip: first, and first after the end."""
    footage = probe(render(path, size=SIZE, strip=False, **clip), decoder)
    source = Source(path, footage, decoder, decoder.settings)
    covered = source.shots
    assert (covered[0].start, covered[-1].end) == (footage.span.start, footage.span.end)
    assert [shot.end for shot in covered[:-1]] == [shot.start for shot in covered[1:]]
    assert shots_of_a_pass(decoder, path, footage) == covered
    return [footage.grid.frames(shot) for shot in covered]


def shots_of_a_pass(decoder: Decoder, path: Path, footage: Footage) -> Sequence[Span]:
    """What a pass over all pictures finds."""
    source = Source(path, footage, decoder, decoder.settings)
    assert len(source.signals.pts)
    return source.shots


@pytest.mark.parametrize("rate", [Fraction(10), Fraction(24000, 1001), Fraction(25), Fraction(60)], ids=str)
def test_hard_cuts_are_found_to_the_frame_at_any_rate(decoder: Decoder, tmp_path: Path, rate: Fraction) -> None:
    cuts = [0, 17, 40, 41 + 12, 70, 95, 120]

    def picture(number: int) -> Image:
        shot = max(index for index, cut in enumerate(cuts) if cut <= number)
        return moved(VIEWS[shot], number - cuts[shot])

    shots = shots_of(decoder, tmp_path / "cuts.mp4", frames=120, rate=rate, picture=picture)
    assert shots == list(pairwise(cuts))


def test_cuts_are_found_in_variable_rate_late_and_turned_footage(decoder: Decoder, tmp_path: Path) -> None:
    times = [4000 + 33 * number + 10 * (number % 3) for number in range(60)]
    path = tmp_path / "uneven.mkv"
    clip: dict[str, Any] = {
        "frames": 60,
        "base": Fraction(1, 1000),
        "times": times,
        "picture": lambda n: VIEWS[n >= 31],
    }
    footage = probe(render(path, size=SIZE, strip=False, **clip), decoder)
    shots = Source(path, footage, decoder, decoder.settings).shots
    base = footage.span.base
    assert shots == (Span(times[0], times[31], base), Span(times[31], footage.span.end, base))


def test_footage_of_one_shot_has_one(decoder: Decoder, tmp_path: Path) -> None:
    assert shots_of(decoder, tmp_path / "pan.mp4", picture=lambda n: moved(VIEWS[0], 7 * n)) == [(0, 50)]
    assert shots_of(decoder, tmp_path / "one.mp4", frames=1, picture=lambda _: VIEWS[0]) == [(0, 1)]


@pytest.mark.parametrize("length", [1, 3, 7])
def test_a_flash_is_not_a_cut(decoder: Decoder, tmp_path: Path, length: int) -> None:
    def picture(number: int) -> Image:
        return mixed(VIEWS[0], WHITE, 0.8) if 20 <= number < 20 + length else moved(VIEWS[0], number // 4)

    assert shots_of(decoder, tmp_path / "flash.mp4", picture=picture) == [(0, 50)]


def test_a_flash_that_dies_away_is_not_a_cut(decoder: Decoder, tmp_path: Path) -> None:
    glow = {20: 0.9, 21: 0.6, 22: 0.4, 23: 0.25, 24: 0.15, 25: 0.1, 26: 0.05}
    shots = shots_of(decoder, tmp_path / "flash.mp4", picture=lambda n: mixed(VIEWS[0], WHITE, glow.get(n, 0)))
    assert shots == [(0, 50)]


@pytest.mark.parametrize("length", [8, 12, 25, 40])
def test_a_dissolve_is_one_border_in_its_middle(decoder: Decoder, tmp_path: Path, length: int) -> None:
    def picture(number: int) -> Image:
        return mixed(VIEWS[0], VIEWS[1], min(max((number - 30) / length, 0), 1))

    [first, second] = shots_of(decoder, tmp_path / "dissolve.mp4", frames=100, picture=picture)
    assert (first[0], second[1]) == (0, 100)
    assert first[1] == pytest.approx(30 + length / 2, abs=3)


@pytest.mark.parametrize("empty", [BLACK, WHITE], ids=["black", "white"])
def test_a_fade_out_and_in_is_one_border_in_the_middle(decoder: Decoder, tmp_path: Path, empty: Image) -> None:
    def picture(number: int) -> Image:
        if number < 50:
            return mixed(VIEWS[0], empty, min(max((number - 20) / 20, 0), 1))
        return mixed(empty, VIEWS[1], min((number - 50) / 20, 1))

    [first, second] = shots_of(decoder, tmp_path / "fade.mp4", frames=100, picture=picture)
    assert (first[0], second[1]) == (0, 100)
    assert first[1] == pytest.approx(45, abs=3)


def test_a_fade_at_the_start_and_at_the_end_is_no_border(decoder: Decoder, tmp_path: Path) -> None:
    def picture(number: int) -> Image:
        return mixed(BLACK, VIEWS[0], min(number / 20, (99 - number) / 20, 1))

    assert shots_of(decoder, tmp_path / "fade.mp4", frames=100, picture=picture) == [(0, 100)]


def test_a_title_or_changing_light_is_no_border(decoder: Decoder, tmp_path: Path) -> None:
    titled = VIEWS[0].copy()
    titled[60:110, 60:260] = 250

    def title(number: int) -> Image:
        return mixed(VIEWS[0], titled, min(max((number - 30) / 20, 0), 1))

    def light(number: int) -> Image:
        return mixed(VIEWS[0], BLACK, 0.6 * min(max((number - 30) / 20, 0), 1))

    for picture in (title, light):
        assert shots_of(decoder, tmp_path / "light.mp4", frames=100, picture=picture) == [(0, 100)]


def test_an_empty_slate_between_cuts_is_a_shot(decoder: Decoder, tmp_path: Path) -> None:
    pictures: Callable[[int], Image] = lambda n: VIEWS[0] if n < 30 else BLACK if n < 60 else VIEWS[1]  # noqa: E731
    assert shots_of(decoder, tmp_path / "slate.mp4", frames=90, picture=pictures) == [(0, 30), (30, 60), (60, 90)]


def test_the_known_cuts_of_the_reel_are_found(decoder: Decoder, shared_video: Path) -> None:
    lines = (shared_video / "long" / "reel_10min_cuts.tsv").read_text().splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    known = {round(Fraction(start) * 25) for _, start, _, hard, *_ in rows if hard == "yes"}
    path = shared_video / "long" / "reel_10min.mp4"
    footage = probe(path, decoder)
    found = {footage.grid.frame(shot.start) for shot in Source(path, footage, decoder, decoder.settings).shots[1:]}
    assert known - found == set()
    film = 482 * 25
    assert {cut for cut in found - known if cut < film} == {87, 3338, 3402}  # a numeral; two in the telescope clip


STARTS = [0, 31, 140, 200]


def four_shots(number: int) -> Image:
    """Slow pans, with a flash in the second."""
    shot = sum(number >= start for start in STARTS[1:])
    return mixed(moved(VIEWS[shot], number // 8), WHITE, 0.8 if 90 <= number < 95 else 0)


@pytest.mark.parametrize(
    ("name", "clip"),
    [
        ("even_groups.mp4", {"gop": 24, "codec_options": {"x264-params": "scenecut=0"}}),
        ("groups_by_cuts.mp4", {"gop": 250, "codec_options": {"x264-params": "scenecut=40:keyint=250:min-keyint=1"}}),
        ("open_groups.mp4", {"codec_options": {"x264-params": "open-gop=1:keyint=30:min-keyint=1:scenecut=40"}}),
        ("pyramid.mp4", {"b_frames": 7, "codec_options": {"x264-params": "b-pyramid=normal:b-adapt=0:keyint=30"}}),
        ("groups.ts", {"gop": 30}),
        ("groups.mkv", {"gop": 30}),
        ("old.avi", {"gop": 25, "codec": "mpeg4"}),
        (
            "phone.mov",
            {"codec": "libx265", "codec_options": {"preset": "ultrafast", "x265-params": "keyint=60:log-level=none"}},
        ),
        ("camera.mxf", {"gop": 12, "codec": "mpeg2video", "pixel_format": "yuv422p"}),
        ("all_intra.mov", {"codec": "prores_ks", "pixel_format": "yuv422p10le"}),
    ],
)
def test_cuts_are_found_without_decoding_all_pictures(
    decoder: Decoder, tmp_path: Path, name: str, clip: dict[str, Any]
) -> None:
    shots = shots_of(decoder, tmp_path / name, frames=260, picture=four_shots, **clip)
    assert shots == list(pairwise([*STARTS, 260]))


def test_shots_by_themselves_are_those_of_a_pass(decoder: Decoder, shared_video: Path) -> None:
    for name in (
        "long/reel_10min.mp4",
        "real/cable_desk_7s.mp4",
        "real/film_leader_7s.mp4",
        "real/flies_pair_73s.mp4",
        "real/nasa_telescope_17s.mp4",
        "real/overhead_cars_12s.avi",
        "real/person_visits_table_139s.mp4",
        "derived/pts_wrap_26h30.ts",
        "derived/prores422hq_tc.mov",
        "derived/midfile_bitflips.mp4",
    ):
        path = shared_video / name
        footage = probe(path, decoder)
        shots = Source(path, footage, decoder, decoder.settings).shots
        assert shots == shots_of_a_pass(decoder, path, footage), name
