"""Rows 1, 20, 21 and 23: killed at any moment, stopped at any moment, started twice; who opens the database."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from momentidx.failpoints import VARIABLE
from tests.faults.running import QUICK, Program, described, same, wait_until
from tests.faults.scenes import Stage

Figure = Callable[[str], None]


@pytest.fixture
def undisturbed(other: Program, footage: Path) -> tuple[list[str], float]:
    """The dump of a run that nothing disturbed, and how many seconds it took."""
    started = time.monotonic()
    Stage(replace(other, env=QUICK), footage).watch()
    return other.dump(), time.monotonic() - started


def kill_at_random(program: Program, footage: Path, dump: list[str], took: float, runs: range) -> int:
    """Runs that were killed before they had ended, each finished by another one and compared."""
    killed = 0
    for run in runs:
        moment = random.Random(run).uniform(0, took)
        stage = Stage(Program(program.nursery, program.library.with_name(f"library{run}"), QUICK), footage)
        process = stage.program.start("watch", footage)
        time.sleep(moment)  # not a wait for anything: the moment is what the test is about
        killed += process.kill() == -signal.SIGKILL
        stage.watch()
        same(stage.program, dump)
    return killed


def test_killed_at_a_random_moment_and_started_again_it_ends_up_the_same(
    program: Program, footage: Path, undisturbed: tuple[list[str], float]
) -> None:
    assert kill_at_random(program, footage, *undisturbed, range(5)) == 5


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 500, 50))
def test_so_it_does_five_hundred_times(
    program: Program, footage: Path, undisturbed: tuple[list[str], float], figure: Figure, first: int
) -> None:
    killed = kill_at_random(program, footage, *undisturbed, range(first, first + 50))
    figure(f"{killed} of 50 were killed at work, 0 dumps differ")


def test_killed_twice_in_one_run_and_in_the_recovery_it_ends_up_the_same(
    program: Program, footage: Path, undisturbed: tuple[list[str], float]
) -> None:
    program.dies("keep_layer.commit:kill:2", "index", footage)
    program.dies("open.commit", "index", footage)
    program.dies("keep_vectors.commit", "index", footage)
    Stage(program, footage).watch()
    same(program, undisturbed[0])


def stop_at(point: str, how: signal.Signals, program: Program, footage: Path, dump: list[str]) -> float:
    """Seconds that a daemon took to end which was at this point, or just past it, when the signal came."""
    trace = program.library.with_suffix(".trace")
    with program.watching(footage, **{VARIABLE: f"*:trace={trace},{point}:sleep=0.3"}) as daemon:
        daemon.wait_until(lambda: trace.exists() and point in trace.read_text().split(), f"{point} is reached")
        code, took = daemon.stop(how)
        assert (code, daemon.process.said.splitlines()[-1]) == (0, "Stopped.")
    assert took < 10
    assert not (program.library / "run.json").exists()
    Stage(program, footage).watch()
    same(program, dump)
    return took


STATES = [
    *("open.commit", "enqueue.commit", "claim.commit", "recognise.committed", "stills.written"),
    *("keep_layer.commit", "keep_pictures.committed", "keep_vectors.commit", "run.written", "note_root.commit"),
    *("lock.held", "migrate.commit", "migrate.step", "migrate.committed", "open.committed"),
    *("enqueue.committed", "claim.committed", "recognise.commit", "stills.replaced", "keep_layer.committed"),
    *("keep_pictures.commit", "keep_vectors.committed", "run.replaced", "note_root.committed"),
]
SHORT = 3


def test_a_stop_is_obeyed_in_any_state(program: Program, footage: Path, undisturbed: tuple[list[str], float]) -> None:
    for number, point in enumerate(STATES[2 : 2 + SHORT]):
        how = (signal.SIGTERM, signal.SIGINT)[number % 2]
        stop_at(point, how, Program(program.nursery, program.library.with_name(point)), footage, undisturbed[0])


@pytest.mark.slow
def test_a_stop_is_obeyed_in_every_state(
    program: Program, footage: Path, undisturbed: tuple[list[str], float], figure: Figure
) -> None:
    dump, _ = undisturbed
    took = [
        stop_at(point, how, Program(program.nursery, program.library.with_name(f"{point}{how}")), footage, dump)
        for point in STATES
        for how in (signal.SIGTERM, signal.SIGINT)
    ]
    figure(f"{len(took)} states, slowest exit {max(took):.1f} s, 0 dumps differ, no child left")


def start_at_once(program: Program, footage: Path, processes: int) -> float:
    """Start many daemons on one library: one goes on, the others end with 75. Seconds until the last of these ended."""
    started = time.monotonic()
    daemons = [program.start("watch", footage) for _ in range(processes)]
    wait_until(lambda: sum(each.code is not None for each in daemons) == processes - 1, "all but one have ended")
    took = time.monotonic() - started
    (alive,) = (each for each in daemons if each.code is None)
    for loser in daemons:
        if loser is not alive:
            assert loser.code == 75
            assert (
                f"is being written by process {alive.pid} (momentidx watch" in loser.said
                or "another process" in loser.said
            )
    assert alive.kill() == -signal.SIGKILL
    return took


def test_of_daemons_that_start_together_one_goes_on(program: Program, footage: Path) -> None:
    for _ in range(3):
        start_at_once(program, footage, 4)


@pytest.mark.slow
@pytest.mark.parametrize("_part", range(10))
def test_of_twenty_daemons_one_goes_on_fifty_times(program: Program, footage: Path, figure: Figure, _part: int) -> None:
    took = [start_at_once(program, footage, 20) for _ in range(5)]
    figure(f"5 x 20 daemons, 1 survivor each; the last loser ended {max(took):.1f} s after the first start")


def test_the_decoding_child_holds_none_of_the_librarys_files_and_nobody_reads_the_database_as_a_file(
    program: Program, footage: Path
) -> None:
    log = program.library.with_name("described")
    with program.watching(footage, SCRIPTED_SLOW="0.3", SCRIPTED_LOG=str(log)) as daemon:
        daemon.wait_until(lambda: bool(described(log)), "something is described")
        children = [(child.pid, " ".join(child.cmdline())) for child in daemon.process.children()]
        decoding = [pid for pid, command in children if "momentidx.search.service" not in command]
        assert decoding
        assert [held(pid, program.library) for pid in decoding] == [[] for _ in decoding]
        names = {name.removeprefix("library.sqlite") for name in held(daemon.process.pid, program.library)}
        pictures = {name for name in names if name.endswith(".part")}  # on their way to their place
        assert names - pictures <= {"", "-wal", "-shm", "library.lock", "library.turn", "momentidx.log"}
        daemon.process.send(signal.SIGQUIT)
        daemon.wait_until(lambda: "most recent call first" in daemon.process.said, "it says where its threads are")
        assert daemon.stop()[0] == 0, "code 99 would mean that somebody opened the database"


def held(process: int, folder: Path) -> list[str]:
    """Names of the files in a folder that a process holds open."""
    links = [str(link.readlink()) for link in Path(f"/proc/{process}/fd").iterdir() if link.is_symlink()]
    return sorted({Path(link).name for link in links if link.startswith(f"{folder}/")})
