"""Timelines of other programs, relinked on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from opentimelineio.core import deserialize_json_from_file
from opentimelineio.schema import MissingReference

from momentidx.timeline.names import clip_file
from momentidx.timeline.reread import uses
from tests.e2e.command import momentidx, run

EDL = """TITLE: Scene 4
FCM: NON-DROP FRAME

001  A001     V     C        10:00:05:00 10:00:07:00 01:00:00:00 01:00:02:00
* FROM CLIP NAME: A001_day.mov
002  A003     V     C        22:15:01:00 22:15:02:00 01:00:03:00 01:00:04:00
003  Z999     V     C        09:00:00:00 09:00:01:00 01:00:04:00 01:00:05:00
* FROM CLIP NAME: Lost.mov
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, drawn: Path) -> Path:
    library = tmp_path_factory.mktemp("conform") / "library"
    momentidx("index", drawn, "--library", library)
    return library


def rows(*arguments: str | Path, code: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in momentidx("conform", *arguments, "--json", code=code).splitlines()]


def test_an_edl_is_relinked_and_what_is_missing_is_said(tmp_path: Path, drawn: Path, library: Path) -> None:
    edl, out = tmp_path / "scene.edl", tmp_path / "scene.otio"
    edl.write_text(EDL)
    found = rows(edl, "-o", out, "--rate", "25", "--library", library, code=1)
    assert [(row["track"], row["clip"], row["state"], row["name"]) for row in found] == [
        ("V", 1, "relinked", "A001_day.mov"), ("V", 2, "relinked", "A003"), ("V", 3, "missing", "Lost.mov")
    ]  # fmt: skip
    assert {key: found[0][key] for key in ("path", "by", "start_frame", "end_frame", "start_timecode")} == {
        "path": str(drawn / "A001_day.mov"), "by": ["reel", "name", "timecode"], "start_frame": 125, "end_frame": 175,
        "start_timecode": "10:00:05:00",
    }  # fmt: skip
    assert found[2]["reason"] == "no indexed clip has the reel Z999 or the name Lost.mov"
    timeline = deserialize_json_from_file(str(out))
    one, gap, two, lost = timeline.tracks[0]
    assert (clip_file(one), clip_file(two)) == (drawn / "A001_day.mov", drawn / "A003_night.mov")
    assert isinstance(lost.media_reference, MissingReference)
    assert (timeline.global_start_time.to_timecode(), gap.duration().value) == ("01:00:00:00", 25)
    assert one.source_range.start_time.to_timecode() == "10:00:05:00"
    assert one.media_reference.available_range.start_time.to_timecode() == "10:00:00:00"


def cuts(file: Path) -> list[object]:
    """What each clip of a file plays."""
    if file.suffix == ".otio":
        timeline = deserialize_json_from_file(str(file))  # kept: its clips do not keep it
        clips = timeline.find_clips()
        return [(clip_file(clip), str(clip.source_range), str(clip.range_in_parent())) for clip in clips]
    return list(uses(file))


@pytest.mark.parametrize("ending", ["edl", "xml", "otio"])
def test_our_own_export_comes_back_cut_for_cut(tmp_path: Path, library: Path, ending: str) -> None:
    first, again = tmp_path / f"first.{ending}", tmp_path / f"again.{ending}"
    momentidx("export", "the camera pans left", "-n", "4", "-o", first, "--handles", "12f", "--library", library)
    found = rows(first, "-o", again, "--rate", "25", "--library", library, code=0)
    assert [row["state"] for row in found] == ["relinked"] * 4
    assert cuts(again) == cuts(first)
    assert momentidx("export", "--check", again, "--library", library).endswith("no problem found.\n")


def test_our_own_aaf_becomes_the_timeline_that_was_exported(tmp_path: Path, library: Path) -> None:
    export = ("export", "the camera pans left", "-n", "4", "--handles", "12f", "--library", library)
    momentidx(*export, "-o", tmp_path / "cut", "--to", "aaf", "--to", "fcp7xml")
    found = rows(tmp_path / "cut.aaf", "-o", tmp_path / "again.xml", "--library", library, code=0)
    assert {(row["state"], *row["by"]) for row in found} == {("relinked", "fingerprint")}
    assert cuts(tmp_path / "again.xml") == cuts(tmp_path / "cut.xml")


def test_two_footages_that_fit_are_told_and_not_guessed(tmp_path: Path, drawn: Path) -> None:
    library, cards = tmp_path / "library", tmp_path / "cards"
    for card in ("a", "b"):
        (cards / card).mkdir(parents=True)
        shutil.copy(drawn / "A003_night.mov", cards / card / "C0001.mov")
    with (cards / "b" / "C0001.mov").open("ab") as other:  # another content of the same length
        other.write(b"\0\0\0\x10free        ")
    momentidx("index", cards, "--library", library)
    edl = tmp_path / "scene.edl"
    edl.write_text(
        "TITLE: x\n\n001  AX  V  C  22:15:01:00 22:15:02:00 01:00:00:00 01:00:01:00\n* FROM CLIP NAME: C0001.mov\n"
    )
    (row,) = rows(edl, "-o", tmp_path / "x.otio", "--library", library, code=1)[:1]
    assert (row["state"], row["candidates"]) == (
        "ambiguous", [str(cards / card / "C0001.mov") for card in ("a", "b")]
    )  # fmt: skip
    assert not (tmp_path / "x.otio").exists(), "nothing was relinked"


def test_what_cannot_be_read_is_told_and_nothing_is_written(tmp_path: Path, library: Path) -> None:
    edl, deep, text = tmp_path / "a.edl", tmp_path / "deep.otio", tmp_path / "a.txt"
    edl.write_text(EDL.replace("NON-DROP", "DROP"))
    deep.write_text("[" * 100_000 + "]" * 100_000)
    text.write_text("A shot list.")
    out = tmp_path / "out.otio"
    for file, code, sentence in (
        (edl, 2, f"{edl}: no indexed footage has a rate that it could have. Say its rate: --rate 29.97"),
        (deep, 1, f"{deep}: this is no timeline that can be read: it is nested 100000 deep, and at most 200 are read."),
        (text, 2, f"{text}: timelines are read from .edl, .otio, .xml, .aaf files."),
        (tmp_path / "none.edl", 2, f"{tmp_path / 'none.edl'}: there is no such file."),
    ):
        done = run("conform", file, "-o", out, "--library", library)
        assert (done.returncode, done.stderr) == (code, f"momentidx: {sentence}\n")
    assert not out.exists()


def test_a_file_that_exists_is_kept_without_force(tmp_path: Path, library: Path) -> None:
    edl, out = tmp_path / "scene.edl", tmp_path / "out.edl"
    edl.write_text(EDL)
    out.write_text("mine")
    arguments = ("conform", edl, "--rate", "25", "-o", out, "--library", library)
    assert "exists already" in run(*arguments).stderr
    assert out.read_text() == "mine"
    done = run(*arguments, "--force")
    assert done.returncode == 1
    assert out.read_text().startswith("TITLE: Scene 4")
    assert "BL" not in out.read_text()
