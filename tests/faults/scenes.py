"""Short scenes in the life of a library, which together pass every failpoint.

A scene sets a stage, and then acts: one command, or a daemon that is stopped when it is done. Wherever
the act is cut short, doing it again must bring the library to where it would have been.
"""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from momentidx.library import Library, schema
from momentidx.library.sqlite import DATABASE
from tests.faults.running import Process, Program, wait_until

NEWER = {"SCRIPTED_VERSION": "2", "LETTERS_VERSION": "2"}


@dataclass(frozen=True)
class Stage:
    """A library, and a folder of footage: two clips, and a file that is none."""

    program: Program
    footage: Path

    def index(self, **env: str) -> Process:
        return self._run("index", self.footage, **env)

    def find(self, **env: str) -> Process:
        return self._run("find", "part", **env)

    def export(self, **env: str) -> Process:
        return self._run("export", "part", "-o", self.program.library.with_name("cut.otio"), "--force", **env)

    def pause(self, **env: str) -> Process:
        return self._run("jobs", "pause", **env)

    def watch(self, *, until: str = "", **env: str) -> Process:
        """A daemon that is stopped when it has done everything, or says this."""
        process = self.program.start("watch", self.footage, **env)
        wait_until(
            lambda: process.code is not None or self._watched() or (until != "" and until in process.said),
            lambda: f"all is done; it said: {process.said}",
        )
        return _stopped(process)

    def interrupt(self, **env: str) -> Process:
        """A daemon that is stopped while it describes its first file."""
        process = self.program.start("watch", self.footage, SCRIPTED_SLOW="0.5", **env)
        wait_until(
            lambda: process.code is not None or self._describes(), lambda: f"it describes; it said: {process.said}"
        )
        return _stopped(process)

    def _run(self, *arguments: str | Path, **env: str) -> Process:
        process = self.program.start(*arguments, **env)
        process.wait()
        return process

    def _watched(self) -> bool:
        """Whether everything below the folder is known for what and where it is."""
        if not Library.exists(self.program.library):
            return False
        there = set(self.footage.iterdir())
        with Library.open(self.program.library) as library:
            known, jobs = library.known(), library.status().jobs  # in this order: what is known was queued before
        online = {Path(path) for path, file in known.items() if file.online}
        return online == there and not jobs["queued"] + jobs["running"]

    def _describes(self) -> bool:
        if not Library.exists(self.program.library):
            return False
        with Library.open(self.program.library) as library:
            return any(job.stage == "describe" for job in library.jobs(["running"]))


def _stopped(process: Process) -> Process:
    process.send(signal.SIGTERM)
    process.wait()
    return process


@dataclass(frozen=True)
class Scene:
    """What is done before, what is done, and what is done at last if the act leaves something to do."""

    set: tuple[Callable[[Stage], object], ...]
    act: Callable[..., Process]
    finish: tuple[Callable[[Stage], object], ...] = ()
    own_footage: bool = False
    """Whether it changes the footage, and so cannot share it with other scenes."""


def old(stage: Stage) -> None:
    """A library of the first version."""
    stage.program.library.mkdir()
    with patch.object(schema, "HEAD", "0001"):
        schema.upgrade(stage.program.library / DATABASE)


def newer(stage: Stage) -> None:
    stage.index(**NEWER)


def tried_by_an_older_version(stage: Stage) -> None:
    with closing(sqlite3.connect(stage.program.library / DATABASE)) as connection, connection:
        connection.execute("UPDATE job SET tried_with = 'older' WHERE state = 'failed'")


def change_places(stage: Stage) -> None:
    """One file gets another name, and one goes away."""
    first, second, *_ = sorted(stage.footage.iterdir())
    first.rename(first.with_name("renamed.mov"))
    second.unlink()


def with_newer_tools(stage: Stage, **env: str) -> Process:
    return stage.index(**NEWER | env)


SCENES = {
    "upgrade": Scene((old,), Stage.pause),
    "new": Scene((), Stage.index),
    "newer tools": Scene((Stage.index,), with_newer_tools),
    "leftovers": Scene((Stage.index, newer), with_newer_tools),
    "hopeless": Scene((Stage.index, tried_by_an_older_version), Stage.index),
    "watched": Scene((), Stage.watch),
    "changed places": Scene((Stage.watch, change_places), Stage.watch, own_footage=True),
    "interrupted": Scene((), Stage.interrupt, (Stage.index,)),
    "found": Scene((Stage.index,), Stage.find),
    "exported": Scene((Stage.index,), Stage.export),
    "paused": Scene((Stage.index,), Stage.pause),
}
"""Each point is tried in the first scene that passes it."""
