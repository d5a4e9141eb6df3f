"""How quickly watched folders are compared with the library: nothing new, a renamed folder, a burst.

    python benchmarks/watching.py [FOLDER]

Makes 100,000 small files below FOLDER (default: the temporary folder), walks them without and with
changes, renames a folder of 10,000, and creates 20,000 files while the watcher's reader is stopped
by a full queue. Everything it makes is removed again.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import event

from momentidx.config import load_settings
from momentidx.library import WritableLibrary
from momentidx.pipeline.intake import Intake
from momentidx.watch.hints import Hints

FILES, PER_FOLDER, RENAMED, BURST = 100_000, 100, 10_000, 20_000
GOAL_UNCHANGED, GOAL_RENAMED = 2.0, 10.0
"""Seconds, on two cores, with the folder in the disk cache."""
LATER = 1e9
"""A moment at which everything stood still long enough."""


def make(root: Path, files: int) -> None:
    for number in range(0, files, PER_FOLDER):
        folder = root / f"{number // PER_FOLDER:05}"
        folder.mkdir(parents=True)
        for each in range(PER_FOLDER):
            (folder / f"clip {each:03}.mov").write_bytes(b"%d" % (number + each))


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def show(name: str, took: float, goal: float | None = None, note: str = "") -> None:
    verdict = "" if goal is None else f"   goal {goal:g} s: {'met' if took <= goal else 'NOT MET'}"
    print(f"{name:<34} {took:7.2f} s{verdict}{note and '   ' + note}")


def writes_counted(library: WritableLibrary) -> list[str]:
    """Grows by every statement that changes the database from now on."""
    written: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.split()[0].upper() in ("INSERT", "UPDATE", "DELETE", "REPLACE"):
            written.append(statement)

    event.listen(library._engine, "before_cursor_execute", note)
    return written


def walks(root: Path, library: WritableLibrary) -> None:
    intake = Intake(library, [root], load_settings(library.folder, {}).settings)
    show(f"first walk of {FILES:,}", seconds(lambda: intake.look(0)))
    show("queueing them", seconds(lambda: intake.settle(LATER)))
    written = writes_counted(library)
    took = min(seconds(lambda: intake.look(1)) for _ in range(3))
    show("walk, nothing changed", took, GOAL_UNCHANGED, f"{len(written)} writes")

    (root / "moved").mkdir()
    for folder in sorted(root.iterdir())[: RENAMED // PER_FOLDER]:
        folder.rename(root / "moved" / folder.name)
    queued = library.status().jobs["queued"]
    took = seconds(lambda: intake.look(2))
    doubled = library.status().jobs["queued"] - queued + len(intake.settling.paths)
    show(f"walk after {RENAMED:,} were moved", took, GOAL_RENAMED, f"{doubled} to be looked at again")

    root.rename(root.with_name("unplugged"))
    show("walk, all gone", seconds(lambda: intake.look(3)))
    root.with_name("unplugged").rename(root)
    show("walk, all back", seconds(lambda: intake.look(4)), note=f"{len(intake.settling.paths)} to be looked at again")


def burst(root: Path, library: WritableLibrary) -> None:
    """What the watcher tells of 20,000 new files when nobody read its queue meanwhile, and what is found."""
    root.mkdir()
    intake = Intake(library, [root], load_settings(library.folder, {}).settings)
    with Hints(root) as hints:
        hints.check()
        intake.look(0)
        lock = hints._lock
        with lock:  # its thread waits here, behind it the queue of the kernel overflows
            make(root / "card", BURST)
        time.sleep(2)
        heard = hints.take()
        took = seconds(lambda: intake.look(1))
    found = intake.settle(LATER)
    told = "too much to tell" if heard is None else f"{len(heard)} places"
    show(f"walk after a burst of {BURST:,}", took, note=f"hints: {told}; found {found:,}")


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as made:
        folder = Path(made).resolve()
        make(folder / "footage", FILES)
        with WritableLibrary.open(folder / "library") as library:
            walks(folder / "footage", library)
            burst(folder / "burst", library)


if __name__ == "__main__":
    main()
