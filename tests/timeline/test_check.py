"""A problem of a timeline is named with the clip and what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Clip, MissingReference, Timeline

from momentidx.errors import MomentidxError
from momentidx.timeline.build import Layout, build
from momentidx.timeline.check import check, check_file
from momentidx.timeline.write.otio import OtioWriter
from tests.timeline.moments import FILM, HOUR_AT_FILM, footage, moment, timecode


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    path = tmp_path / "A001 é#%\udce9.mov"
    path.write_bytes(b"")
    return path


@pytest.fixture
def selects(camera: Path) -> Timeline:
    tape = footage(FILM, 240, sound=False, start=timecode(HOUR_AT_FILM))
    moments = [moment(tape, 24, 72, path=camera), moment(tape, 0, 240, path=camera)]
    # A copy, in which each clip has a media reference of its own.
    return build(moments, name="selects", layout=Layout(handles="12f")).deepcopy()


LABEL = "Video 1, clip 1 (A001 é#%�.mov)"


def first(timeline: Timeline) -> Clip:
    return timeline.tracks[0][0]


def frames(start: int, duration: int) -> TimeRange:
    return TimeRange(RationalTime(start, 24000 / 1001), RationalTime(duration, 24000 / 1001))


def test_a_timeline_that_was_built_and_written_has_no_problem(selects: Timeline, tmp_path: Path) -> None:
    OtioWriter().write(selects, tmp_path / "selects.otio")
    assert check_file(tmp_path / "selects.otio") == []


def test_no_clip_is_a_problem() -> None:
    assert check(Timeline("empty")) == ["The timeline has no clip. Export a query that finds something."]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (frames(86399, 10), "it starts before its file does. Index the file again, then export."),
        (frames(86631, 10), "it goes on after its file ends. Index the file again, then export."),
        (frames(86400, 0), "it is 0 frames long. Remove it, or export it again."),
    ],
)
def test_a_range_outside_the_file_is_a_problem(selects: Timeline, source: TimeRange, problem: str) -> None:
    first(selects).source_range = source
    assert check(selects) == [f"{LABEL}: {problem}"]


def test_a_range_that_touches_both_ends_of_the_file_is_none(selects: Timeline) -> None:
    first(selects).source_range = frames(86400, 240)
    assert check(selects) == []


def test_negative_time_is_a_problem(selects: Timeline) -> None:
    first(selects).media_reference.available_range = frames(-1, 240)
    first(selects).source_range = frames(-1, 10)
    assert check(selects) == [
        f"{LABEL}: it starts before timecode 00:00:00:00. Index its file again, then export.",
    ]


def test_a_clip_without_ranges_is_a_problem(selects: Timeline) -> None:
    first(selects).source_range = None
    assert check(selects) == [f"{LABEL}: it does not say which part of its file it plays. Export it again."]


def test_a_clip_without_a_file_is_a_problem(selects: Timeline) -> None:
    first(selects).media_reference = MissingReference()
    assert check(selects) == [f"{LABEL}: it points to no file. Relink it, or export it again."]


def test_a_missing_file_is_one_problem_however_many_clips_play_it() -> None:
    gone = Path("/gone/B002.mov")
    timeline = build([moment(footage(sound=False), n, n + 1, path=gone) for n in range(5)], name="selects")
    assert check(timeline) == [
        "/gone/B002.mov is not there (Video 1, clip 1 (B002.mov); Video 1, clip 2 (B002.mov); "
        "Video 1, clip 3 (B002.mov); and 2 more). Connect its drive, or index the folder it was moved to, then export."
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "cannot be read back"),
        ('{"OTIO_SCHEMA": "Clip.2"}', "cannot be read back"),
        ('{"OTIO_SCHEMA": "Clip.99"}', "cannot be read back"),
        ('{"tracks": []}', "holds no timeline"),
    ],
)
def test_a_file_that_is_no_timeline_is_a_sentence(content: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "selects.otio"
    file.write_text(content)
    with pytest.raises(MomentidxError, match=sentence):
        check_file(file)
