"""Footage in, timeline out: the whole path on footage whose contents are known."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

import opentimelineio as otio
import pytest

from momentidx.demo.footage import CLIPS, Clip
from tests.e2e.command import momentidx, moments, run


@pytest.fixture(scope="module")
def library(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("path") / "library"
    assert momentidx("index", drawn, "--library", folder) == "Indexed 3 clips, 32.6 s of footage.\n"
    return folder


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.name)
def test_every_shot_is_found_on_its_exact_frames_and_timecode(library: Path, drawn: Path, clip: Clip) -> None:
    found = moments("events", drawn / clip.name, "--library", library)
    shots = [moment for moment in found if moment["kind"] == "shot"]
    assert [(shot["start_frame"], shot["end_frame"]) for shot in shots] == [shot.frames for shot in clip.shots]
    assert shots[0]["start_timecode"] == clip.start_timecode
    for shot in shots:
        frames = shot["end_frame"] - shot["start_frame"]
        assert shot["end_seconds"] - shot["start_seconds"] == pytest.approx(float(frames / clip.rate), abs=1e-5)
        assert (shot["path"], shot["captioner"], shot["online"]) == (str(drawn / clip.name), "shotlog", True)


@pytest.mark.parametrize(
    ("question", "clip", "frames", "timecodes"),
    [
        ("the camera pans left over green hills", "A001_day.mov", (0, 125), ("10:00:00:00", "10:00:05:00")),
        ("the camera tilts up", "A001_day.mov", (125, 225), ("10:00:05:00", "10:00:09:00")),
        ("a red ball crosses the frame", "A002_studio.mov", (0, 96), ("14:30:00:00", "14:30:03:21")),
        ("hand-held camera", "A002_studio.mov", (96, 192), ("14:30:03:21", "14:30:07:17")),
        ("night, a light moves from right to left", "A003_night.mov", (0, 125), ("22:15:00:00", "22:15:05:00")),
    ],
)
def test_a_question_is_answered_with_the_right_shot_first(
    library: Path, question: str, clip: str, frames: tuple[int, int], timecodes: tuple[str, str]
) -> None:
    best = moments("find", question, "--limit", "1", "--library", library)[0]
    assert Path(best["path"]).name == clip
    assert (best["start_frame"], best["end_frame"]) == frames
    assert (best["start_timecode"], best["end_timecode"]) == timecodes


def test_piped_output_is_json_with_the_documented_keys(library: Path) -> None:
    lines = momentidx("find", "a red ball", "--library", library).splitlines()
    page = (Path(__file__).parents[2] / "docs" / "json.md").read_text()
    for line in lines:
        assert all(f"`{key}`" in page for key in json.loads(line))
    scores = [json.loads(line)["score"] for line in lines]
    assert scores == sorted(scores, reverse=True)


def test_the_timeline_is_on_the_frame_in_source_timecode(library: Path, drawn: Path, tmp_path: Path) -> None:
    selects = tmp_path / "selects.otio"
    said = momentidx(
        "export", "--query", "a red ball crosses the frame", "--limit", "1", "--handles", "12f", "-o", selects,
        "--library", library,
    )  # fmt: skip
    assert said.startswith("Wrote 1 clip, ")
    timeline = otio.adapters.read_from_file(str(selects))
    clip = timeline.video_tracks()[0][0]
    rate = 25.0
    start = otio.opentime.from_timecode("14:30:00:00", rate).value
    assert clip.available_range() == otio.opentime.range_from_start_end_time(
        otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(start + 264, rate)
    )
    # The moment is frames 0 to 96: no handle fits before the first frame, 12 frames after the last.
    assert clip.source_range == otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(96 + 12, rate)
    )
    assert unquote(urlsplit(clip.media_reference.target_url).path) == str(drawn / "A002_studio.mov")
    (marker,) = clip.markers
    assert marker.marked_range.duration.value == 96
    facts = dict(clip.metadata["momentidx"])
    assert (facts["query"], facts["captioner"]) == ("a red ball crosses the frame", "shotlog")
    assert facts["footage"] == moments("events", drawn / "A002_studio.mov", "--library", library)[0]["footage"]
    assert facts["caption"] == marker.comment
    assert 0 < facts["score"] <= 1


def test_an_existing_timeline_is_replaced_only_when_told_to(library: Path, tmp_path: Path) -> None:
    selects = tmp_path / "selects.otio"
    selects.write_text("mine")
    arguments = ["export", "--query", "a red ball", "-o", selects, "--library", library]
    done = run(*arguments)
    assert (done.returncode, selects.read_text()) == (2, "mine")
    assert "exists already" in done.stderr
    momentidx(*arguments, "--force")
    assert selects.read_text() != "mine"


def test_indexing_again_does_nothing_and_says_so(library: Path, drawn: Path) -> None:
    assert momentidx("index", drawn, "--library", library) == "Nothing to do: all 3 clips are already indexed.\n"


def test_an_empty_query_is_wrong_use(library: Path) -> None:
    for words in ("", "   ", "?!"):
        done = run("find", words, "--library", library)
        assert (done.returncode, done.stdout) == (2, "")


def test_the_sheet_of_a_clip_says_what_the_file_says(library: Path, drawn: Path) -> None:
    sheet = momentidx("footage", "show", drawn / "A002_studio.mov", "--library", library)
    assert "timecode     14:30:00:00 (non-drop, from the track)" in sheet
    assert "rate         25 fps" in sheet
    assert "length       10.6 s, 264 frames" in sheet
    assert len(momentidx("footage", "list", "--library", library).splitlines()) == 3


def test_the_demo_runs_anywhere_and_again(tmp_path: Path) -> None:
    first = momentidx("demo", cwd=tmp_path, HOME=str(tmp_path / "home"))
    assert "1. Drew 3 clips, 32.6 s of footage" in first
    assert "Indexed 3 clips" in first
    assert len(otio.adapters.read_from_file(str(tmp_path / "momentidx-demo" / "selects.otio")).video_tracks()[0]) == 3
    assert "Nothing to do: all 3 clips are already indexed." in momentidx("demo", cwd=tmp_path)
    assert not (tmp_path / "home").exists(), "the demo leaves the user's own library alone"
