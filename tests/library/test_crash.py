"""Whatever dies or fills up: all of a file's work is in the library, or none, and nothing that was."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from momentidx.errors import LibraryError
from momentidx.events import Layer
from momentidx.files import SeenFile
from momentidx.library import Library, Strip, WritableLibrary, sqlite
from momentidx.library.jobs import CRASH_LOOP
from tests.library.making import (
    FOOTAGE,
    LETTERS,
    SHOTS,
    described,
    event,
    file,
    indexed,
    numbered,
    other,
    recognised,
    stage,
)

NEWER = Layer("shots", "2")


@pytest.fixture
def seen(folder: Path, tmp_path: Path) -> SeenFile:
    """A file that an older captioner described."""
    seen = file(tmp_path)
    with WritableLibrary.open(folder) as library:
        indexed(library, seen)
    return seen


def run(folder: Path, seen: SeenFile, way: str, amount: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.library.crashing", str(folder), str(seen.path), way, amount]
    root = Path(__file__).parents[2]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def holdings(library: Library) -> tuple[dict[int, Layer], list[int], bool]:
    """Moments with their layers, the numbers that have vectors, and whether all jobs are done."""
    moments = {moment.id: moment.layer for moment in library.moments()}
    return moments, library.vectors(LETTERS)[0].tolist(), library.status().jobs["queued"] == 0


def sound(folder: Path) -> bool:
    with closing(sqlite3.connect(folder / sqlite.DATABASE)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


OLD = ({1: SHOTS, 2: SHOTS}, [1, 2], False)
"""What is shown as long as the newer layer is not whole."""
NEW = ({3: NEWER, 4: NEWER}, [3, 4], True)


@pytest.mark.parametrize(
    ("statement", "left"),
    [
        ("UPDATE job", OLD),
        ("INSERT INTO layer", OLD),
        ("INSERT INTO event", OLD),
        ("INSERT INTO job", OLD),
        ("INSERT INTO vector", OLD),
        ("DELETE FROM layer", OLD),
        ("UPDATE layer", OLD),
        ("UPDATE meta", OLD),
        ("COMMIT", OLD),
        ("never", NEW),  # dies when everything is done
    ],
)
def test_a_process_killed_while_it_stores_leaves_all_or_nothing(
    folder: Path, seen: SeenFile, statement: str, left: object
) -> None:
    assert run(folder, seen, "kill", statement).returncode == -signal.SIGKILL
    with WritableLibrary.open(folder) as library:
        assert holdings(library) == left
        if left is OLD:
            assert library.status().jobs["running"] == 0
            indexed(library, seen, FOOTAGE, described(layer=NEWER))
        assert [layer.layer for layer in library.footage()[0].layers] == [NEWER]
    assert sound(folder)


def test_a_file_during_which_the_process_died_three_times_is_given_up(folder: Path, seen: SeenFile) -> None:
    for _ in range(3):
        assert run(folder, seen, "kill", "INSERT INTO event").returncode == -signal.SIGKILL
    with WritableLibrary.open(folder) as library:
        (failed,) = library.status().failures
        assert (failed.path, failed.code, failed.passing) == (seen.path, CRASH_LOOP, False)
        assert failed.reason == (
            f"{seen.path}: momentidx died 3 times while indexing it. Play the file to see whether it is whole; "
            "export it anew, or add it to 'ignore'."
        )
        assert not library.enqueue(seen)
        assert library.moments(), "what was known of it stays"


@pytest.mark.parametrize("kilobytes", [8, 64])
def test_a_disk_that_refuses_is_a_sentence_and_loses_nothing(folder: Path, seen: SeenFile, kilobytes: int) -> None:
    result = run(folder, seen, "limit", str(kilobytes * 1024))
    assert (result.stderr, result.returncode) == ("", 0)
    assert result.stdout == (
        f"{folder / sqlite.DATABASE}: the disk refused (disk I/O error). "
        "Check the disk and its free space, then try again.\n"
    )
    with WritableLibrary.open(folder) as library:
        assert holdings(library) == OLD
    assert sound(folder)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk takes rights that this user does not have")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_a_sentence_and_after_making_room_the_work_goes_on(small_disk: Path, tmp_path: Path) -> None:
    many = [event(FOOTAGE.span.start + number, FOOTAGE.span.end, "A dog runs.") for number in range(2000)]
    large = partial(numbered, dimension=384)  # 3 MB of vectors
    first, second = file(tmp_path, "1.mp4"), file(tmp_path, "2.mp4")
    with WritableLibrary.open(small_disk / "library") as library:
        indexed(library, first, embed=large)
        with pytest.raises(LibraryError) as full:
            indexed(library, second, other("beef" * 8), described(many), embed=large)
        assert str(full.value) == (
            f"{small_disk / 'library' / sqlite.DATABASE}: no space is left on the disk. "
            "Free some and try again; nothing was lost."
        )
        assert [moment.id for moment in library.moments()] == [1, 2]
        subprocess.run(["mount", "-o", "remount,size=32m", str(small_disk)], check=True)
    with WritableLibrary.open(small_disk / "library") as library:
        indexed(library, second, other("beef" * 8), described(many), embed=large)
        assert len(library.moments()) == 2002
    assert sound(small_disk / "library")


def test_a_still_on_a_full_disk_is_a_sentence(small_disk: Path, tmp_path: Path) -> None:
    seen = file(tmp_path)
    with WritableLibrary.open(small_disk / "library") as library:
        job = stage(recognised(library, seen), "pictures")
        with pytest.raises(LibraryError, match="a still cannot be written: No space left on device"):
            library.keep_pictures(job, b"x" * 2**21, Strip(b"strip", {}))
        assert library.status().stages["pictures"]["running"] == 1
    stills = [path for path in (small_disk / "library" / "stills").rglob("*") if path.is_file()]
    assert stills == [], "no half of a picture is left"


def test_a_library_on_a_disk_that_is_read_only_is_read_as_it_is(small_disk: Path, tmp_path: Path) -> None:
    folder = small_disk / "library"
    with WritableLibrary.open(folder) as library:
        indexed(library, file(tmp_path))
        before = library.dump()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with Library.open(folder) as library:
        assert library.dump() == before
        assert [found for found in library.examine() if found.broken] == []
    with pytest.raises(LibraryError, match="cannot be locked: Read-only file system"):
        WritableLibrary.open(folder)
