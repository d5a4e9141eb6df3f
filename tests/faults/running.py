"""Running the program with the scripted plug-in, and looking at what it leaves behind.

The oracle: the library is sound, and its canonical dump equals that of a run that nothing disturbed.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

from momentidx.failpoints import VARIABLE
from momentidx.library import Library, sqlite
from momentidx.library.dump import differences
from momentidx.library.stills import STILLS
from tests.faults.nursery import ALONE

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0
"""Seconds after which a test gives up waiting; never how long something should take."""
SETTINGS = {
    "MOMENTIDX_WEB": "false",
    "MOMENTIDX_CAPTIONERS": "parrot",
    "MOMENTIDX_EMBEDDER": "letters",
    "MOMENTIDX_SETTLE_SECONDS": "0.2",
    "MOMENTIDX_MIN_FREE_MB": "1",
    "MOMENTIDX_DECODE_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}

QUICK = {ALONE: "1"}
"""For runs that are many: a daemon without the process that answers searches, which takes half of their time."""


def install_plugin(folder: Path) -> Path:
    """Make what pip would leave behind of a package with the plug-in; the folder is to be on the path."""
    info = folder / "scripted_plugin-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: scripted-plugin\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[momentidx]\nscripted = tests.faults.scripted\n")
    return folder


class Nursery:
    """Starts commands quickly (see `nursery.py`). A context manager."""

    def __init__(self, folder: Path, plugins: Path, **env: str) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self.path = os.pathsep.join([str(ROOT), str(plugins), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"], stdin=subprocess.PIPE, text=True, cwd=ROOT,
            env=kept_environment() | SETTINGS | {"PYTHONPATH": self.path} | env, start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE)

    def start(self, arguments: Sequence[str], env: dict[str, str]) -> Process:
        name = self._folder / str(next(self._numbers))
        files = {what: f"{name}.{what}" for what in ("pid", "said", "ended")}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"arguments": arguments, "env": env, **files}) + "\n")
        self._process.stdin.flush()
        wait_until(Path(files["pid"]).exists, "the command is started")
        return Process(int(Path(files["pid"]).read_text()), Path(files["said"]), Path(files["ended"]))


@dataclass(frozen=True)
class Process:
    """A command that was started."""

    pid: int
    _said: Path
    _ended: Path

    @property
    def said(self) -> str:
        return self._said.read_text(errors="replace") if self._said.exists() else ""

    @property
    def code(self) -> int | None:
        """Its exit code, or minus the signal that ended it; None while it runs."""
        return int(self._ended.read_text()) if self._ended.exists() else None

    def wait(self) -> int:
        wait_until(self._ended.exists, lambda: f"the command ends; it said: {self.said[-2000:]}")
        assert "Traceback" not in self.said, self.said
        return int(self._ended.read_text())

    def send(self, signal: signal.Signals) -> None:
        if self.code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal)

    def kill(self) -> int:
        """Kill it; its decoding child ends with it. Waits for both."""
        children = self.children()
        self.send(signal.SIGKILL)
        code = self.wait()
        psutil.wait_procs(children, timeout=PATIENCE)
        return code

    def children(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.pid).children(recursive=True)
        return []


@dataclass
class Program:
    """Ways to run momentidx against one library."""

    nursery: Nursery
    library: Path
    env: dict[str, str] = field(default_factory=dict)

    def start(self, *arguments: str | Path, **env: str) -> Process:
        there = {"PYTHONPATH": self.nursery.path, "MOMENTIDX_LIBRARY": str(self.library)}
        return self.nursery.start(
            [str(each) for each in arguments], kept_environment() | SETTINGS | there | self.env | env
        )

    def run(self, *arguments: str | Path, code: int | None = 0, **env: str) -> str:
        """Run a command to its end; what it said. No code: any way to end will do but a traceback."""
        process = self.start(*arguments, **env)
        ended = process.wait()
        assert code is None or ended == code, f"{ended}: {process.said}"
        return process.said

    def dies(self, at: str, *arguments: str | Path, **env: str) -> None:
        """Run a command that is killed at a failpoint (`NAME` or `NAME:kill:TIMES`)."""
        process = self.start(*arguments, **{VARIABLE: at if ":" in at else f"{at}:kill"} | env)
        assert process.wait() == -signal.SIGKILL, f"{at} was not reached: {process.said}"

    @contextmanager
    def watching(self, *folders: Path, **env: str) -> Iterator[Daemon]:
        daemon = Daemon(self, self.start("watch", *folders, **env))
        try:
            daemon.wait_until(lambda: "Watching " in daemon.process.said, "it starts")
            yield daemon
        finally:
            daemon.process.kill()

    def dump(self) -> list[str]:
        with Library.open(self.library) as library:
            return library.dump()

    def counts(self) -> tuple[int, int, int, int]:
        """Clips that are shown, files that wait or are worked on, files that failed, files that are away."""
        with Library.open(self.library) as library:
            now = library.status()
            return now.footage, now.pending_files, len(now.failures), now.offline


@dataclass(frozen=True)
class Daemon:
    """A running `watch`."""

    program: Program
    process: Process

    def wait_until(self, true: Callable[[], bool], what: str) -> None:
        def done() -> bool:
            assert self.process.code is None, f"the daemon ended before {what}: {self.process.said}"
            return true()

        wait_until(done, lambda: f"{what}; it said: {self.process.said[-2000:]}")

    def has_done(self, clips: int, *, failed: int = 0, away: int = 0) -> None:
        """Wait until so many clips are shown, and nothing is left to do."""
        self.wait_until(
            lambda: self.program.counts() == (clips, 0, failed, away),
            f"{clips} clips are done, {failed} failed, {away} away",
        )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Ask it to end; its exit code, and how many seconds it took. None of its children outlives it."""
        children = self.process.children()
        asked = time.monotonic()
        self.process.send(how)
        code = self.process.wait()
        took = time.monotonic() - asked
        _, alive = psutil.wait_procs(children, timeout=PATIENCE)
        assert alive == [], "children outlived the daemon"
        return code, took


def kept_environment() -> dict[str, str]:
    """The caller's environment without settings of momentidx."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MOMENTIDX_")}


def wait_until(true: Callable[[], bool], what: str | Callable[[], str], seconds: float = PATIENCE) -> None:
    """`what` is told when it did not come true: a sentence, or one that is made then."""
    deadline = time.monotonic() + seconds
    while (asked := time.monotonic()) and not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain until {what if isinstance(what, str) else what()}")
        took = time.monotonic() - asked
        time.sleep(min(max(0.01, 4 * took), 0.1))  # so that looking takes little of the machine


def same(program: Program, undisturbed: list[str]) -> None:
    """The oracle."""
    sound(program.library)
    found = differences(undisturbed, program.dump())
    assert found == [], "\n".join(found)


def sound(library: Path) -> None:
    """SQLite finds nothing wrong, words and captions agree, and every picture that a row names is there and whole."""
    with closing(sqlite3.connect(library / sqlite.DATABASE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.execute("INSERT INTO event_words(event_words, rank) VALUES ('integrity-check', 1)")
        named = connection.execute(
            "SELECT still FROM event UNION SELECT poster FROM footage"
            " UNION SELECT json_extract(sprite, '$.still') FROM footage"
        ).fetchall()
    for (name,) in named:
        if name is not None:
            content = (library / STILLS / name[:2] / f"{name}.jpg").read_bytes()
            assert hashlib.sha256(content).hexdigest() == name


def described(log: Path) -> list[str]:
    """What the scripted captioners were asked for: `captioner version fingerprint`, once for each time."""
    return log.read_text().splitlines() if log.exists() else []
