"""What does not end the daemon."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from momentidx.events import Event
from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.library import WritableLibrary
from momentidx.library import sqlite as ours
from momentidx.media.frames import FrameSource
from momentidx.pipeline.daemon import _Worker
from momentidx.pipeline.orders import Orders, Progress
from momentidx.pipeline.tools import Tools
from momentidx.pipeline.worker import Outcome
from tests.pipeline.scripted import Scripted, halves


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.outcomes: list[Outcome] = []
        self.watching = self.sentences.extend
        self.told = self.sentences.append
        self.indexed = self.outcomes.append


def test_a_program_that_keeps_the_database_locked_is_waited_for(
    tools: Tools, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "BUSY_SECONDS", 0.1)
    file = tmp_path / "library" / ours.DATABASE

    def while_it_is_locked(footage: Footage, frames: FrameSource) -> Sequence[Event]:
        browser.execute("BEGIN EXCLUSIVE")
        return halves(footage, frames)

    heard = Heard()
    with WritableLibrary.open(file.parent) as library, closing(sqlite3.connect(file, isolation_level=None)) as browser:
        library.enqueue(SeenFile.of(clip))
        worker = _Worker(library, Orders(), Progress(), heard)
        locking = replace(tools, captioners=(Scripted(while_it_is_locked),))
        assert [worker._some(locking), worker._some(tools)] == [False, False]
        assert heard.sentences == [
            f"{file}: another program keeps the library locked. Close it and try again. Indexing goes on then."
        ]
        browser.execute("ROLLBACK")
        assert worker._some(tools)
        assert heard.outcomes == [Outcome(clip, library.footage_of(clip))]
