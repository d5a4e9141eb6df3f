"""Hints: where something happened, and when they cannot be trusted.

W11 folders moved in · W13 bursts · W14 watch limit · W15 no instances · W16 network mounts
· W20 a root that is made anew · W21 a watcher that dies · W31 storms
"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchdog.events import FileCreatedEvent

from momentidx.watch import hints as module
from momentidx.watch.hints import BURST, DEATHS, Hints
from momentidx.watch.mounts import Mount


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def hints(root: Path) -> Iterator[Hints]:
    with Hints(root) as watched:
        assert watched.check() == "it came"
        assert watched.check() is None
        assert watched.polled is None
        yield watched


def eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def heard(hints: Hints, *paths: Path) -> bool:
    found: set[Path] = set()

    def all_of_them() -> bool:
        found.update(hints.take() or set())
        return found >= set(paths)

    return eventually(all_of_them)


def test_what_is_written_renamed_and_deleted_is_heard_of(hints: Hints, root: Path) -> None:
    (root / "a.mov").write_bytes(b"x")
    assert heard(hints, root / "a.mov")
    (root / "a.mov").rename(root / "b.mov")
    assert heard(hints, root / "a.mov", root / "b.mov")
    (root / "b.mov").unlink()
    assert heard(hints, root / "b.mov")


def test_reading_is_not_heard_of(root: Path) -> None:
    (root / "a.mov").write_bytes(b"x")
    with Hints(root) as hints:
        hints.check()
        (root / "a.mov").read_bytes()
        (root / "b.mov").write_bytes(b"x")
        assert eventually(lambda: hints._count > 0)
        assert hints.take() == {root / "b.mov"}


def test_a_folder_that_is_moved_in_is_heard_of(hints: Hints, root: Path) -> None:
    (root.parent / "card" / "clips").mkdir(parents=True)
    (root.parent / "card").rename(root / "card")
    assert heard(hints, root / "card")


def test_a_burst_is_too_much_to_tell(hints: Hints, root: Path) -> None:
    for number in range(BURST + 1):
        hints.on_any_event(FileCreatedEvent(str(root / f"{number}.mov")))
    assert hints.take() is None
    assert hints.take() == set()


def test_a_root_that_goes_and_is_made_anew_is_watched_again(hints: Hints, root: Path) -> None:
    root.rmdir()
    assert hints.check() == "it went"
    assert hints.polled == "it is not there"
    assert hints.check() is None
    root.mkdir()
    assert hints.check() == "it came"
    (root / "a.mov").write_bytes(b"x")
    assert heard(hints, root / "a.mov")


def test_another_folder_of_the_same_name_is_another_folder(hints: Hints, root: Path) -> None:
    root.rename(root.parent / "old")
    root.mkdir()
    assert hints.check() == "it came"
    (root / "a.mov").write_bytes(b"x")
    assert heard(hints, root / "a.mov")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_watcher_that_dies_is_started_again_and_given_up_after_five_deaths_in_a_minute(
    hints: Hints, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_event: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(hints, "on_any_event", die)
    for number in range(DEATHS):
        assert hints.polled is None
        observer = hints._observer
        assert observer is not None
        (root / f"{number}.mov").write_bytes(b"x")
        assert eventually(lambda gone=observer: not gone.is_alive())
        assert hints.check() == "its watcher died"
    assert hints.polled == "its watcher died 5 times in a minute"
    assert hints.check() is None


def test_no_thread_is_left_behind(root: Path) -> None:
    before = set(threading.enumerate())
    with Hints(root) as hints:
        hints.check()
        assert set(threading.enumerate()) > before
    assert eventually(lambda: set(threading.enumerate()) <= before)


def test_where_there_are_too_few_watches_the_folder_is_polled_and_both_numbers_are_said(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(51):
        (root / str(number)).mkdir()
    held = iter([100, 110])
    monkeypatch.setattr(module, "watches_held", lambda: next(held))
    monkeypatch.setattr(module, "watches_allowed", lambda: 10)
    with Hints(root) as hints:
        hints.check()
        assert hints.polled == (
            "it has 52 folders, and this user may watch 10 in all; raise fs.inotify.max_user_watches"
        )
        assert hints._observer is None


def test_a_network_mount_is_polled(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "mount_of", lambda _path: Mount(root, "nfs4", "nas:/export"))
    with Hints(root) as hints:
        hints.check()
        assert hints.polled == "nfs4 sends no events"


def test_where_no_watcher_can_be_started_the_folder_is_polled(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refused:
        def __init__(self) -> None:
            raise OSError(errno.EMFILE, "inotify instance limit reached")

    monkeypatch.setattr(module, "Observer", Refused)
    with Hints(root) as hints:
        hints.check()
        assert hints.polled == "it cannot be watched: inotify instance limit reached"
