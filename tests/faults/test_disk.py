"""Rows 2 and 3: the n-th write or fsync fails, or the power goes at it, and the disk is full."""

from __future__ import annotations

import errno
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count, takewhile
from pathlib import Path

import pytest

from momentidx.library import Library
from momentidx.library.sqlite import DATABASE
from tests.faults.running import QUICK, Nursery, Program, same, wait_until
from tests.faults.scenes import Stage

FAULTS = {
    "the power goes at an fsync": ("sync", 0, ""),
    "an fsync fails": ("sync", errno.EIO, ""),
    "a write finds no space": ("write", errno.ENOSPC, ""),
    "no write finds space any more": ("write", errno.ENOSPC, "1"),
    "a write fails": ("write", errno.EIO, ""),
}
SOME = (1, 12)
"""Of the calls that a run makes; `-m slow` tries every one ..."""
AT_ONCE, FIRSTS = 25, range(1, 377, 25)
"""... in tests of so many each."""


@pytest.fixture(scope="module")
def failing(plugins: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Commands under which the disk fails when told to (see `disk.c`)."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler to make the failing disk with")
    folder = tmp_path_factory.mktemp("disk")
    source = Path(__file__).with_name("disk.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", folder / "disk.so", source, "-ldl"], check=True)
    with Nursery(folder, plugins, LD_PRELOAD=str(folder / "disk.so")) as nursery:
        yield nursery


@pytest.fixture
def undisturbed(other: Program, footage: Path) -> list[str]:
    for clip in sorted(footage.iterdir())[2:]:
        clip.unlink()
    Stage(other, footage).watch()
    return other.dump()


def fail_at(number: int, fault: str, nursery: Nursery, library: Path, footage: Path, dump: list[str]) -> bool:
    """Whether there was such a call; if so, what was said to be indexed is, and the rest comes with the next start."""
    calls, how, stays = FAULTS[fault]
    done = library.with_suffix(".failed")
    program = Program(nursery, library, QUICK)
    synced = library.with_suffix(".synced")
    synced.mkdir()
    env = {"DISK_UNDER": str(library), "DISK_CALLS": calls, "DISK_NTH": str(number), "DISK_HOW": str(how)}
    env |= {"DISK_DONE": str(done), "DISK_SYNCED": str(synced)} | ({"DISK_STAYS": stays} if stays else {})
    stage = Stage(program, footage)
    # A watcher that cannot write down what it sees tries again for ever.
    ended = stage.watch(until="Watching goes on." if stays else "", **env)
    if not done.exists():
        return False
    assert ended.code in ((-signal.SIGKILL,) if how == 0 else (0, 1)), ended.said
    if ended.code == 1:
        assert re.search(r"^momentidx: .*(refused|no space|cannot be written|locked)", ended.said, re.MULTILINE), (
            ended.said
        )
    if how == 0:
        power_cut(library, synced)
    if Library.exists(library):
        with Library.open(library) as opened:
            for path in re.findall(r"^indexed (.*) \(", ended.said, re.MULTILINE):
                assert opened.moments(opened.footage_of(Path(path)).fingerprint), f"{path} was said to be indexed"
    stage.watch()
    same(program, dump)
    return True


def power_cut(library: Path, synced: Path) -> None:
    """Take back what was written to the database and its log and not synced; other files keep what they hold.

    So it is when the kernel happened to write all but these two by itself.
    """
    for name in (DATABASE, f"{DATABASE}-wal"):
        if (library / name).exists() and (synced / name).exists():
            shutil.copyfile(synced / name, library / name)
    (library / f"{DATABASE}-shm").unlink(missing_ok=True)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_said_to_be_indexed_is_and_nothing_is_lost(
    fault: str, failing: Nursery, footage: Path, undisturbed: list[str], tmp_path: Path
) -> None:
    for number in SOME:
        assert fail_at(number, fault, failing, tmp_path / str(number), footage, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("first", FIRSTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_so_it_is_whichever_call_fails(
    fault: str,
    first: int,
    failing: Nursery,
    footage: Path,
    undisturbed: list[str],
    tmp_path: Path,
    figure: Callable[[str], None],
) -> None:
    """So many calls from this one on, or all of the rest."""
    numbers = count(first) if first == FIRSTS[-1] else range(first, first + AT_ONCE)
    tried = takewhile(
        lambda number: fail_at(number, fault, failing, tmp_path / str(number), footage, undisturbed), numbers
    )
    figure(f"{len(list(tried))} calls from {first} on, 0 acknowledged clips lost, 0 dumps differ")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk takes rights that this user does not have")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill_and_free(program: Program, footage: Path, disk: Path) -> None:
    """The disk fills while a daemon works: it waits, search goes on, and with room again it ends its work."""
    with program.watching(footage, SCRIPTED_SLOW="0.3") as daemon:
        daemon.wait_until(lambda: "indexed " in daemon.process.said, "the first clip is indexed")
        filler = disk / "filler"
        fill(filler)
        daemon.wait_until(lambda: "Waiting: the disk of the library is full" in daemon.process.said, "it waits")
        assert "parrot" in program.run("find", "part"), "search goes on"
        filler.unlink()
        daemon.wait_until(lambda: "Working again." in daemon.process.said, "it goes on")
        daemon.has_done(len(list(footage.iterdir())))
        assert daemon.stop()[0] == 0


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        for size in (2**20, 2**12):
            try:
                while filler.write(b"x" * size):
                    pass
            except OSError as error:
                assert error.errno == errno.ENOSPC


def test_a_full_disk_is_waited_for_and_search_goes_on(
    nursery: Nursery, other: Program, footage: Path, small_disk: Path
) -> None:
    Stage(other, footage).watch()
    program = Program(nursery, small_disk / "library")
    fill_and_free(program, footage, small_disk)
    same(program, other.dump())


@pytest.mark.slow
def test_so_it_is_ten_times_with_the_disk_full_at_other_moments(
    nursery: Nursery, other: Program, footage: Path, small_disk: Path, figure: Callable[[str], None]
) -> None:
    Stage(other, footage).watch()
    for number in range(10):
        program = Program(nursery, small_disk / f"library{number}")
        fill_and_free(replace(program, env={"SCRIPTED_SLOW": str(0.05 * number)}), footage, small_disk)
        same(program, other.dump())
        problems = [line for line in program.run("doctor", code=None).splitlines() if line.startswith("problem")]
        assert [line.split()[1] for line in problems] == ["disk"], "it is a small one, and that is all"
        shutil.rmtree(program.library)
    figure("10 passes, search went on in all, 0 dumps differ")


def test_a_command_on_a_full_disk_says_so_and_can_be_done_again(program: Program, footage: Path) -> None:
    said = program.run("index", footage, code=1, MOMENTIDX_FAIL="stills.written:enospc:2")
    assert re.search(r"^momentidx: .*a still cannot be written: No space left on device", said, re.MULTILINE)
    assert "Indexed 4 clips" in program.run("index", footage)
    wait_until(lambda: program.counts() == (4, 0, 0, 0), "all is there")
