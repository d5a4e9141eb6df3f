"""Intake: what lies in folders becomes jobs. The clock is passed in."""

from __future__ import annotations

from pathlib import Path

import pytest

from momentidx.config import Settings
from momentidx.files import SeenFile
from momentidx.library import WritableLibrary
from momentidx.pipeline.intake import Intake


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "card"
    folder.mkdir()
    return folder


@pytest.fixture
def intake(library: WritableLibrary, root: Path) -> Intake:
    return Intake(library, [root], Settings(settle_seconds=5))


def queued(library: WritableLibrary) -> int:
    return library.status().jobs["queued"]


def test_a_file_is_queued_when_it_stood_still(intake: Intake, library: WritableLibrary, root: Path) -> None:
    (root / "a.mov").write_bytes(b"x" * 10)
    intake.look(now=0)
    assert intake.settle(now=4.9) == 0
    assert intake.settle(now=5) == 1
    assert queued(library) == 1


def test_a_file_that_grows_waits_from_its_last_change(intake: Intake, library: WritableLibrary, root: Path) -> None:
    (root / "a.mov").write_bytes(b"x" * 10)
    intake.look(now=0)
    (root / "a.mov").write_bytes(b"x" * 20)
    assert intake.settle(now=5) == 0
    assert intake.settle(now=9.9) == 0
    assert intake.settle(now=10) == 1
    assert library.known_files() == {root / "a.mov": SeenFile.of(root / "a.mov")}


def test_what_is_known_and_unchanged_is_not_looked_at_again(
    intake: Intake, library: WritableLibrary, root: Path
) -> None:
    (root / "a.mov").write_bytes(b"x")
    library.enqueue(SeenFile.of(root / "a.mov"))
    intake.look(now=0)
    assert intake.settling.paths == []


def test_a_file_renamed_before_it_settled_is_queued_under_its_new_name_only(
    intake: Intake, library: WritableLibrary, root: Path
) -> None:
    (root / "a.mov").write_bytes(b"x")
    intake.look(now=0)
    (root / "a.mov").rename(root / "b.mov")
    assert intake.settle(now=5) == 0
    intake.look(now=5)
    assert intake.settle(now=10) == 1
    assert list(library.known_files()) == [root / "b.mov"]


def test_vanished_files_are_offline_and_come_back(intake: Intake, library: WritableLibrary, root: Path) -> None:
    (root / "a.mov").write_bytes(b"x")
    library.enqueue(SeenFile.of(root / "a.mov"))
    (root / "a.mov").rename(root.parent / "away.mov")
    intake.look(now=0)
    assert library.status().offline == 1
    (root.parent / "away.mov").rename(root / "a.mov")
    intake.look(now=1)
    intake.settle(now=10)
    assert library.status().offline == 0
    assert queued(library) == 1


def test_a_root_that_vanishes_makes_its_files_offline_and_is_named(
    intake: Intake, library: WritableLibrary, root: Path
) -> None:
    (root / "a.mov").write_bytes(b"x")
    library.enqueue(SeenFile.of(root / "a.mov"))
    root.rename(root.parent / "unplugged")
    intake.look(now=0)
    assert library.status().offline == 1
    assert intake.unreadable == [f"{root}: No such file or directory. Its files are left as they are."]


def test_files_outside_the_watched_folders_are_left_as_they_are(
    intake: Intake, library: WritableLibrary, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere.mov").write_bytes(b"x")
    library.enqueue(SeenFile.of(tmp_path / "elsewhere.mov"))
    (tmp_path / "elsewhere.mov").unlink()
    intake.look(now=0)
    assert library.status().offline == 0


def test_the_librarys_own_folder_is_never_footage(library: WritableLibrary) -> None:
    (library.folder / "stills").mkdir(exist_ok=True)
    (library.folder / "stills" / "a.mov").write_bytes(b"x")
    intake = Intake(library, [library.folder.parent], Settings(settle_seconds=5))
    intake.look(now=0)
    assert intake.settling.paths == []
