"""The pictures that come back are the ones that were asked for, by the number burned into each."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest

from momentidx.config import Settings
from momentidx.errors import UnusableFootage
from momentidx.footage import Footage
from momentidx.media.child import Decoder
from momentidx.media.frames import Frames
from momentidx.media.probe import probe
from momentidx.media.source import Source
from tests.clips import read_number, render

UNEVEN = [3600 * number + 700 * (number % 5) + 20_000 * (number > 30) for number in range(60)]
"""Ticks of 1/90000 s of pictures with changing distances and a gap."""

CLIPS: dict[str, dict[str, Any]] = {
    "plain.mp4": {},
    "without_b_frames.mp4": {"b_frames": 0},
    "ntsc.mp4": {"rate": Fraction(30000, 1001)},
    "one_key_frame.mp4": {"gop": 250},
    "open_gop.mp4": {"codec_options": {"x264-params": "open-gop=1:keyint=15:scenecut=0"}},
    "pyramid.mp4": {"b_frames": 7, "codec_options": {"x264-params": "b-pyramid=normal:b-adapt=0"}},
    "ten_a_second.mp4": {"rate": 10},
    "variable.mp4": {"base": Fraction(1, 90000), "times": UNEVEN},
    "variable.mkv": {"base": Fraction(1, 1000), "times": [time // 90 for time in UNEVEN]},
    "late.mkv": {"base": Fraction(1, 1000), "first": 10_000},
    "late.mp4": {"first": 75},
    "stream.ts": {},
    "program.mpg": {"codec": "mpeg2video"},
    "old.avi": {"codec": "mpeg4"},
    "hevc.mp4": {"codec": "libx265", "pixel_format": "yuv420p10le", "codec_options": {"x265-params": "log-level=none"}},
    "vp9.webm": {"codec": "libvpx-vp9", "codec_options": {"deadline": "realtime", "cpu-used": "8"}},
    "all_intra.mov": {"codec": "prores_ks", "pixel_format": "yuv422p10le"},
    "camera.mxf": {"codec": "mpeg2video", "pixel_format": "yuv422p"},
    "odd_size.mp4": {"size": (333, 187), "pixel_format": "yuv444p"},
    "rgb.mov": {"codec": "png", "pixel_format": "rgb24"},
    "grey.mkv": {"codec": "ffv1", "pixel_format": "gray"},
    "turned_90.mp4": {"rotation": 90, "size": (180, 320)},
    "turned_180.mp4": {"rotation": 180},
    "turned_270.mov": {"rotation": 270, "size": (180, 320)},
}

Open = Callable[[Path], tuple[Footage, Source]]


@pytest.fixture(scope="module")
def open_source(decoder: Decoder) -> Open:
    def opened(path: Path) -> tuple[Footage, Source]:
        footage = probe(path, decoder)
        return footage, Source(path, footage, decoder, decoder.settings)

    return opened


@pytest.fixture(scope="module", params=CLIPS)
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    name = str(request.param)
    return render(tmp_path_factory.mktemp("clip") / name, frames=60, **CLIPS[name])


def numbers(frames: Frames) -> list[int]:
    return [read_number(image) for image in frames.images]


def test_every_picture_is_found_at_its_own_time_in_any_order(clip: Path, open_source: Open) -> None:
    _, source = open_source(clip)
    pts = source.signals.pts
    order = np.random.default_rng(0).permutation(len(pts))
    frames = source.at(pts[order].tolist(), width=160)
    assert numbers(frames) == order.tolist()
    assert frames.pts.tolist() == pts[order].tolist()


def test_a_single_picture_is_found_by_seeking(clip: Path, open_source: Open) -> None:
    _, source = open_source(clip)
    pts = source.signals.pts
    for number in (59, 31, 12, 13, 44, 0):
        assert numbers(source.at([int(pts[number])], width=160)) == [number]


def test_between_two_pictures_the_earlier_one_is_shown(clip: Path, open_source: Open) -> None:
    footage, source = open_source(clip)
    pts = source.signals.pts
    before = [
        footage.span.start - 1000,
        int(pts[20]) + 1,
        int(pts[21]) - 1,
        footage.span.end - 1,
        footage.span.end + 1000,
    ]
    if footage.span.base * footage.rate == 1:  # there is no time between two pictures
        before[1:3] = [int(pts[20])] * 2
    frames = source.at(before, width=160)
    assert numbers(frames) == [0, 20, 20, 59, 59]
    assert frames.pts.tolist() == [pts[0], pts[20], pts[20], pts[59], pts[59]]


def test_a_pass_shows_the_first_picture_at_or_after_each_tick(clip: Path, open_source: Open) -> None:
    footage, source = open_source(clip)
    batches = list(source.watch(per_second=8, width=160))
    pts, signals = np.concatenate([batch.pts for batch in batches]), source.signals
    seconds = [float(footage.seconds(int(time))) for time in signals.pts]
    due = [next((n for n, second in enumerate(seconds) if second >= tick / 8), None) for tick in range(200)]
    expected = sorted({number for number in due if number is not None})
    assert [number for batch in batches for number in numbers(batch)] == expected
    assert pts.tolist() == signals.pts[expected].tolist()


def test_a_pass_measures_every_picture(clip: Path, open_source: Open) -> None:
    footage, source = open_source(clip)
    signals = source.signals
    assert len(signals.pts) == len(signals.luma) == len(signals.spread) == len(signals.change) == 60
    assert all(time in footage.span for time in signals.pts)
    assert (np.diff(signals.pts) > 0).all()


def test_pictures_stand_upright_and_have_square_pixels(clip: Path, open_source: Open) -> None:
    _, source = open_source(clip)
    expected = {"turned_90.mp4": (320, 180), "turned_270.mov": (320, 180), "odd_size.mp4": (180, 320)}
    [frames] = [source.at([0], width=320)]
    assert frames.images.shape[1:3] == expected.get(clip.name, (180, 320))


def test_an_edit_list_hides_the_pictures_before_it(open_source: Open, tmp_path: Path) -> None:
    whole = render(tmp_path / "whole.mp4", frames=60)
    path = tmp_path / "trimmed.mp4"
    with av.open(str(whole)) as read, av.open(str(path), "w") as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.dts is not None:
                packet.pts, packet.dts = packet.pts - 20 * 512, packet.dts - 20 * 512
                packet.stream = stream
                written.mux(packet)
    footage, source = open_source(path)
    pts = source.signals.pts
    assert len(pts) == 40
    assert footage.span.start == pts[0]
    assert numbers(source.at(pts[::-1].tolist(), width=160)) == list(range(59, 19, -1))


def test_pictures_that_do_not_decode_are_left_out_and_the_others_keep_their_times(
    open_source: Open, tmp_path: Path
) -> None:
    path = render(tmp_path / "damaged.mov", frames=60, codec="mpeg4", b_frames=0, gop=1)
    damage(path, 20, 21, 22)
    footage, source = open_source(path)
    batches = list(source.watch(per_second=100, width=160))
    found = [number for batch in batches for number in numbers(batch)]
    times = [footage.grid.frame(int(pts)) for batch in batches for pts in batch.pts]
    assert found == times
    assert set(range(60)) - set(found) == {20, 21, 22}
    assert source.at([footage.grid.pts(21)], width=160).pts.tolist() == [footage.grid.pts(19)]


def test_footage_of_which_nothing_decodes_is_refused(open_source: Open, tmp_path: Path) -> None:
    path = render(tmp_path / "damaged.mov", frames=30, codec="mpeg4", b_frames=0, gop=1)
    _, source = open_source(path)
    damage(path, *range(30))
    with pytest.raises(UnusableFootage, match=r"damaged\.mov: none of its pictures can be decoded") as refused:
        list(source.watch(per_second=1, width=160))
    assert refused.value.code == "undecodable"
    with pytest.raises(UnusableFootage, match=r"none of its pictures can be decoded"):
        source.at([0], width=160)
    with pytest.raises(UnusableFootage, match=r"none of its pictures can be decoded"):
        assert source.shots


def damage(path: Path, *victims: int) -> None:
    """Overwrite the packets of some pictures."""
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    for victim in victims:
        start, size = places[victim]
        content[start : start + size] = bytes([0x55]) * size
    path.write_bytes(content)


def test_pictures_that_change_size_in_the_middle_are_shown_at_one_size(open_source: Open, tmp_path: Path) -> None:
    _, source = open_source(joined(tmp_path, (320, 180), (640, 360)))
    frames = list(source.watch(per_second=100, width=160))
    assert {batch.images.shape[1:] for batch in frames} == {(90, 160, 3)}
    assert [number for batch in frames for number in numbers(batch)] == [*range(10), *range(10)]


def test_pictures_that_grow_beyond_the_limit_are_refused(decoder: Decoder, tmp_path: Path) -> None:
    path = joined(tmp_path, (320, 180), (640, 360))
    settings = Settings(max_pixels=320 * 240)
    source = Source(path, probe(path, decoder), decoder, settings)
    with pytest.raises(UnusableFootage, match=r"640x360 pixels, and 'max_pixels' allows 76800\. Raise") as refused:
        list(source.watch(per_second=1, width=160))
    assert refused.value.code == "too-large"


def joined(folder: Path, *sizes: tuple[int, int]) -> Path:
    """A transport stream that changes its picture size."""
    path = folder / "joined.ts"
    parts = [
        render(folder / f"{size[0]}.ts", frames=10, size=size, b_frames=0, first=index * 10)
        for index, size in enumerate(sizes)
    ]
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def test_colours_come_back(open_source: Open, tmp_path: Path) -> None:
    colours = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (220, 220, 60), (16, 16, 16), (240, 240, 240)]
    stripes = np.repeat(np.array(colours, np.uint8), 40, axis=0)[None].repeat(180, axis=0)
    clips: dict[str, dict[str, Any]] = {
        "plain.mp4": {},
        "ten_bits.mov": {"codec": "prores_ks", "pixel_format": "yuv422p10le"},
        "rgb.mov": {"codec": "png", "pixel_format": "rgb24"},
        "full_range.mp4": {"pixel_format": "yuvj420p"},
    }
    for name, clip in clips.items():
        path = render(tmp_path / name, frames=2, size=(240, 180), picture=lambda _: stripes, strip=False, **clip)
        _, source = open_source(path)
        [image] = source.at([0], width=240).images
        seen = image[90, 20::40].astype(int)
        assert np.abs(seen - colours).max() <= 6, name


def test_a_pass_can_be_left_early_and_begun_again(open_source: Open, tmp_path: Path) -> None:
    _, source = open_source(render(tmp_path / "clip.mp4", frames=400, size=(640, 360)))
    with closing(cast("Generator[Frames]", source.watch(per_second=25, width=640))) as batches:
        first = next(batches)
    assert numbers(first) == list(range(len(first)))
    assert len(source.signals.pts) == 400
    assert numbers(next(source.watch(per_second=25, width=640))) == numbers(first)


def test_asking_for_nothing_gives_nothing(open_source: Open, tmp_path: Path) -> None:
    _, source = open_source(render(tmp_path / "clip.mp4", frames=5))
    frames = source.at([], width=160)
    assert (frames.pts.tolist(), frames.images.shape) == ([], (0, 90, 160, 3))


def test_every_picture_of_real_footage_is_the_same_by_seeking_as_in_a_pass(
    open_source: Open, shared_video: Path
) -> None:
    for name in (
        "real/rooftops_still_17s.mp4",
        "real/finger_count_24s.mp4",
        "derived/pts_wrap_26h30.ts",
        "odd/vp9_10bit.webm",
    ):
        _, source = open_source(shared_video / name)
        batches = list(source.watch(per_second=1000, width=64))
        pts = np.concatenate([batch.pts for batch in batches])
        images = np.concatenate([batch.images for batch in batches])
        some = np.random.default_rng(0).integers(0, len(pts), 8)
        for number in some:
            frames = source.at([int(pts[number])], width=64)
            assert frames.pts.tolist() == [pts[number]]
            assert (frames.images[0] == images[number]).all(), (name, number)
