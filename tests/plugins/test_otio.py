"""The package `momentidx-otio`, installed into a folder of its own and used through OpenTimelineIO's commands."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from momentidx.footage import Footage
from momentidx.timeline.build import Layout, build
from momentidx.timeline.protocol import TimelineWriter
from momentidx.timeline.write.aaf import AafWriter
from momentidx.timeline.write.edl import EdlWriter
from momentidx.timeline.write.fcp7xml import Fcp7XmlWriter
from tests.timeline.moments import FILM, HOUR_AT_FILM, NTSC, PAL, footage, moment, timecode

SOURCE = Path(__file__).parents[2] / "plugins" / "otio"
DROP = footage(NTSC, 3000, start=timecode(1080680, drop_frame=True), reel="B007")
CUT = footage(FILM, 2400, start=timecode(HOUR_AT_FILM))
PLAIN = footage(PAL, 500)
ODD = footage(Fraction(10), 100)
NIGHT = footage(PAL, 500, start=timecode(24 * 3600 * 25 - 100))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that pip has installed the package into."""
    folder = tmp_path_factory.mktemp("otio")
    shutil.copytree(SOURCE, folder / "source", ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", folder / "site", folder / "source"], check=True, timeout=120)
    return folder / "site"


def run(
    installed: Path, program: str, *arguments: str | Path, code: int = 0, env: Mapping[str, str] | None = None
) -> str:
    """One of OpenTimelineIO's own commands, with the package to be found; what it prints."""
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *arguments],
        env=os.environ | {"PYTHONPATH": str(installed)} | dict(env or {}),
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def write_lines(file: Path, rows: list[dict[str, Any]]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def listed(of: Footage, path: str, fingerprint: str, *, online: bool = True) -> dict[str, Any]:
    """A line of `momentidx footage list --json`."""
    facts = {**of.to_json(), "fingerprint": fingerprint, "start_timecode": of.timecode(0)}
    return facts | {"locations": [{"path": path, "online": online}]}


def relink(installed: Path, timeline: Path, footage_list: list[dict[str, Any]], *more: str) -> list[otio.schema.Clip]:
    """The picture clips of a timeline after `otioconvert` has relinked it."""
    found = write_lines(timeline.with_name("footage.jsonl"), footage_list)
    target = timeline.with_name("relinked.otio")
    run(installed, "otioconvert", "-i", timeline, "-o", target, "-m", "momentidx", "-M", f"footage={found}", *more)
    return [clip for track in otio.adapters.read_from_file(str(target)).video_tracks() for clip in track.find_clips()]


def decision(clip: otio.schema.Clip) -> tuple[str, str, list[str]]:
    facts = clip.metadata["momentidx"]["relink"]
    return facts["status"], facts["by"], list(facts["candidates"])


def test_opentimelineio_lists_the_plugins_and_no_hook_is_attached(installed: Path) -> None:
    told = run(installed, "otiopluginfo", "momentidx*")
    kinds = dict(re.findall(r"^(\w+):\n((?: +.*\n|\n(?! *\w+:))*)", told, re.MULTILINE))
    names = {kind: re.findall(r"^ {2}(momentidx\w*)", text, re.MULTILINE) for kind, text in kinds.items()}
    assert {kind: found for kind, found in names.items() if found} == {
        "adapters": ["momentidx_moments"],
        "media_linkers": ["momentidx"],
        "hook_scripts": ["momentidx_conform"],
    }
    program = (
        "import opentimelineio as o; print({str(s) for n in o.hooks.names() for s in o.hooks.scripts_attached_to(n)})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "set()\n"


def test_search_results_become_a_timeline_in_the_footages_own_timecode(installed: Path, tmp_path: Path) -> None:
    found = [
        moment(CUT, 24, 72, path=Path("/media/card 1/A é#1 100%.mov")),
        moment(DROP, 30, 90, path=Path("/media/B007.mov")),
        moment(ODD, 5, 15, path=Path("/media/odd.avi")),
        moment(NIGHT, 90, 130, path=Path("/media/night.mov")),
        moment(NIGHT, 110, 130, path=Path("/media/night.mov")),
    ]
    hits = write_lines(tmp_path / "hits.jsonl", [item.to_json() for item in found])
    run(installed, "otioconvert", "-i", hits, "-o", tmp_path / "hits.otio")
    timeline = otio.adapters.read_from_file(str(tmp_path / "hits.otio"))
    ours = build(found, name="t", layout=Layout())
    for clip, expected in zip(timeline.video_tracks()[0], ours.video_tracks()[0], strict=True):
        assert clip.name == expected.name
        assert clip.source_range == expected.source_range
        assert clip.media_reference.target_url == expected.media_reference.target_url
        assert [(mark.name, mark.comment, mark.marked_range) for mark in clip.markers] == [
            (mark.name, mark.comment, mark.marked_range) for mark in expected.markers
        ]


def test_results_that_went_through_a_timeline_are_the_same_lines(installed: Path, tmp_path: Path) -> None:
    second = moment(CUT, 100, 110, caption="She leaves.")
    rows = [
        moment(CUT, 24, 72, path=Path("/media/A.mov"), caption='"Quotes",\nand a second line ü').to_json(),
        moment(DROP, 30, 90, path=Path("/media/B\udcff.mov")).to_json(),
        moment(ODD, 5, 15, path=Path("/media/odd.avi"), score=None).to_json(),
        moment(CUT, 24, 110, parts=(moment(CUT, 24, 72), second)).to_json(),
        # Variable rate: its seconds are not its frames.
        moment(footage(PAL, 500), 3, 9).to_json() | {"start_seconds": 0.121},
    ]
    hits = write_lines(tmp_path / "hits.jsonl", rows)
    run(installed, "otioconvert", "-i", hits, "-o", tmp_path / "hits.otio")
    run(installed, "otioconvert", "-i", tmp_path / "hits.otio", "-o", tmp_path / "again.jsonl")
    again = lines_of(tmp_path / "again.jsonl")
    again[1]["path"] = rows[1]["path"]  # a timeline cannot hold the name's odd byte as text; its URL does
    assert again == rows


def test_a_trimmed_clip_is_told_as_what_it_plays(installed: Path, tmp_path: Path) -> None:
    made = build([moment(DROP, 1770, 1830, path=Path("/media/B007.mov"))], name="t", layout=Layout(handles="30f"))
    (tmp_path / "t.otio").write_text(otio.adapters.write_to_string(made, "otio_json"))
    run(installed, "otioconvert", "-i", tmp_path / "t.otio", "-o", tmp_path / "t.jsonl")
    expected = moment(DROP, 1740, 1860, path=Path("/media/B007.mov")).to_json()
    assert lines_of(tmp_path / "t.jsonl") == [expected]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"path": "/a.mov"}\n', "Line 1 is not a moment"),
        ("not json\n", "Line 1 is not a moment"),
        (json.dumps(moment(PLAIN, 0, 5).to_json() | {"caption": None}) + "\n", "Line 1 has no caption"),
        (json.dumps(moment(PLAIN, 0, 5).to_json() | {"path": "a.mov"}) + "\n", "Line 1 is not a moment"),
    ],
)
def test_other_json_lines_are_refused_with_the_line(installed: Path, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "hits.jsonl").write_text(text)
    answer = run(installed, "otioconvert", "-i", tmp_path / "hits.jsonl", "-o", tmp_path / "hits.otio", code=1)
    assert told in answer


@pytest.mark.parametrize("writer", [EdlWriter(8), Fcp7XmlWriter(), AafWriter()], ids=lambda writer: writer.name)
@pytest.mark.parametrize("of", [CUT, DROP, PLAIN, NIGHT], ids=["film", "drop", "plain", "night"])
def test_an_edit_list_finds_its_files_and_their_frames_again(
    installed: Path, tmp_path: Path, writer: TimelineWriter, of: Footage
) -> None:
    path = Path("/media/card 1/Long name é.mov")
    made = build([moment(of, 24, 72, path=path), moment(of, 110, 140, path=path)], name="t")
    timeline = tmp_path / f"t{writer.suffix}"
    writer.write(made, timeline)
    known = [listed(of, str(path), "one"), listed(of, "/elsewhere/another.mov", "two")]
    rate = ("-a", f"rate={made.duration().rate}") if writer.name == "edl" else ()  # an EDL does not say its rate
    clips = relink(installed, timeline, known, *rate)
    assert [clip.source_range for clip in clips] == [clip.source_range for clip in made.video_tracks()[0]]
    for clip, expected in zip(clips, made.video_tracks()[0], strict=True):
        assert clip.media_reference.target_url == expected.media_reference.target_url
        assert clip.media_reference.available_range == expected.media_reference.available_range
        assert clip.media_reference.metadata["momentidx"]["footage"] == "one"


def test_an_aaf_of_ours_is_linked_by_the_fingerprint_in_its_comments(installed: Path, tmp_path: Path) -> None:
    made = build([moment(CUT, 24, 72, path=Path("/gone/A.mov"))], name="t")
    AafWriter().write(made, tmp_path / "t.aaf")
    (clip,) = relink(installed, tmp_path / "t.aaf", [listed(CUT, "/new/B.mov", "f1"), listed(CUT, "/new/A.mov", "2")])
    assert decision(clip) == ("linked", "fingerprint", ["/new/B.mov"])


def edl(file: Path, reel: str, start: str, end: str, name: str | None) -> Path:
    """An edit list of one event at 25 frames a second, as another program would write it."""
    text = f"TITLE: t\nFCM: NON-DROP FRAME\n\n001  {reel}  V  C  {start} {end} 01:00:00:00 01:00:02:00\n"
    file.write_text(text + (f"* FROM CLIP NAME: {name}\n" if name else ""))
    return file


DAY = footage(PAL, 1000, start=timecode(36000 * 25))
EVENING = footage(PAL, 1000, start=timecode(72000 * 25))
TWO_HOURS = ["/card1/C0001.MP4", "/card2/C0001.MP4"]
TWO_CARDS = ["/card5/C0003.MP4", "/card6/C0003.MP4"]


@pytest.mark.parametrize(
    ("reel", "start", "name", "expected"),
    [
        ("A001", "10:00:01:00", "c0001.mp4", ("linked", "name and timecode", ["/card1/C0001.MP4"])),
        ("A001", "20:00:01:00", "C0001", ("linked", "name and timecode", ["/card2/C0001.MP4"])),
        ("B007_LON", "10:00:01:00", None, ("linked", "reel and timecode", ["/card3/B007_long name.mov"])),
        ("T5", "10:00:01:00", None, ("linked", "reel and timecode", ["/card4/C0002.MP4"])),
        ("A001", "15:00:01:00", "C0001", ("outside the footage", "name and timecode", TWO_HOURS)),
        ("A001", "10:00:01:00", "C0003", ("several candidates", "name and timecode", TWO_CARDS)),
        ("AX", "10:00:01:00", "nobody", ("not found", "nothing", [])),
    ],
)  # fmt: skip
def test_a_clip_is_linked_by_name_or_reel_and_timecode_and_never_guessed(
    installed: Path, tmp_path: Path, reel: str, start: str, name: str | None, expected: tuple[str, str, list[str]]
) -> None:
    known = [
        listed(DAY, "/card1/C0001.MP4", "1"),
        listed(EVENING, "/card2/C0001.MP4", "2"),
        listed(DAY, "/card3/B007_long name.mov", "3"),
        listed(DAY, "/card4/C0002.MP4", "4") | {"reel": "T5"},
        listed(DAY, "/card5/C0003.MP4", "5"),
        listed(DAY, "/card6/C0003.MP4", "6"),
    ]
    end = start[:7] + "3" + start[8:]
    (clip,) = relink(installed, edl(tmp_path / "t.edl", reel, start, end, name), known, "-a", "rate=25")
    assert decision(clip) == expected
    assert isinstance(clip.media_reference, otio.schema.ExternalReference) == (expected[0] == "linked")


def test_a_list_read_at_another_rate_is_not_linked(installed: Path, tmp_path: Path) -> None:
    timeline = edl(tmp_path / "t.edl", "A001", "10:00:01:00", "10:00:03:00", "C0001.MP4")
    (clip,) = relink(installed, timeline, [listed(DAY, "/card1/C0001.MP4", "1")], "-a", "rate=24")
    assert decision(clip)[0] == "outside the footage"


def test_search_results_are_linked_by_fingerprint_wherever_the_file_lies_now(installed: Path, tmp_path: Path) -> None:
    hits = write_lines(tmp_path / "hits.jsonl", [moment(CUT, 24, 72, path=Path("/gone/A.mov")).to_json()])
    (clip,) = relink(installed, hits, [listed(CUT, "/new/B.mov", "f1")])
    assert decision(clip) == ("linked", "fingerprint", ["/new/B.mov"])
    assert clip.media_reference.target_url == "file:///new/B.mov"
    assert clip.media_reference.available_range == otio.opentime.TimeRange(
        otio.opentime.RationalTime(HOUR_AT_FILM, 24000 / 1001), otio.opentime.RationalTime(2400, 24000 / 1001)
    )


def test_a_timeline_that_counts_from_zero_is_moved_into_the_files_timecode(installed: Path, tmp_path: Path) -> None:
    made = build([moment(DAY, 24, 72, path=Path("/old/C0001.MP4"))], name="t")
    clip = made.video_tracks()[0][0]
    expected, marked = clip.source_range, clip.markers[0].marked_range
    from_zero = made.deepcopy()
    bare = from_zero.video_tracks()[0][0]
    zero = bare.media_reference.available_range.start_time
    bare.metadata.clear()
    bare.media_reference = otio.schema.ExternalReference(
        "/old/C0001.MP4", otio.opentime.TimeRange(zero - zero, otio.opentime.RationalTime(1000, 25))
    )
    bare.source_range = otio.opentime.TimeRange(expected.start_time - zero, expected.duration)
    bare.markers[0].marked_range = otio.opentime.TimeRange(marked.start_time - zero, marked.duration)
    (tmp_path / "t.otio").write_text(otio.adapters.write_to_string(from_zero, "otio_json"))
    (found,) = relink(installed, tmp_path / "t.otio", [listed(DAY, "/card1/C0001.MP4", "1")])
    assert (found.source_range, found.markers[0].marked_range) == (expected, marked)


@pytest.mark.parametrize(
    ("argument", "told"), [(None, "needs footage=FILE"), ("/none", "cannot be read"), (__file__, "line 1 is not as")]
)
def test_a_missing_or_wrong_list_of_footage_is_named(
    installed: Path, tmp_path: Path, argument: str | None, told: str
) -> None:
    timeline = edl(tmp_path / "t.edl", "A001", "10:00:01:00", "10:00:03:00", "C0001.MP4")
    named = {"MOMENTIDX_FOOTAGE": argument} if argument else {}
    target = ("-i", timeline, "-o", tmp_path / "t.otio", "-a", "rate=25", "-m", "momentidx")
    assert told in run(installed, "otioconvert", *target, code=1, env=named)


def test_the_conform_hook_counts_from_zero_when_a_user_attaches_it(installed: Path, tmp_path: Path) -> None:
    manifest = {"OTIO_SCHEMA": "PluginManifest.1", "hooks": {"pre_adapter_write": ["momentidx_conform"]}}
    (tmp_path / "attach.json").write_text(json.dumps(manifest))
    made = build([moment(DAY, 24, 72, path=Path("/media/a b.mov"))], name="t")
    (tmp_path / "t.otio").write_text(otio.adapters.write_to_string(made, "otio_json"))
    env = {"OTIO_PLUGIN_MANIFEST_PATH": str(tmp_path / "attach.json")}
    convert = ("otioconvert", "-i", tmp_path / "t.otio", "-o", tmp_path / "out.otio")

    run(installed, *convert, "-H", "momentidx_target=mlt", env=env)
    clip = next(iter(otio.adapters.read_from_file(str(tmp_path / "out.otio")).find_clips()))
    first = otio.opentime.RationalTime(24, 25)
    assert (clip.source_range.start_time, clip.markers[0].marked_range.start_time) == (first, first)
    assert clip.media_reference.target_url == "/media/a b.mov"
    assert clip.media_reference.available_range.start_time.value == 0

    run(installed, *convert, env=env)
    same = otio.adapters.read_from_file(str(tmp_path / "out.otio"))
    assert same.is_equivalent_to(made)

    assert "no target 'nobody'" in run(installed, *convert, "-H", "momentidx_target=nobody", code=1, env=env)
