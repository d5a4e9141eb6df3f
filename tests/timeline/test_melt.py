"""`melt`, the program behind Shotcut and Kdenlive, shows exactly the frames that the timeline says.

The footage codes its frame numbers in its pictures (`tests/clips.py`). A timeline is exported, rendered
by the real program, decoded, and every single frame is compared.
"""

from __future__ import annotations

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import pytest

from momentidx.footage import Footage
from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.timeline.build import Layout, build
from momentidx.timeline.protocol import TimelineWriter
from momentidx.timeline.write.kdenlive import KdenliveWriter
from momentidx.timeline.write.mlt import MltWriter
from tests.clips import read_number, render
from tests.timeline.moments import FILM, NTSC, PAL, moment

pytestmark = pytest.mark.skipif(shutil.which("melt") is None, reason="the program melt is not installed")

DOUBLE_NTSC = Fraction(60000, 1001)
HALF = Fraction(1, 2)
FRAMES = 120
JITTER = [number * 3000 + number * 7919 % 5 * 100 + 3000 * (number > 40) for number in range(FRAMES)]
"""Timestamps of a phone at 30 frames a second that shakes a little and drops a frame after the 40th."""
WRITERS = [MltWriter(), KdenliveWriter()]
Shots = dict[str, tuple[Path, Footage]]


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory, decoder: Decoder) -> Shots:
    """Footage as it comes from cameras and phones, each with its own kind of trouble."""
    folder = tmp_path_factory.mktemp("footage")
    prores = {"codec": "prores_ks", "pixel_format": "yuv422p10le"}
    paths = {
        "film": render(folder / "A cam é #1 100%.mp4", frames=FRAMES, rate=FILM, gop=48, timecode="01:00:00:00"),
        "drop": render(folder / "drop.mov", frames=FRAMES, rate=NTSC, timecode="10:00:58;20", **prores),
        "pal": render(folder / "pal.mov", frames=FRAMES, rate=PAL, timecode="10:00:00:00", **prores),
        "plain": render(folder / "plain.mp4", frames=FRAMES, rate=PAL, gop=250),
        "fast": render(folder / "fast.mp4", frames=FRAMES, rate=DOUBLE_NTSC, gop=60),
        "phone": render(folder / "phone.mp4", frames=FRAMES, rate=30, base=Fraction(1, 90000), times=JITTER),
    }
    return {name: (path, probe(path, decoder)) for name, path in paths.items()}


def _melt(file: Path, movie: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["melt", str(file), "-silent", "-consumer", f"avformat:{movie}", "vcodec=ffv1", "an=1", "real_time=-1"],
        capture_output=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(file.parent), "QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8"},
    )


def rendered(file: Path) -> list[int | None]:
    """The source frame of every frame that melt renders; None for black."""
    movie = file.with_suffix(".mkv")
    try:
        done = _melt(file, movie)
    except subprocess.TimeoutExpired:  # melt itself stands still at its end, once in some hundred times
        done = _melt(file, movie)
    assert done.returncode == 0, done.stderr
    with av.open(str(movie)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return [None if picture.mean() < 30 else read_number(picture) for picture in pictures]


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
@pytest.mark.parametrize("name", ["film", "drop", "pal", "plain", "fast"])
def test_every_frame_of_a_timeline_of_one_rate_is_the_one_it_says(
    writer: TimelineWriter, name: str, shots: Shots, tmp_path: Path
) -> None:
    path, footage = shots[name]
    assert footage.length_frames == FRAMES
    ranges = [(0, 1), (37, 61), (13, 14), (FRAMES - 5, FRAMES)]
    timeline = build(
        [moment(footage, *span, path=path) for span in ranges], name="t", layout=Layout(gap="3f", handles="2f")
    )
    writer.write(timeline, tmp_path / f"t{writer.suffix}")
    expected: list[int | None] = []
    for first, end in ranges:
        expected += [None] * 3 if expected else []
        expected += range(max(first - 2, 0), min(end + 2, FRAMES))
    assert rendered(tmp_path / f"t{writer.suffix}") == expected


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
@pytest.mark.parametrize("rate", [None, PAL, FILM], ids=["highest", "25", "23.976"])
def test_mixed_rates_show_the_frame_nearest_in_time_and_none_outside_the_cut(
    writer: TimelineWriter, rate: Fraction | None, shots: Shots, tmp_path: Path
) -> None:
    ranges = {"film": (31, 77), "drop": (0, 48), "pal": (50, FRAMES), "fast": (7, 84), "plain": (11, 12)}
    moments = [moment(shots[name][1], *span, path=shots[name][0]) for name, span in ranges.items()]
    writer.write(build(moments, name="mixed", layout=Layout(rate=rate, gap="1f")), tmp_path / f"t{writer.suffix}")
    shown = cut_at_black(rendered(tmp_path / f"t{writer.suffix}"))
    assert len(shown) == len(ranges)
    for cut, (name, (first, end)) in zip(shown, ranges.items(), strict=True):
        step = shots[name][1].rate / (rate or DOUBLE_NTSC)
        # Each frame is the nearest one: the source moves by its step, rounded, and stays inside the moment.
        origin = min(
            number for number in range(end * 3) if abs(number * step - cut[0]) <= HALF and number * step > first - HALF
        )
        assert all(abs((origin + number) * step - frame) <= HALF for number, frame in enumerate(cut)), name
        assert first <= cut[0] <= cut[-1] < end
        assert len(cut) == max(sum(first - HALF < number * step < end - HALF for number in range(end * 3)), 1)
        if step <= 1:
            assert (cut[0], cut[-1]) == (first, end - 1), name


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_variable_rate_footage_shows_the_moment_within_a_frame(
    writer: TimelineWriter, shots: Shots, tmp_path: Path
) -> None:
    path, footage = shots["phone"]
    assert footage.variable_rate
    writer.write(build([moment(footage, 30, 60, path=path)], name="t"), tmp_path / f"t{writer.suffix}")
    shown = rendered(tmp_path / f"t{writer.suffix}")
    grid = [footage.grid.frame(pts) for pts in JITTER]
    assert len(shown) == 32
    assert all(abs(grid[number] - frame) <= 1 for frame, number in enumerate(shown, start=29) if number is not None)
    assert None not in shown


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_files_are_found_whatever_they_are_called(writer: TimelineWriter, shots: Shots, tmp_path: Path) -> None:
    path, footage = shots["plain"]
    names = [
        "a?b",
        "a:b",
        "a|b",
        "50%d",
        "img%03d",
        "a=b",
        "a&b<>",
        "a'\"b",
        "a\nb",
        "a\rb",
        "a\tb",
        "日本 😀",
        "a\\b",
        " C:",
    ]
    copies = [tmp_path / f"{name}.mp4" for name in names]
    for copy in copies:
        copy.hardlink_to(path)
    writer.write(build([moment(footage, 20, 22, path=copy) for copy in copies], name="t"), tmp_path / "t.mlt")
    assert rendered(tmp_path / "t.mlt") == [20, 21] * len(names)


def cut_at_black(shown: list[int | None]) -> list[list[int]]:
    """Runs of frames between single black ones."""
    runs: list[list[int]] = [[]]
    for number in shown:
        if number is None:
            runs.append([])
        else:
            runs[-1].append(number)
    return runs
