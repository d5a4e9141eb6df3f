"""Resolve's scripts do what they should with what momentidx exports, in a Resolve that only takes notes.

Resolve itself was not run: what is tested is which calls are made, and with which frames.
"""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from momentidx.timeline.build import Layout, build
from momentidx.timeline.write.otio import ResolveWriter
from tests.plugins.conftest import Live
from tests.plugins.fake_resolve import Resolve
from tests.timeline.moments import PAL, footage, moment, timecode

FOLDER = Path(__file__).parents[2] / "plugins" / "resolve"
HERE = Path(__file__).parent
LUAS = [found for name in ("luajit", "lua5.1", "lua5.4") if (found := shutil.which(name))]
STUDIO = runpy.run_path(str(FOLDER / "momentidx_studio.py"))

Run = Callable[..., list[str]]
"""`run("append", files, rate="25")`: what Resolve was asked and what the script said, line by line."""


def studio(action: str, file: Path, capsys: pytest.CaptureFixture[str], **options: str) -> list[str]:
    fake = Resolve(**options)
    arguments = [str(file)] if action == "import" else ["--append", str(file)]
    STUDIO["main"](arguments, fake)
    said = capsys.readouterr()
    return fake.calls + (said.out + said.err).splitlines()


def lua(program: str, action: str, file: Path, **options: str) -> list[str]:
    script = file.with_name(f"momentidx {action} selects.lua")
    shutil.copy(FOLDER / "momentidx.lua", script)
    given = [f"{name}={value}" for name, value in {"asked": str(file), **options}.items()]
    done = subprocess.run(
        [program, HERE / "fake_resolve.lua", script, *given], timeout=60,
        capture_output=True, text=True, check=True, env=os.environ | {"MOMENTIDX_EXPORTS": str(file.parent)},
    )  # fmt: skip
    return [line for line in done.stdout.splitlines() if line != "asked"]


@pytest.fixture(params=["studio", "lua"])
def run(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Run:
    """Both scripts, one after the other; Lua in the first interpreter that is installed, best Resolve's own."""
    if request.param == "studio":
        return lambda action, file, **options: studio(action, file, capsys, **options)
    if not LUAS:
        pytest.skip("no Lua is installed (Debian: luajit or lua5.4)")
    return lambda action, file, **options: lua(LUAS[0], action, file, **options)


TAPE = footage(PAL, 1000, start=timecode(36000 * 25))


@pytest.fixture
def selects(tmp_path: Path) -> Path:
    """Three clips of two files with handles and gaps, as `momentidx export --to resolve` writes them."""
    file = tmp_path / "selects.otio"
    found = [
        moment(TAPE, 24, 72, path=Path("/media/A é.mov"), caption='A "red" door\\\nopens – slowly 😀.'),
        moment(footage(PAL, 500), 0, 5, path=Path("/media/B.mov"), id=7, caption="A ball."),
        moment(TAPE, 990, 1000, path=Path("/media/A é.mov"), id=9, caption="Black."),
    ]
    ResolveWriter().write(build(found, name="selects", layout=Layout(handles="10f", gap="3f")), file)
    return file


def unwrapped(lines: list[str]) -> list[str]:
    """The notes of the first clip lie on two lines."""
    text = "\n".join(lines).replace("\\\nopens", "\\~opens")
    return text.split("\n")


DOOR = '[A "red" door\\ opens – slowly 😀.] [A "red" door\\~opens – slowly 😀.]'


def test_an_import_makes_a_timeline_with_markers_that_carry_the_moments_number(run: Run, selects: Path) -> None:
    assert unwrapped(run("import", selects)) == [
        "timeline selects.otio [selects] true",
        f"marker 10 Green {DOOR} 48 momentidx:41",
        "marker 71 Green [A ball.] [A ball.] 5 momentidx:7",
        "marker 99 Green [Black.] [Black.] 10 momentidx:9",
        "momentidx: made the timeline 'selects' of 3 clips.",
    ]


def test_a_marker_that_came_with_the_file_gets_its_number_and_a_taken_name_a_new_one(run: Run, selects: Path) -> None:
    lines = run("import", selects, marked="71", name="selects")
    assert "timeline selects.otio [selects 2] true" in lines
    assert [line for line in lines if line.startswith(("marker 71", "data"))] == ["data 71 momentidx:7"]


def test_appended_clips_play_the_frames_they_should_wherever_the_timeline_ended(run: Run, selects: Path) -> None:
    lines = unwrapped(run("append", selects, known="/media/B.mov"))
    lines.remove("import /media/A é.mov")
    appended = [line for line in lines if line.startswith("append")]
    markers = [line for line in lines if line.startswith("marker")]
    # Source frames 14 to 81, 0 to 14 and 980 to 999: the end frame is played.
    assert appended == ["append A é.mov 14-81", "append B.mov 0-14", "append A é.mov 980-999"]
    assert markers == [
        f"marker 1010 Green {DOOR} 48 momentidx:41",
        "marker 1068 Green [A ball.] [A ball.] 5 momentidx:7",
        "marker 1093 Green [Black.] [Black.] 10 momentidx:9",
    ]
    assert len(lines) == 7
    assert lines[-1].startswith("momentidx: appended 3 clips")


@pytest.mark.parametrize(
    ("action", "options", "told"),
    [
        ("import", {"refuse": "yes"}, "Resolve did not import"),
        ("append", {"open": "no"}, "No timeline is open."),
        ("append", {"rate": "23.976"}, "The open timeline has 23.976 frames a second and /media/A é.mov has"),
        ("append", {"offline": "yes"}, "/media/A é.mov cannot be imported. Connect its drive."),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_appended(
    run: Run, selects: Path, action: str, options: dict[str, str], told: str
) -> None:
    (line,) = run(action, selects, **options)
    assert line.startswith("momentidx: ")
    assert told in line


def test_a_clip_that_came_out_shorter_is_told(run: Run, selects: Path) -> None:
    lines = run("append", selects, short="1")
    assert [line for line in lines if "instead of" in line and line.endswith("instead of 68.")] != []


@pytest.mark.parametrize("text", ["", "{}", '{"metadata": {}}', "[1, 2", '"a', '{"OTIO_SCHEMA": "Timeline.1"}'])
def test_another_file_is_refused_by_name(run: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "other.otio").write_text(text)
    (line,) = run("import", tmp_path / "other.otio")
    assert line.startswith(f"momentidx: {tmp_path / 'other.otio'} is not a timeline of momentidx.")


@pytest.mark.parametrize("program", LUAS)
def test_the_lua_script_runs_in_every_lua_that_is_here(program: str, selects: Path) -> None:
    assert lua(program, "append", selects, known="/media/B.mov")[-1] == "momentidx: appended 3 clips to 'Cut'."
    assert lua(program, "import", selects)[-1] == "momentidx: made the timeline 'selects' of 3 clips."


@pytest.mark.skipif(not LUAS, reason="no Lua is installed (Debian: luajit or lua5.4)")
def test_the_lua_script_takes_the_files_of_the_newest_export_and_else_asks(selects: Path) -> None:
    for name in ("selects-24.otio", "selects-25.otio", "old.otio"):
        shutil.copy(selects, selects.with_name(name))
    files = "old.otio:1000,selects-25.otio:2000,selects-24.otio:1990"
    made = [line for line in lua(LUAS[0], "import", selects, files=files) if line.startswith("timeline")]
    assert made == ["timeline selects-24.otio [selects] true", "timeline selects-25.otio [selects] true"]
    # A version of Resolve that does not say how old files are.
    made = [line for line in lua(LUAS[0], "import", selects, files="old.otio:Mon") if line.startswith("timeline")]
    assert made == ["timeline selects.otio [selects] true"]
    (nothing,) = lua(LUAS[0], "import", selects, asked="")
    assert nothing.startswith("momentidx: ")


def test_the_studio_script_takes_the_files_of_the_newest_export(
    selects: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, time in {"old.otio": 1000, "selects-25.otio": 2000, "selects-24.otio": 1990, "selects.otio": 5}.items():
        shutil.copy(selects, selects.with_name(name)) if name != "selects.otio" else None
        os.utime(selects.with_name(name), (time, time))
    monkeypatch.setenv("MOMENTIDX_EXPORTS", str(selects.parent))
    fake = Resolve()
    assert STUDIO["main"]([], fake) == 0
    made = [call for call in fake.calls if call.startswith("timeline")]
    assert made == ["timeline selects-24.otio [selects] true", "timeline selects-25.otio [selects] true"]

    monkeypatch.setenv("MOMENTIDX_EXPORTS", str(selects.parent / "none"))
    assert STUDIO["main"]([], fake) == 1
    assert "There is no export in" in capsys.readouterr().err


def test_without_resolve_the_studio_script_says_so(selects: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert STUDIO["main"]([str(selects)]) == 1
    assert "Resolve's Python module is not installed here" in capsys.readouterr().err


@pytest.mark.parametrize("script", ["studio", "lua"])
def test_the_bin_of_a_running_momentidx_becomes_a_timeline_with_its_frames(
    script: str, live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if script == "lua" and not (LUAS and shutil.which("curl")):
        pytest.skip("no Lua, or no curl, is installed (Debian: luajit curl)")
    monkeypatch.setenv("MOMENTIDX_LIBRARY", str(live.folder))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    one, two = live.moments[:2]
    live.choose("Old", one)
    live.choose('Day "1"/ä', two, one)

    def lines(action: str) -> list[str]:
        if script == "studio":
            fake = Resolve()
            arguments = ["--bin"] if action == "import" else ["--append", "--bin", 'Day "1"/ä']
            assert STUDIO["main"](arguments, fake) == 0
            return fake.calls + capsys.readouterr().out.splitlines()
        file = tmp_path / f"momentidx {action} bin.lua"
        shutil.copy(FOLDER / "momentidx.lua", file)
        done = subprocess.run(
            [LUAS[0], HERE / "fake_resolve.lua", file], timeout=60, capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()

    marks = [line.rsplit(" ", 1)[1] for line in lines("import") if line.startswith("marker")]
    assert marks == [f"momentidx:{two.id}", f"momentidx:{one.id}"]
    frames = [f"append {each.path.name} {each.frames[0]}-{each.frames[1] - 1}" for each in (two, one)]
    assert [line for line in lines("append") if line.startswith("append")] == frames
    assert [file.name for file in tmp_path.iterdir() if "web" not in file.name and file.suffix != ".lua"] == []


def test_a_momentidx_that_does_not_run_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MOMENTIDX_LIBRARY", str(tmp_path))
    assert STUDIO["main"](["--bin"], Resolve()) == 1
    assert "Start it: momentidx watch, or momentidx serve." in capsys.readouterr().err
    (tmp_path / "web.json").write_text('{"url": "http://127.0.0.1:9", "token": "x"}')
    assert STUDIO["main"](["--query", "a ball"], Resolve()) == 1
    assert "momentidx does not answer at http://127.0.0.1:9." in capsys.readouterr().err
    for text, told in (("", "names no address"), ('{"url": "http://127.0.0.1:9", "token": "x"}', "does not answer")):
        if LUAS and shutil.which("curl"):
            (tmp_path / "web.json").write_text(text)
            script = tmp_path / "momentidx import bin.lua"
            shutil.copy(FOLDER / "momentidx.lua", script)
            done = subprocess.run(
                [LUAS[0], HERE / "fake_resolve.lua", script], timeout=60, capture_output=True, text=True, check=True
            )
            assert told in done.stdout
