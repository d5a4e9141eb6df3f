"""A shot list on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from opentimelineio.core import deserialize_json_from_file

from momentidx.timeline.names import clip_file
from tests.e2e.command import momentidx, run

SHOTS = """# Opening

- the camera pans left over green hills, 3s
- a bride kisses the groom, 2s
- a light moves from right to left at night
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, drawn: Path) -> Path:
    library = tmp_path_factory.mktemp("assemble") / "library"
    momentidx("index", drawn, "--library", library)
    return library


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    file = tmp_path / "shots.md"
    file.write_text(SHOTS)
    return file


def rows(*arguments: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in momentidx("assemble", *arguments, "--json").splitlines()]


def test_slots_get_takes_and_a_gap_with_the_evidence(tmp_path: Path, drawn: Path, library: Path, shots: Path) -> None:
    out = tmp_path / "opening.otio"
    hills, bride, night = rows(shots, "-o", out, "--alternates", "1", "--library", library)
    assert [row["state"] for row in (hills, bride, night)] == ["filled", "gap", "filled"]
    assert bride["takes"] == []
    assert bride["reason"].startswith("nothing scores 0.25 or more; the nearest scores 0.")
    assert hills["takes"][0]["path"] == str(drawn / "A001_day.mov")
    assert night["takes"][0]["path"] == str(drawn / "A003_night.mov")
    assert (hills["takes"][0]["start_timecode"], hills["takes"][0]["end_timecode"]) == ("10:00:01:00", "10:00:04:00")
    assert hills["runner_up"]["score"] <= hills["takes"][0]["score"]
    shown = [take["id"] for row in (hills, bride, night) for take in row["takes"]]
    assert len(set(shown)) == len(shown)

    timeline = deserialize_json_from_file(str(out))
    first, gap, last = timeline.tracks[0]
    assert (clip_file(first), clip_file(last)) == (drawn / "A001_day.mov", drawn / "A003_night.mov")
    assert gap.name == "MISSING: a bride kisses the groom"
    assert gap.duration().to_seconds() == 2
    assert [(track.name, track.enabled) for track in timeline.tracks if track.kind == "Video"] == [
        ("Video 1", True), ("Alternates 1", False)
    ]  # fmt: skip


def test_alternates_go_into_any_format_that_has_a_place_for_them(tmp_path: Path, library: Path, shots: Path) -> None:
    out = tmp_path / "opening.mlt"
    done = run("assemble", shots, "-o", out, "--alternates", "1", "--library", library)
    assert (done.returncode, done.stderr) == (0, f"Wrote 2 takes for 3 slots to {out}. 1 gap.\n")
    assert out.read_text().count('hide="both"') == 1
    assert momentidx("export", "--check", out, "--library", library).endswith("no problem found.\n")
    out = tmp_path / "opening.srt"
    done = run("assemble", shots, "-o", out, "--alternates", "1", "--library", library)
    assert "The alternates are not in it: srt files have no place for them." in done.stderr
    assert "MISSING: a bride kisses the groom" in out.read_text()


def test_a_list_that_nothing_answers_is_told_and_not_written(tmp_path: Path, library: Path) -> None:
    shots, out = tmp_path / "shots.txt", tmp_path / "out.otio"
    shots.write_text("a bride kisses the groom\n")
    done = run("assemble", shots, "-o", out, "--json", "--library", library)
    assert done.returncode == 1
    assert json.loads(done.stdout)["state"] == "gap"
    assert done.stderr == "momentidx: No slot of the shot list has a take, so there is nothing to write.\n"
    assert not out.exists()
    lower = run("assemble", shots, "-o", out, "--floor", "0", "--library", library)
    assert (lower.returncode, out.exists()) == (0, True)


def test_a_slot_that_is_no_words_is_named(tmp_path: Path, library: Path) -> None:
    shots = tmp_path / "shots.txt"
    shots.write_text("a light moves\n???\n")
    done = run("assemble", shots, "-o", tmp_path / "out.otio", "--library", library)
    assert done.returncode == 2
    assert done.stderr.startswith("momentidx: Slot 2 ('???'): The query has no words in it.")
