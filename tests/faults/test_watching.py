"""Rows 4 to 10: lost events, renamed folders, mounts, hostile names, replaced and growing files, few watches."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import pytest

from momentidx.library import Library
from momentidx.library.sqlite import DATABASE
from tests.faults.running import (
    PATIENCE,
    ROOT,
    SETTINGS,
    Daemon,
    Program,
    described,
    kept_environment,
    same,
    wait_until,
)
from tests.faults.scenes import Stage

Figure = Callable[[str], None]
ASLEEP = {"MOMENTIDX_QUIET_WINDOW": "00:00-00:00"}
"""Looks and queues, but works on nothing."""


def other_content(clip: Path, copy: Path, number: int) -> Path:
    """A copy that plays the same and is another content: with a box at its end that players pass over."""
    mark = f"copy {number}".encode()
    copy.write_bytes(clip.read_bytes() + struct.pack(">I4s", 8 + len(mark), b"free") + mark)
    return copy


def known(program: Program) -> dict[str, bool]:
    """Every file the library knows, and whether it is there."""
    if not Library.exists(program.library):
        return {}
    with Library.open(program.library) as library:
        return {path: file.online for path, file in library.known().items()}


def seconds_until(daemon: Daemon, true: Callable[[], bool], what: str) -> float:
    started = time.monotonic()
    daemon.wait_until(true, what)
    return time.monotonic() - started


def find_all_after_a_pause(program: Program, folder: Path, files: int) -> float:
    """Files arrive while the daemon is stopped and cannot read its events. Seconds until all were found afterwards."""
    folder.mkdir()
    with program.watching(folder, **ASLEEP) as daemon:
        os.kill(daemon.process.pid, signal.SIGSTOP)
        for number in range(files):
            (folder / f"{number}.mov").write_bytes(b"x")
        os.kill(daemon.process.pid, signal.SIGCONT)
        took = seconds_until(daemon, lambda: len(known(program)) == files, f"{files} files are found")
        assert daemon.stop()[0] == 0
    return took


def test_files_that_arrive_while_nobody_reads_the_events_are_found(program: Program, tmp_path: Path) -> None:
    find_all_after_a_pause(program, tmp_path / "card", 600)


@pytest.mark.slow
def test_so_are_twenty_thousand(program: Program, tmp_path: Path, figure: Figure) -> None:
    figure(f"20,000 of 20,000 found {find_all_after_a_pause(program, tmp_path / 'card', 20_000):.1f} s after resume")


def rename_folder(program: Program, root: Path, files: int) -> float:
    """A folder of files gets another name. Seconds until the library knows; nothing is queued, no number changes."""
    (root / "day 1").mkdir(parents=True)
    for number in range(files):
        (root / "day 1" / f"{number}.mov").write_bytes(b"x")
    with program.watching(root, **ASLEEP) as daemon:
        daemon.wait_until(lambda: len(known(program)) == files, "all are known")
        daemon.stop()
    with closing(sqlite3.connect(program.library / DATABASE)) as connection, connection:
        connection.execute("UPDATE job SET state = 'done'")  # as if they had been described
        before = connection.execute("SELECT id FROM location ORDER BY id").fetchall()
    with program.watching(root, **ASLEEP) as daemon:
        (root / "day 1").rename(root / "day 2")
        there = f"{root / 'day 2'}/"
        took = seconds_until(daemon, lambda: all(path.startswith(there) for path in known(program)), "it is known")
        daemon.stop()
    with closing(sqlite3.connect(program.library / DATABASE)) as connection:
        assert connection.execute("SELECT id FROM location ORDER BY id").fetchall() == before
        assert connection.execute("SELECT DISTINCT state FROM job").fetchall() == [("done",)]
    assert all(known(program).values())
    return took


def test_a_renamed_folder_keeps_everything(program: Program, tmp_path: Path) -> None:
    rename_folder(program, tmp_path / "root", 300)


@pytest.mark.slow
def test_so_does_one_of_ten_thousand(program: Program, tmp_path: Path, figure: Figure) -> None:
    figure(f"renamed 10,000: known after {rename_folder(program, tmp_path / 'root', 10_000):.1f} s, 0 ids changed")


@pytest.fixture
def mount() -> Iterator[Callable[..., None]]:
    """`mount("first", root)`: what is mounted at a place; None: nothing is."""
    mounted: list[Path] = []

    def change(volume: Path | None, at: Path) -> None:
        if at in mounted:
            subprocess.run(["umount", at], check=True)
            mounted.remove(at)
        if volume is not None:
            how = ["--bind", volume] if volume.exists() else ["-t", "tmpfs", volume.name]
            if subprocess.run(["mount", *how, at], capture_output=True, check=False).returncode:
                pytest.skip("mounting takes rights that this user does not have")
            mounted.append(at)

    yield change
    for at in reversed(mounted):
        subprocess.run(["umount", at], check=True)


def test_a_drive_that_is_pulled_swapped_and_put_back_costs_nothing(
    program: Program, clips: list[Path], mount: Callable[..., None], tmp_path: Path
) -> None:
    first, second, root, log = (tmp_path / name for name in ("first", "second", "root", "described"))
    for folder in (first, second):
        folder.mkdir()
        mount(Path(f"volume {folder.name}"), folder)  # a file system of its own
    root.mkdir()
    for clip in clips[:2]:
        shutil.copy2(clip, first)
    shutil.copy2(clips[2], second)
    mount(first, root)
    with program.watching(root, SCRIPTED_LOG=str(log), MOMENTIDX_SCAN_SECONDS="1") as daemon:
        daemon.has_done(2)
        for volume, why in ((None, "nothing is mounted there"), (second, "another volume is mounted there")) * 2:
            mount(volume, root)
            daemon.wait_until(lambda why=why: daemon.process.said.splitlines()[-1].count(why) == 1, why)
            daemon.has_done(2, away=2)
        mount(first, root)
        daemon.has_done(2)
        assert daemon.stop()[0] == 0
    assert len(described(log)) == 2
    assert all(known(program).values())


NAMES = [
    *(b"new\nline", b"tab\tand 'quotes' \"two\"", b"-version", b"http:x", b"concat:a|b", b"%03d", b"a%20b#c?d&e"),
    *(b"\xff\xfe not utf-8", "ü ｗide 😀".encode(), "e\u0301".encode(), "é".encode(), b"UPPER", b"upper"),
    *("\u202etxt.gpj".encode(), b"trailing space ", b"trailing dot.", b"\x01\x1b[31mred\x7f", b"x" * 251),
    b"$(x) `x` *",
]  # fmt: skip


def hostile(count: int) -> list[bytes]:
    """So many names: those above, and others made of the bytes that are most trouble."""
    trouble = [bytes([byte]) for byte in range(1, 256) if byte != ord("/")]
    names = NAMES + [b"%d " % number + b"".join(trouble[number::37][:8]) for number in range(count - len(NAMES))]
    return [name + b".mov" for name in names[:count]]


def index_names(program: Program, clip: Path, folder: Path, names: list[bytes]) -> None:
    """Files with these names are watched, and each is indexed, found and exported under just its name."""
    folder.mkdir()
    paths = [Path(os.fsdecode(os.fsencode(folder) + b"/" + name)) for name in names]
    with program.watching(folder) as daemon:
        for number, path in enumerate(paths):
            other_content(clip, path, number)
        daemon.has_done(len(paths))
        assert daemon.stop()[0] == 0
    with Library.open(program.library) as library:
        assert {os.fsencode(moment.path) for moment in library.moments()} == {os.fsencode(path) for path in paths}
        for path in paths:
            assert library.find_footage(path).locations[0].path == path
    timeline = folder.with_name("cut.otio")
    program.run("export", "part", "--limit", "100000", "-o", timeline)
    assert exported(timeline) == {os.fsencode(path) for path in paths}


def exported(timeline: Path) -> set[bytes]:
    """Every file that a timeline plays."""
    urls: set[bytes] = set()

    def look(node: object) -> None:
        if isinstance(node, dict):
            if "target_url" in node:
                urls.add(unquote_to_bytes(urlsplit(node["target_url"]).path))
            for value in node.values():
                look(value)
        elif isinstance(node, list):
            for value in node:
                look(value)

    look(json.loads(timeline.read_text()))
    return urls


def test_any_name_is_indexed_found_and_exported_byte_for_byte(
    program: Program, clips: list[Path], tmp_path: Path
) -> None:
    index_names(program, clips[0], tmp_path / "names", hostile(len(NAMES)))


@pytest.mark.slow
def test_so_are_five_hundred_names(program: Program, clips: list[Path], tmp_path: Path, figure: Figure) -> None:
    index_names(program, clips[0], tmp_path / "names", hostile(500))
    figure("500 names indexed, found and exported byte for byte")


def put_in_place(new: bytes, file: Path) -> None:
    """Other content of the same size in the same file, and the former times put back."""
    times = file.stat()
    file.write_bytes(new)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def put_over(new: bytes, file: Path) -> None:
    """The same by a new file that takes the name."""
    times = file.stat()
    fresh = file.with_suffix(".tmp")
    fresh.write_bytes(new)
    os.utime(fresh, ns=(times.st_atime_ns, times.st_mtime_ns))
    fresh.replace(file)


@pytest.mark.parametrize("put", [put_in_place, put_over])
@pytest.mark.parametrize("when", ["afterwards", "meanwhile"])
def test_a_replacement_of_the_same_size_and_time_is_noticed(
    program: Program, clips: list[Path], tmp_path: Path, put: Callable[[bytes, Path], None], when: str
) -> None:
    folder, log = tmp_path / "folder", tmp_path / "described"
    folder.mkdir()
    old, new = (other_content(clips[0], tmp_path / f"{number}", number) for number in (1, 2))
    file = folder / "a.mov"
    shutil.copy(old, file)
    with program.watching(folder, SCRIPTED_LOG=str(log), SCRIPTED_SLOW="0.5") as daemon:
        if when == "afterwards":
            daemon.has_done(1)
        else:
            daemon.wait_until(lambda: any(job == "describe" for job in running(program)), "it is being described")
        put(new.read_bytes(), file)
        daemon.wait_until(
            lambda: len({line.split()[2] for line in described(log)}) == 2, "the new content is described"
        )
        daemon.has_done(1)
        daemon.stop()
    shutil.copy(new, tmp_path / "alone.mov")
    with Library.open(program.library) as library:
        (shown,) = library.footage()
        captions = {moment.event.caption[:18] for moment in library.moments()}
    assert described(log)[-1].split()[2] == shown.footage.fingerprint
    assert captions == {f"Part {part} of {shown.footage.fingerprint[:8]}" for part in (1, 2)}


def running(program: Program) -> list[str]:
    if not Library.exists(program.library):
        return []
    with Library.open(program.library) as library:
        return [job.stage for job in library.jobs(["running"])]


@pytest.mark.parametrize("limit", ["max_inotify_watches", "max_inotify_instances"])
def test_where_folders_cannot_be_watched_they_are_polled_and_that_is_said(
    program: Program, clips: list[Path], tmp_path: Path, limit: str
) -> None:
    allowed = {"max_inotify_watches": "10", "max_inotify_instances": "0"}[limit]
    lowered = f'echo {allowed} > /proc/sys/user/{limit} && exec "$@"'
    namespace = ["unshare", "--user", "--map-root-user", "sh", "-c", lowered, "sh"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("the limit of watches cannot be lowered here")
    folders = [tmp_path / "card" / str(number) for number in range(30)]
    for folder in folders:
        folder.mkdir(parents=True)
    own = {"MOMENTIDX_LIBRARY": str(program.library), "MOMENTIDX_POLL_SECONDS": "0.5", **ASLEEP}
    environment = kept_environment() | SETTINGS | {"PYTHONPATH": program.nursery.path} | own
    command = [*namespace, sys.executable, "-c", "import typer_app; typer_app.main()", "watch", str(tmp_path / "card")]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as daemon:
        try:
            assert daemon.stdout is not None
            said = itertools.filterfalse(lambda line: line.startswith("Waiting"), daemon.stdout)
            assert next(said) == f"Watching {tmp_path / 'card'}. Stop with Ctrl-C.\n"
            assert next(said).startswith(f"{tmp_path / 'card'} is watched by polling (")
            for number, folder in enumerate(folders):
                other_content(clips[0], folder / "a.mov", number)
            wait_until(lambda: len(known(program)) == len(folders), "all files are found")
            daemon.terminate()
            assert daemon.wait(PATIENCE) == 0
        finally:
            daemon.kill()


def grow(content: bytes, file: Path) -> None:
    """A copy that comes in pieces, none of them long after the other."""
    with file.open("wb", buffering=0) as copy:
        for part in range(8):
            copy.write(content[part * len(content) // 8 : (part + 1) * len(content) // 8])
            time.sleep(0.1)


def stall(content: bytes, file: Path) -> None:
    """A copy that stands still for longer than it takes to be taken for complete."""
    with file.open("wb", buffering=0) as copy:
        copy.write(content[: len(content) * 6 // 10])
        time.sleep(2.5)
        copy.write(content[len(content) * 6 // 10 :])


def rename_at_last(content: bytes, file: Path) -> None:
    """A copy that gets its name when it is whole."""
    part = file.with_name(f".{file.name}.AbC123")
    grow(content, part)
    part.replace(file)


WAYS = (grow, stall, rename_at_last)


def copy_in_many_ways(program: Program, other: Program, clip: Path, folder: Path, copies: int) -> Counter[str]:
    """Copies arrive in all ways at once; what is there at last is what a look at whole files finds."""
    folder.mkdir()
    log = folder.with_name("described")
    contents = [
        other_content(clip, folder.with_name(f"{number}.whole"), number).read_bytes() for number in range(copies)
    ]
    with program.watching(folder, SCRIPTED_LOG=str(log), MOMENTIDX_SETTLE_SECONDS="0.8") as daemon:
        writers = [
            threading.Thread(target=WAYS[number % 3], args=(content, folder / f"{number}.mov"))
            for number, content in enumerate(contents)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        daemon.has_done(copies)
        daemon.stop()
    Stage(other, folder).watch()
    same(program, other.dump())
    return Counter(described(log))


def test_a_file_that_comes_slowly_is_described_once_and_whole(
    program: Program, other: Program, clips: list[Path], tmp_path: Path
) -> None:
    times = copy_in_many_ways(program, other, clips[0], tmp_path / "card", 6)
    assert set(times.values()) == {1}
    assert len(times) == 6


@pytest.mark.slow
def test_so_are_a_hundred(program: Program, other: Program, clips: list[Path], tmp_path: Path, figure: Figure) -> None:
    times = copy_in_many_ways(program, other, clips[0], tmp_path / "card", 100)
    figure(f"100 copies: {sum(times.values()) / 100:.2f} captions per file, {len(times) - 100} of partial content")
    assert (len(times), set(times.values())) == (100, {1})
