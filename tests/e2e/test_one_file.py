"""`probe`, `shots` and `frames` on single files, without a library."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.clips import Image, read_number, render
from tests.e2e.command import momentidx, run

NTSC = Fraction(30000, 1001)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three shots of 20 frames at 29.97 in drop-frame timecode, across the minute whose labels are dropped."""

    def picture(number: int) -> Image:
        row = np.linspace((20, 90, 160)[number // 20], (60, 140, 250)[number // 20], 320).astype(np.uint8)
        return np.broadcast_to(row[None, :, None], (180, 320, 3)).copy()

    path = tmp_path_factory.mktemp("one") / "A 001 #é.mov"
    return render(path, frames=60, rate=NTSC, picture=picture, timecode="10:00:58;20", gop=30)


def test_probe_tells_the_facts(clip: Path) -> None:
    facts = json.loads(momentidx("probe", clip, "--json"))
    assert facts["rate"] == "30000/1001"
    assert facts["start"] == {"frame": 1080680, "drop_frame": True, "source": "track"}
    assert (facts["start_timecode"], facts["frame_count"], facts["variable_rate"]) == ("10:00:58;20", 60, False)
    assert "timecode     10:00:58;20 (drop-frame, from the track)" in momentidx("probe", clip)


def test_shots_are_on_the_frame_in_every_unit(clip: Path) -> None:
    shots = [json.loads(line) for line in momentidx("shots", clip, "--json").splitlines()]
    assert [(shot["start_frame"], shot["end_frame"]) for shot in shots] == [(0, 20), (20, 40), (40, 60)]
    assert [shot["start_timecode"] for shot in shots] == ["10:00:58;20", "10:00:59;10", "10:01:00;02"]
    assert shots[1]["start_seconds"] == pytest.approx(float(20 / NTSC), abs=1e-6)
    assert momentidx("shots", clip).splitlines()[2] == "      40       60  10:01:00;02  10:01:00;22"


def test_frames_writes_the_very_pictures_that_were_asked_for(clip: Path, tmp_path: Path) -> None:
    said = momentidx("frames", clip, "--at", "0f, 59f,10:01:00;02,0.5s", "-o", tmp_path / "stills")
    files = [Path(line) for line in said.splitlines()]
    assert [file.name for file in files] == [f"A 001 #é_{number:06}.png" for number in (0, 59, 40, 15)]
    for file, number in zip(files, (0, 59, 40, 15), strict=True):
        image = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR_RGB)
        assert image.shape == (180, 320, 3)
        assert read_number(image.astype(np.uint8)) == number


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("60f", "60f lies after the last picture, which is frame 59."),
        ("10:00:58;19", "10:00:58;19 lies before the first picture, which is 10:00:58;20."),
        ("soon", "'soon' is not a time."),
        ("10:01:00;00", "The label '10:01:00;00' does not exist at 29.97 frames a second."),
    ],
)
def test_a_time_that_is_not_in_the_file_is_refused(clip: Path, tmp_path: Path, at: str, sentence: str) -> None:
    done = run("frames", clip, "--at", at, "-o", tmp_path / "stills")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"momentidx: {sentence}")


def test_a_file_that_is_no_footage_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.mov").write_text("hello")
    done = run("probe", tmp_path / "notes.mov")
    assert (done.returncode, done.stderr) == (
        1,
        f"momentidx: {tmp_path / 'notes.mov'}: this is not a media file, whatever its name says.\n",
    )
