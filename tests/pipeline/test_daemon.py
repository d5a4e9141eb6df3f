"""What does not end the daemon."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from momentidx.events import Event
from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.library import WritableLibrary
from momentidx.library import sqlite as ours
from momentidx.media.frames import FrameSource
from momentidx.pipeline import worker
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


@pytest.fixture
def captioner(browser: sqlite3.Connection) -> Scripted:
    """One during whose work another program locks the database."""

    def while_it_is_locked(footage: Footage, frames: FrameSource) -> Sequence[Event]:
        browser.execute("BEGIN EXCLUSIVE")
        return halves(footage, frames)

    return Scripted(while_it_is_locked)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WritableLibrary]:
    monkeypatch.setattr(ours, "BUSY_SECONDS", 0.1)
    with WritableLibrary.open(tmp_path / "library") as library:
        yield library


@pytest.fixture
def browser(library: WritableLibrary) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(library.folder / ours.DATABASE, isolation_level=None)) as browser:
        yield browser


def test_a_program_that_keeps_the_database_locked_is_waited_for(
    library: WritableLibrary, browser: sqlite3.Connection, tools: Tools, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "STORE_TRIES", 2)
    heard = Heard()
    library.enqueue(SeenFile.of(clip))
    working = _Worker(library, Orders(), Progress(), heard)
    assert [working._some(tools), working._some(tools)] == [False, False]
    assert heard.sentences == [
        f"{library.folder / ours.DATABASE}: another program keeps the library locked. Close it and try again. "
        "Indexing goes on then."
    ]
    browser.execute("ROLLBACK")
    assert working._some(replace(tools, captioners=(Scripted(),)))
    assert heard.outcomes == [Outcome(clip, library.footage_of(clip))]


def test_what_a_captioner_told_meanwhile_is_not_lost(
    library: WritableLibrary,
    browser: sqlite3.Connection,
    captioner: Scripted,
    tools: Tools,
    clip: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    library.enqueue(SeenFile.of(clip))

    def unlock(_path: Path, _part: Fraction) -> None:
        if browser.in_transaction and "keeps the library locked" in caplog.text:
            browser.execute("ROLLBACK")

    assert [outcome.reason for outcome in worker.work(library, tools, tell=unlock)] == [None]
    assert len(captioner.asked) == 1
