"""One process writes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from momentidx.errors import LibraryBusy
from momentidx.library import Library, WritableLibrary, lock
from momentidx.library.lock import LOCK
from tests.library.making import file

HOLD = """
import sys, time
from pathlib import Path
from momentidx.library import WritableLibrary
library = WritableLibrary.open(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def writer(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that writes to the library."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder), "--loud"], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_writer_is_told_who_has_the_library(folder: Path, writer: subprocess.Popen[str]) -> None:
    with pytest.raises(LibraryBusy) as busy:
        WritableLibrary.open(folder)
    assert str(busy.value) == (
        f"The library {folder} is being written by process {writer.pid} (-c {folder} --loud). "
        "Wait for it or stop it, then try again."
    )
    assert busy.value.exit_code == 75


def test_a_second_writer_in_the_same_process_is_refused_too(library: WritableLibrary) -> None:
    with pytest.raises(LibraryBusy, match=f"process {os.getpid()} "):
        WritableLibrary.open(library.folder)


@pytest.mark.usefixtures("writer")
def test_readers_come_and_go_while_another_process_writes(folder: Path) -> None:
    for _ in range(2):
        with Library.open(folder) as reader:
            assert reader.moments() == []


def test_a_killed_writer_frees_the_library_at_once(folder: Path, writer: subprocess.Popen[str]) -> None:
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert (folder / LOCK).stat().st_size > 0, "its name still stands in the file"
    with WritableLibrary.open(folder) as library:
        assert library.moments() == []


def test_closing_frees_the_library(folder: Path) -> None:
    for _ in range(2):
        with WritableLibrary.open(folder):
            pass


def test_a_writer_that_cannot_open_the_library_leaves_it_free(folder: Path) -> None:
    folder.mkdir()
    database = folder / "library.sqlite"
    database.write_bytes(b"no database" * 1000)
    for _ in range(2):
        with pytest.raises(Exception, match="damaged"):
            WritableLibrary.open(folder)


def test_what_a_power_cut_may_take_back_is_not_counted_as_written(library: WritableLibrary) -> None:
    """Else a library that lost it would be taken for damaged."""
    library.settle()
    synced = lock.written(library.folder)
    library.enqueue(file(library.folder.parent))
    library.mark()  # changes nothing, and so syncs nothing
    assert lock.written(library.folder) == synced
    library.settle()
    assert lock.written(library.folder) == synced + 2
