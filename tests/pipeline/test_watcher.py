"""The watching thread, one round after the other. The clock is passed in.

W13 bursts · W18 mounts · W21 errors in a round · W29 suspend · W31 storms · full disks
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from watchdog.events import FileCreatedEvent

from momentidx.config import Settings
from momentidx.errors import LibraryError
from momentidx.library import WritableLibrary
from momentidx.pipeline import watcher as module
from momentidx.pipeline.intake import Intake
from momentidx.pipeline.orders import Orders, Progress
from momentidx.pipeline.run import WatchedRoot
from momentidx.pipeline.watcher import Watcher
from momentidx.pipeline.worker import Outcome
from momentidx.watch.hints import BURST
from tests.library import making


class Notes:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.roots: list[WatchedRoot] = []
        self.sentences: list[str] = []

    def watching(self, roots: Sequence[WatchedRoot]) -> None:
        self.roots = list(roots)

    def told(self, sentence: str) -> None:
        self.sentences.append(sentence)

    def indexed(self, outcome: Outcome) -> None:  # noqa: ARG002
        raise AssertionError("nothing is worked on here")


class Counting(Intake):
    """An intake that counts its walks; what it finds does not matter."""

    walks = 0
    error: Exception | None = None

    def look(self, now: float, among: Sequence[Path] | None = None) -> None:
        self.walks += 1
        if self.error:
            raise self.error
        super().look(now, among)


class Bench:
    """A watcher over one folder, with hands on its clock."""

    def __init__(self, library: WritableLibrary, root: Path, **settings: float) -> None:
        self.now = 0.0
        self.intake = Counting(library, [root], Settings(settle_seconds=5, scan_seconds=300, **settings))  # type: ignore[arg-type]
        self.notes, self.progress = Notes(), Progress()
        self.watcher = Watcher(self.intake, Orders(), self.progress, self.notes, lambda: self.now)
        (self.hints,) = self.watcher._hints
        self.watcher._doubts.mounts = lambda: ("/",)

    def at(self, now: float) -> int:
        """The walks there have been after a round at this time."""
        self.now = now
        self.watcher._safely()
        return self.intake.walks


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def bench(library: WritableLibrary, root: Path) -> Bench:
    made = Bench(library, root)
    with made.hints:
        assert made.at(0) == 1
        yield made  # type: ignore[misc]


def test_everything_is_walked_at_the_start_and_every_few_minutes(bench: Bench, root: Path) -> None:
    assert [bench.at(now) for now in (1, 299, 300, 301, 600)] == [1, 1, 2, 2, 3]
    assert bench.notes.roots == [WatchedRoot(str(root), "events", None, None)]
    assert bench.notes.sentences == []


def test_a_folder_without_events_is_walked_more_often(
    library: WritableLibrary, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(library, root, poll_seconds=20)
    monkeypatch.setattr(bench.hints, "check", lambda: None)
    bench.hints.polled = "nfs4 sends no events"
    assert [bench.at(now) for now in (0, 19, 20, 39, 40)] == [1, 1, 2, 2, 3]
    assert bench.notes.roots == [WatchedRoot(str(root), "polling", "nfs4 sends no events", None)]


def test_what_is_hinted_at_is_found_without_a_walk_and_queued_when_it_stands_still(
    bench: Bench, root: Path, library: WritableLibrary
) -> None:
    (root / "a.mov").write_bytes(b"x")
    bench.hints.on_any_event(FileCreatedEvent(str(root / "a.mov")))
    assert bench.at(1) == 1
    assert bench.progress.settling == 1
    bench.at(6)
    assert (bench.progress.settling, library.status().jobs["queued"]) == (0, 1)


def burst(bench: Bench) -> None:
    for number in range(BURST + 1):
        bench.hints.on_any_event(FileCreatedEvent(f"/{number}.mov"))


def test_a_burst_calls_for_a_walk_but_a_storm_not_for_one_after_the_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = bench.intake.look

    def slow(now: float, among: Sequence[Path] | None = None) -> None:
        look(now, among)
        bench.now += 2

    monkeypatch.setattr(bench.intake, "look", slow)
    walks = []
    for now in range(10, 60, 10):
        burst(bench)
        walks.append(bench.at(now))
    assert walks == [2, 2, 3, 3, 4]  # a walk of 2 s once in 20 s


def test_after_a_sleep_or_a_mount_everything_is_walked(bench: Bench) -> None:
    always = bench.watcher._doubts.always
    bench.watcher._doubts.always = lambda: always() + 600
    assert bench.at(1) == 2
    bench.watcher._doubts.mounts = lambda: ("/", "/media/card")
    assert bench.at(2) == 3
    assert bench.notes.sentences == [
        "Everything is looked through: the machine slept for 600 s.",
        "Everything is looked through: a file system was mounted or unmounted.",
    ]


def test_a_root_that_goes_is_said_at_once_and_so_is_its_return(bench: Bench, root: Path) -> None:
    (root / "a.mov").write_bytes(b"x")
    bench.intake.look(0)
    bench.at(6)
    root.rename(root.parent / "gone")
    bench.at(7)
    assert bench.notes.roots == [WatchedRoot(str(root), "polling", "it is not there", "it is not there")]
    (root.parent / "gone").rename(root)
    bench.at(8)
    assert bench.notes.roots == [WatchedRoot(str(root), "events", None, None)]


def test_trouble_is_said_once_and_watching_goes_on(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.intake.error = LibraryError("The disk is full.")
    for now in (300, 301, 302):
        bench.at(now)
    assert bench.notes.sentences == ["The disk is full. Watching goes on."]
    bench.intake.error = ValueError("a mistake")
    for now in (303, 304):
        bench.at(now)
    assert [record.getMessage() for record in caplog.records] == ["watching: unforeseen"]
    bench.intake.error = None
    before = bench.intake.walks
    assert bench.at(400) == before + 1


def test_files_that_could_not_be_queued_are_found_again_at_once(
    bench: Bench, root: Path, library: WritableLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "a.mov").write_bytes(b"x")
    bench.hints.on_any_event(FileCreatedEvent(str(root / "a.mov")))
    bench.at(1)
    with monkeypatch.context() as refusing:
        refusing.setattr(library, "enqueue_all", raising(LibraryError("The disk refused.")))
        bench.at(6)
    assert bench.notes.sentences == ["The disk refused. Watching goes on."]
    assert [bench.at(now) for now in (7, 8)] == [2, 2]
    bench.at(12)
    assert (bench.progress.settling, library.status().jobs["queued"]) == (0, 1)


def raising(error: Exception) -> Callable[..., object]:
    def fail(*_: object, **__: object) -> object:
        raise error

    return fail


def test_on_a_full_disk_nothing_is_looked_at_until_there_is_room(
    bench: Bench, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(module, "disk_full", lambda *_: "full")
        (root / "a.mov").write_bytes(b"x")
        assert bench.at(300) == 1
    assert bench.at(301) == 2
    assert bench.intake.settling.paths == [root / "a.mov"]


def test_new_folders_without_a_watch_are_noticed(bench: Bench, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "new").mkdir()
    armed: list[Path] = []
    monkeypatch.setattr(bench.hints, "arm", lambda: armed.append(root))
    monkeypatch.setattr(module, "watches_held", lambda: 1)
    bench.at(300)
    assert armed == [root]
    monkeypatch.setattr(module, "watches_held", lambda: 2)
    bench.at(600)
    assert armed == [root]


def test_pictures_that_went_missing_are_noticed_by_the_next_walk(bench: Bench, library: WritableLibrary) -> None:
    library.folder.parent.joinpath("elsewhere").mkdir()
    making.indexed(library, making.file(library.folder.parent / "elsewhere"))
    bench.at(300)
    assert bench.notes.sentences == []
    shutil.rmtree(library.folder / "stills")
    bench.at(600)
    bench.at(900)
    assert bench.notes.sentences == ["Pictures are missing and are made again."]
    assert [job.stage for job in library.jobs(["queued"])] == ["pictures"]
