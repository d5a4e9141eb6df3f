"""Blender's add-on: its core without Blender, and the whole of it in Blender's own `bpy`, frame by frame.

The second part needs a Python that has `bpy` (`pip install bpy==4.5.*` with Python 3.11, about 1 GB), named by
MOMENTIDX_BPY_PYTHON or the one that runs the tests: MOMENTIDX_BPY_PYTHON=... python -m pytest -m slow tests/plugins
"""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import stat
import subprocess
import sys
import time
import tomllib
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from momentidx.config import Settings
from momentidx.footage import Footage
from momentidx.library import Library
from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.timeline.assemble import cast, string_out
from momentidx.timeline.build import Layout, build
from momentidx.timeline.shotlist import Slot
from momentidx.timeline.write.tables import BlenderWriter
from tests.clips import read_number, render
from tests.plugins.conftest import Live
from tests.timeline.moments import FILM, NTSC, PAL, footage, moment

SOURCE = Path(__file__).parents[2] / "plugins" / "blender" / "momentidx_vse"
CORE = runpy.run_path(str(SOURCE / "strips.py"), run_name="momentidx_strips")
Refused = CORE["Refused"]
FRAMES = 120


def export(file: Path, moments: list[Any], **layout: Any) -> Path:
    BlenderWriter().write(build(moments, name=file.stem, layout=Layout(**layout)), file)
    return file


@pytest.fixture
def selects(tmp_path: Path) -> Path:
    """Two clips of one file, with handles and a gap."""
    of = footage(PAL, 100)
    found = [moment(of, 24, 72, caption="A door."), moment(of, 90, 100, caption="A ball.", id=7)]
    return export(tmp_path / "selects.json", found, handles="4f", gap="3f")


def test_the_exported_file_is_read_as_whole_frames(selects: Path) -> None:
    found = CORE["read"](selects)
    assert (found.fps, found.fps_base, found.width, found.height, found.rate) == (25, 1.0, 1920, 1080, 25.0)
    assert [(s.source_start, s.source_end, s.record_start, s.caption, s.moment) for s in found.strips] == [
        (20, 76, 0, "A door.", 41),
        (86, 100, 59, "A ball.", 7),
    ]
    assert found.markers == ((4, "A door."), (63, "A ball."))


def test_chosen_strips_close_up_and_keep_their_markers(selects: Path) -> None:
    found = CORE["read"](selects).chosen([1, 0])
    assert [(strip.record_start, strip.source_start) for strip in found.strips] == [(0, 86), (14, 20)]
    assert found.markers == ((4, "A ball."), (18, "A door."))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": "else"}, "was not made by"),
        ({"version": 2}, "update the add-on"),
        ({"strips": [{"name": "x"}]}, "was not made by"),
        ({"scene": None}, "was not made by"),
    ],
)
def test_another_or_newer_file_is_refused(selects: Path, change: dict[str, Any], told: str) -> None:
    selects.write_text(json.dumps(json.loads(selects.read_text()) | change))
    with pytest.raises(Refused, match=told):
        CORE["read"](selects)


@pytest.mark.parametrize("key", ["source_end", "record_end"])
def test_a_strip_whose_lengths_disagree_is_refused(selects: Path, key: str) -> None:
    facts = json.loads(selects.read_text())
    facts["strips"][0][key] += 1
    selects.write_text(json.dumps(facts))
    with pytest.raises(Refused, match="was not made by"):
        CORE["read"](selects)


@pytest.mark.parametrize(
    ("taken", "expected"),
    [([], 1), ([(1, 0, 10)], 2), ([(1, 0, 5)], 1), ([(2, 9, 20)], 3), ([(1, 0, 99), (3, 0, 99), (6, 0, 99)], 4)],
)
def test_strips_go_where_two_channels_are_free(taken: list[tuple[int, int, int]], expected: int) -> None:
    assert CORE["free_channel"](taken, 5, 15, 2) == expected


def command(tmp_path: Path, body: str) -> str:
    """A stand-in for the momentidx command."""
    script = tmp_path / "momentidx"
    script.write_text(f"#!{sys.executable}\nimport sys, pathlib, shutil\n{body}\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return str(script)


def test_a_search_asks_momentidx_and_reads_a_file_for_each_rate(tmp_path: Path, selects: Path) -> None:
    body = (
        "out = pathlib.Path(sys.argv[sys.argv.index('--output') + 1])\n"
        f"shutil.copy({str(selects)!r}, out.with_name('found-25.json'))\n"
        f"pathlib.Path({str(tmp_path / 'asked')!r}).write_text(repr(sys.argv[1:]))"
    )
    found = CORE["search"](command(tmp_path, body), "/lib", "a 'red' door; rm -rf", 5)
    assert found == [CORE["read"](selects)]
    asked = eval((tmp_path / "asked").read_text())
    assert asked[:7] == ["export", "--query", "a 'red' door; rm -rf", "--to", "blender", "--limit", "5"]
    assert asked[-2:] == ["--library", "/lib"]


def test_pictures_are_made_file_by_file_from_the_middle_of_each_strip(tmp_path: Path, selects: Path) -> None:
    body = (
        f"with open({str(tmp_path / 'asked')!r}, 'a') as asked: asked.write(repr(sys.argv[1:-1]) + chr(10))\n"
        "for frame in sys.argv[sys.argv.index('--at') + 1].split(','): print(f'/pictures/{frame}.png')"
    )
    (first, second) = CORE["read"](selects).strips
    pictures = CORE["Pictures"](command(tmp_path, body), (first, second))
    made, deadline = [], time.monotonic() + 60
    while pictures.working and time.monotonic() < deadline:
        made += pictures.new()
    pictures.stop()
    assert made == [(first, Path("/pictures/48f.png")), (second, Path("/pictures/93f.png"))]
    (asked,) = (tmp_path / "asked").read_text().splitlines()
    assert eval(asked) == ["frames", first.path, "--at", "48f,93f", "--output"]


def test_without_the_command_there_are_no_pictures_and_no_error(tmp_path: Path, selects: Path) -> None:
    pictures = CORE["Pictures"](str(tmp_path / "nothing"), CORE["read"](selects).strips)
    deadline = time.monotonic() + 60
    while pictures.working and time.monotonic() < deadline:
        assert pictures.new() == []
    assert not pictures.working
    pictures.stop()


def test_a_search_that_fails_says_what_momentidx_said(tmp_path: Path) -> None:
    failing = command(tmp_path, "sys.exit('momentidx: no library in /lib')")
    with pytest.raises(Refused, match="no library in /lib"):
        CORE["search"](failing, "", "door", 5)
    with pytest.raises(Refused, match="cannot be run"):
        CORE["search"](str(tmp_path / "nothing"), "", "door", 5)
    with pytest.raises(Refused, match="Say what happens"):
        CORE["search"](failing, "", " ", 5)


def test_a_running_momentidx_is_asked_for_moments_bins_and_pictures(live: Live) -> None:
    server = CORE["running"](str(live.folder))
    assert server.url == live.server.url
    (found,) = server.search("a red ball crosses the frame", 3)
    best, *_ = found.strips
    (moment,) = (each for each in live.moments if each.id == best.moment)
    assert (best.path, best.caption) == (str(moment.path), moment.event.caption)
    assert (best.source_start, best.source_end) == moment.frames
    with pytest.raises(Refused, match="There is no bin yet"):
        server.newest_bin()
    one, two = live.moments[:2]
    live.choose("Old", one)
    live.choose("New", two, one)
    (chosen,) = server.newest_bin()
    assert [strip.moment for strip in chosen.strips] == [two.id, one.id]

    pictures, made = CORE["Pictures"]("", chosen.strips, server.picture), []
    deadline = time.monotonic() + 60
    while pictures.working and time.monotonic() < deadline:
        made += [(strip.moment, picture.read_bytes()) for strip, picture in pictures.new()]
    pictures.stop()
    with Library.open(live.folder) as library:
        stills = [library.still(each.id) for each in (two, one)]
    assert made == [(each.id, still.read_bytes()) for each, still in zip((two, one), stills, strict=True) if still]


def test_a_momentidx_that_does_not_run_or_knows_another_token_is_not_asked(live: Live, tmp_path: Path) -> None:
    running = CORE["running"]
    assert running(str(tmp_path)) is None
    assert running(str(tmp_path), "http://127.0.0.1:9", "x") is None
    assert running(str(tmp_path), live.server.url, "wrong") is None
    server = running(str(tmp_path), f"{live.server.url}/", live.server.token)
    with pytest.raises(Refused, match="Say what happens"):
        server.search(" ", 3)
    with pytest.raises(Refused, match="column"):
        server.search("kind:(", 3)


# Blender's own rules, as https://docs.blender.org/manual/en/4.2/advanced/extensions/getting_started.html has them.
TEXT_LENGTH = 64
PERMISSIONS = {"files", "network", "clipboard", "camera", "microphone"}


def test_the_manifest_keeps_blenders_rules_also_where_there_is_no_blender() -> None:
    facts = tomllib.loads((SOURCE / "blender_manifest.toml").read_text())
    needed = {
        "schema_version",
        "id",
        "version",
        "name",
        "tagline",
        "maintainer",
        "type",
        "blender_version_min",
        "license",
    }
    assert needed <= facts.keys()
    assert (facts["schema_version"], facts["type"], facts["id"]) == ("1.0.0", "add-on", SOURCE.name)
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", facts[key]) for key in ("version", "blender_version_min"))
    assert tuple(map(int, facts["blender_version_min"].split("."))) >= (4, 2, 0)
    for text in (facts["tagline"], *facts["permissions"].values()):
        assert 0 < len(text) <= TEXT_LENGTH
        assert text[-1].isalnum()
    assert set(facts["permissions"]) <= PERMISSIONS
    assert all(licence.startswith("SPDX:") for licence in facts["license"])


# In Blender ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def blender() -> str:
    """A Python that can import `bpy`."""
    python = os.environ.get("MOMENTIDX_BPY_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import bpy"], capture_output=True, timeout=120, check=False).returncode:
        pytest.skip(f"{python} has no bpy (pip install 'bpy==4.5.*'); name one with MOMENTIDX_BPY_PYTHON")
    return python


@pytest.fixture(scope="module")
def package(blender: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension, validated and built by Blender's own tool."""
    folder = tmp_path_factory.mktemp("extension")
    shutil.copytree(SOURCE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    find = "import importlib.util as u, pathlib as p; print(p.Path(u.find_spec('bpy').origin).parent)"
    place = subprocess.run([blender, "-c", find], capture_output=True, text=True, check=True, timeout=120).stdout
    tool = next(Path(place.strip()).rglob("blender_ext.py"))
    for arguments in (
        ["validate", folder / "source"],
        ["build", "--source-dir", folder / "source", "--output-dir", folder],
    ):
        done = subprocess.run(
            [blender, tool, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "rror" not in done.stdout + done.stderr, done.stdout + done.stderr
    (built,) = folder.glob("*.zip")
    return built


Shots = dict[str, tuple[Path, Footage]]


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Shots:
    folder = tmp_path_factory.mktemp("footage")
    prores = {"codec": "prores_ks", "pixel_format": "yuv422p10le"}
    paths = {
        "film": render(folder / "A cam é #1 100%.mp4", frames=FRAMES, rate=FILM, gop=48, timecode="01:00:00:00"),
        "drop": render(folder / "drop.mov", frames=FRAMES, rate=NTSC, timecode="10:00:58;20", **prores),
        "pal": render(folder / "pal.mov", frames=FRAMES, rate=PAL, timecode="10:00:00:00", **prores),
        "plain": render(folder / "plain.mp4", frames=FRAMES, rate=PAL, gop=250, audio=True),
        "fast": render(folder / "fast.mp4", frames=FRAMES, rate=Fraction(60000, 1001), gop=60),
    }
    with Decoder(Settings.model_validate({})) as decoder:
        return {name: (path, probe(path, decoder)) for name, path in paths.items()}


def in_blender(blender: str, package: Path, folder: Path, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run the steps in one Blender with settings of its own; what each scene holds afterwards."""
    job = {"package": str(package), "steps": steps, "answer": str(folder / "answer.json")}
    (folder / "job.json").write_text(json.dumps(job))
    done = subprocess.run(
        [blender, Path(__file__).with_name("blender_run.py"), folder / "job.json"],
        env=os.environ | {"BLENDER_USER_RESOURCES": str(folder / "user")},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    answer = json.loads((folder / "answer.json").read_text())
    assert answer["left"] is False, "disabling the add-on leaves something behind"
    return list(answer["steps"])


def numbers(movie: Path) -> list[int | None]:
    """The source frame of every rendered frame; None for black."""
    with av.open(str(movie)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return [None if picture.mean() < 30 else read_number(picture) for picture in pictures]


@pytest.mark.slow
def test_every_frame_that_blender_renders_is_the_one_the_timeline_says(
    blender: str, package: Path, shots: Shots, tmp_path: Path
) -> None:
    ranges = [(0, 1), (37, 61), (13, 14), (FRAMES - 5, FRAMES)]
    steps, expected = [], []
    for name, (path, of) in shots.items():
        file = export(
            tmp_path / f"{name}.json", [moment(of, *span, path=path) for span in ranges], gap="3f", handles="2f"
        )
        steps.append({"actions": [{"open": str(file)}, {"append": {}}], "render": str(tmp_path / f"{name}.mkv")})
    for first, end in ranges:
        expected += [None] * 3 if expected else []
        expected += range(max(first - 2, 0), min(end + 2, FRAMES))
    answers = in_blender(blender, package, tmp_path, steps)
    for name, answer in zip(shots, answers, strict=True):
        assert answer["told"] == []
        assert abs(answer["rate"] - float(shots[name][1].rate)) < 1e-4
        assert answer["size"] == [320, 180]
        movies = [strip for strip in answer["strips"] if strip["type"] == "MOVIE"]
        assert [strip["source"] for strip in movies] == [[0, 3], [35, 63], [11, 16], [113, 120]]
        assert numbers(tmp_path / f"{name}.mkv") == expected, name
        sounds = [strip for strip in answer["strips"] if strip["type"] == "SOUND"]
        assert [strip["range"] for strip in sounds] == ([strip["range"] for strip in movies] if name == "plain" else [])


@pytest.mark.slow
def test_the_panel_searches_ticks_appends_and_refuses_what_would_be_wrong(
    blender: str, package: Path, shots: Shots, tmp_path: Path
) -> None:
    path, of = shots["pal"]
    found = [moment(of, 10, 20, path=path, caption="A door."), moment(of, 50, 80, path=path, caption="A ball.", id=7)]
    file = export(tmp_path / "pal.json", found)
    fast = export(tmp_path / "fast.json", [moment(shots["fast"][1], 0, 5, path=shots["fast"][0])])
    gone = export(tmp_path / "gone.json", [moment(of, 0, 5, path=tmp_path / "gone.mov")])
    picture = tmp_path / "picture.png"
    cv2.imwrite(str(picture), np.full((180, 320, 3), 99, np.uint8))
    body = (
        f"if sys.argv[1] == 'frames': print({str(picture)!r})\n"
        f"else: shutil.copy({str(file)!r}, sys.argv[sys.argv.index('--output') + 1])"
    )
    steps = [
        {
            "at": 101,
            "actions": [
                {"search": "door", "command": command(tmp_path, body), "library": ""},
                {"append": {}},
                {"ticked": [1]},
                {"append": {"where": "END"}},
                {"append": {}},  # at the playhead again: above what lies there
                {"open": str(fast)},
                {"append": {}},
                {"open": str(gone)},
                {"append": {}},
                {"open": str(tmp_path / "none.json")},
            ],
        }
    ]
    (answer,) = in_blender(blender, package, tmp_path, steps)
    door, ball = {"moment": "41", "caption": "A door."}, {"moment": "7", "caption": "A ball."}
    movie = {"name": "pal", "type": "MOVIE", "mute": False}
    assert answer["strips"] == [
        movie | door | {"channel": 2, "range": [101, 111], "source": [10, 20]},
        movie | ball | {"channel": 2, "range": [111, 141], "source": [50, 80]},
        movie | ball | {"channel": 2, "range": [141, 171], "source": [50, 80]},
        movie | ball | {"channel": 4, "range": [101, 131], "source": [50, 80]},
    ]
    assert answer["pictures"] == [[256, 144]], "of the file that was opened last"
    assert answer["markers"] == [[101, "A ball."], [101, "A door."], [111, "A ball."], [141, "A ball."]]
    assert [told.removeprefix("Error: ").split(":")[0] for told in answer["told"]] == [
        "The scene plays 25.000 frames a second and this footage 59.940",
        f"{tmp_path / 'gone.mov'} is not there",
        f"{tmp_path / 'none.json'} cannot be read",
    ]


@pytest.mark.slow
def test_alternates_lie_above_their_take_and_are_muted(
    blender: str, package: Path, shots: Shots, tmp_path: Path
) -> None:
    path, of = shots["pal"]
    takes = [moment(of, *span, path=path, id=id_) for id_, span in enumerate([(10, 20), (50, 55), (80, 100)])]
    slots = [Slot(1, "a door", None), Slot(2, "a ball", None)]
    timeline = string_out(cast(slots, [takes, [moment(of, 30, 40, path=path, id=9)]], alternates=2), name="scene")
    BlenderWriter().write(timeline, tmp_path / "scene.json")
    steps = [
        {
            "actions": [
                {"open": str(tmp_path / "scene.json")},
                {"ticked": [1, 0]},
                {"append": {}},
                {"ticked": [0]},
                {"append": {"where": "END"}},
            ]
        }
    ]
    (answer,) = in_blender(blender, package, tmp_path, steps)
    assert answer["told"] == []
    assert sorted(
        (strip["range"][0], strip["channel"], strip["source"], strip["moment"], strip["mute"])
        for strip in answer["strips"]
    ) == [
        (1, 2, [10, 20], "0", False), (1, 3, [50, 55], "1", True), (1, 4, [80, 90], "2", True),
        (11, 2, [30, 40], "9", False),
        (21, 2, [10, 20], "0", False), (21, 3, [50, 55], "1", True), (21, 4, [80, 90], "2", True),
    ]  # fmt: skip


@pytest.mark.slow
def test_the_built_extension_holds_its_files_and_nothing_else(package: Path) -> None:
    assert sorted(zipfile.ZipFile(package).namelist()) == ["__init__.py", "blender_manifest.toml", "strips.py"]
