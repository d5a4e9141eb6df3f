"""A timeline file is whole or absent, and nothing of the user's is lost for it."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import opentimelineio
import pytest
from opentimelineio.schema import Timeline

from momentidx.config import Settings
from momentidx.errors import MomentidxError, WrongUse
from momentidx.timeline.build import Layout, build
from momentidx.timeline.conform.targets import generic
from momentidx.timeline.plugin import timeline_writers
from momentidx.timeline.protocol import TimelineWriter
from momentidx.timeline.write.files import refuse_to_replace, write_whole
from momentidx.timeline.write.otio import OtioWriter
from tests.timeline.moments import FILM, HOUR_AT_FILM, NTSC, footage, moment, timecode

HOSTILE = "<caption attr='x'> & \"quotes\" é 😀\nsecond line \0 \udcff \x1b"


@pytest.fixture
def selects() -> Timeline:
    return build(
        [
            moment(footage(FILM, 240, start=timecode(HOUR_AT_FILM)), 24, 72, caption=HOSTILE * 1000),
            moment(footage(NTSC, 300, sound=False), 0, 40, path=Path("/m/caf\udce9 #%.mov"), score=None),
        ],
        name=HOSTILE,
        query=HOSTILE,
        layout=Layout(handles="12f"),
    )


def test_what_is_read_back_is_what_was_written(selects: Timeline, tmp_path: Path) -> None:
    file = tmp_path / "selects.otio"
    OtioWriter().write(selects, file)
    back = opentimelineio.adapters.read_from_file(str(file))
    assert back.is_equivalent_to(generic(selects))
    assert back.tracks[0][1].media_reference.target_url == "file:///m/caf%E9%20%23%25.mov"


def test_the_same_moments_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.otio", "two.otio"):
        OtioWriter().write(build([moment(footage(), 0, 10)], name="selects", query="door"), tmp_path / name)
    assert (tmp_path / "one.otio").read_bytes() == (tmp_path / "two.otio").read_bytes()


def test_the_formats_come_in_through_the_hook() -> None:
    defaults = Settings.model_validate({})
    for offer in timeline_writers():
        writer = offer.make(defaults)
        assert isinstance(writer, TimelineWriter)
        assert offer.name == writer.name
        assert writer.suffix in offer.summary


def test_a_file_is_replaced_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    file = tmp_path / "selects.otio"
    file.write_bytes(b"old")
    write_whole(file, b"new")
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_program_that_has_the_old_file_open_goes_on_reading_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "selects.otio"
    file.write_bytes(b"old")
    with file.open("rb") as reader:
        write_whole(file, b"new")
        assert reader.read() == b"old"


def test_others_may_read_the_file_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "selects.otio", b"new")
    finally:
        os.umask(before)
    assert (tmp_path / "selects.otio").stat().st_mode & 0o777 == 0o644


def test_a_symbolic_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    real, link = tmp_path / "shared" / "real.otio", tmp_path / "selects.otio"
    link.symlink_to(real)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (errno.ENOSPC, "the disk of {} is full. Make room, or choose another folder."),
        (errno.EACCES, "the folder {} cannot be written to. Choose another, or change its permissions."),
        (errno.EROFS, "the folder {} cannot be written to. Choose another, or change its permissions."),
        (errno.EIO, "Input/output error. Choose another name or folder."),
    ],
)
def test_a_failure_on_the_way_to_the_disk_leaves_the_old_file(
    code: int, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    file = tmp_path / "selects.otio"
    file.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(MomentidxError) as raised:
        write_whole(file, b"new")
    assert str(raised.value) == f"{file} was not written: {sentence.format(tmp_path)}"
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    file = tmp_path / "missing" / "selects.otio"
    with pytest.raises(MomentidxError) as raised:
        write_whole(file, b"new")
    assert str(raised.value) == (
        f"{file} was not written: there is no folder {tmp_path / 'missing'}. Create it, or choose another."
    )


def test_a_name_that_is_too_long_is_a_sentence(selects: Timeline, tmp_path: Path) -> None:
    file = tmp_path / ("x" * 300 + ".otio")
    refuse_to_replace(file, selects)
    with pytest.raises(MomentidxError, match=r"File name too long\. Choose another name or folder"):
        write_whole(file, b"new")
    assert list(tmp_path.iterdir()) == []


def test_a_process_killed_before_the_rename_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "selects.otio"
    file.write_bytes(b"old")
    program = (
        "import os, signal, sys; from pathlib import Path; from momentidx.timeline.write.files import write_whole\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_whole(Path(sys.argv[1]), b'new')"
    )
    done = subprocess.run([sys.executable, "-c", program, str(file)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert file.read_bytes() == b"old"


def test_an_existing_file_needs_force(selects: Timeline, tmp_path: Path) -> None:
    file = tmp_path / "selects.otio"
    refuse_to_replace(file, selects)
    file.write_bytes(b"old")
    with pytest.raises(WrongUse, match=r"selects\.otio exists already\. .* --force"):
        refuse_to_replace(file, selects)
    refuse_to_replace(file, selects, force=True)


def test_a_folder_is_not_replaced_even_by_force(selects: Timeline, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="is not a file that can be replaced"):
        refuse_to_replace(tmp_path, selects, force=True)


def test_footage_is_not_replaced_even_by_force(tmp_path: Path) -> None:
    camera = tmp_path / "A001 é.mov"
    camera.write_bytes(b"the only copy")
    timeline = build([moment(footage(), 0, 10, path=camera)], name="selects")
    link = tmp_path / "selects.otio"
    link.symlink_to(camera)
    for name in (camera, link):
        with pytest.raises(WrongUse, match="is footage of this very timeline"):
            refuse_to_replace(name, timeline, force=True)


def test_writing_runs_no_plug_in_that_the_environment_names(tmp_path: Path) -> None:
    """An OTIO manifest can attach code to every write of every program; ours does not call it."""
    canary = tmp_path / "canary"
    (tmp_path / "hook.py").write_text(
        f'"""A hook."""\n\n\ndef hook_function(in_timeline, argument_map=None):\n'
        f"    open({str(canary)!r}, 'w').close()\n    return in_timeline\n"
    )
    manifest = tmp_path / "manifest.json"
    manifest.write_text(
        '{"OTIO_SCHEMA": "PluginManifest.1", "adapters": [], "hook_scripts": [{"OTIO_SCHEMA": "HookScript.1",'
        ' "name": "canary", "filepath": "hook.py"}], "hooks": {"pre_adapter_write": ["canary"]}}'
    )
    program = (
        "import sys; from pathlib import Path; from opentimelineio import adapters, schema\n"
        "from momentidx.timeline.write.otio import OtioWriter\n"
        "from tests.timeline.moments import footage, moment\n"
        "from momentidx.timeline.build import build\n"
        "OtioWriter().write(build([moment(footage(), 0, 10)], name='t'), Path(sys.argv[1]))\n"
        "assert not Path(sys.argv[2]).exists()\n"
        "adapters.write_to_file(schema.Timeline('t'), sys.argv[1])\n"
        "assert Path(sys.argv[2]).exists(), 'the canary does not sing; the test proves nothing'"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "t.otio"), str(canary)],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"OTIO_PLUGIN_MANIFEST_PATH": str(manifest)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
