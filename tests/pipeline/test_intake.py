"""Intake: what lies in folders becomes jobs. The clock is passed in.

W1 growing · W5 replaced alike · W6 touched · W7 deleted early · W9 renamed · W10 folder renamed · W12 out and back
· W17 root missing · W18 mount gone · W19 another disk · W20 root anew · W23 hard links · W24 unreadable
· W27 case twins · W32 our own folder · I7 mass loss
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from momentidx.config import FolderSettings, Settings
from momentidx.files import SeenFile
from momentidx.library import Root, WritableLibrary
from momentidx.library.watched import adopt
from momentidx.pipeline import intake as module
from momentidx.pipeline.intake import Intake

LONG_AFTER = 1e6


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "card"
    folder.mkdir()
    return folder


@pytest.fixture
def intake(library: WritableLibrary, root: Path) -> Intake:
    return Intake(library, [root], Settings(settle_seconds=5))


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())


def take_in(intake: Intake) -> int:
    intake.look(now=0)
    return intake.settle(now=LONG_AFTER)


def queued(library: WritableLibrary) -> int:
    return library.status().jobs["queued"]


def online(library: WritableLibrary) -> dict[str, bool]:
    return {Path(path).name: known.online for path, known in sorted(library.known().items())}


def away(intake: Intake) -> str | None:
    return intake.standing[intake.roots[0]].away


@contextmanager
def no_write(library: WritableLibrary) -> Iterator[None]:
    """The library is not written to inside the block."""
    written: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.split()[0].upper() not in ("SELECT", "PRAGMA"):
            written.append(statement)

    event.listen(library._engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(library._engine, "before_cursor_execute", note)
    assert [text for text in written if not text.startswith("BEGIN")] == []


def test_a_file_is_queued_when_it_stood_still(intake: Intake, library: WritableLibrary, root: Path) -> None:
    put(root, "a.mov")
    intake.look(now=0)
    assert intake.settle(now=4.9) == 0
    assert intake.settle(now=5) == 1
    assert queued(library) == 1


def test_a_file_that_grows_waits_from_its_last_change(intake: Intake, library: WritableLibrary, root: Path) -> None:
    put(root, "a.mov")
    intake.look(now=0)
    (root / "a.mov").write_bytes(b"x" * 20)
    assert intake.settle(now=5) == 0
    assert intake.settle(now=9.9) == 0
    assert intake.settle(now=10) == 1
    assert library.known_files() == {root / "a.mov": SeenFile.of(root / "a.mov")}


def test_folders_have_settings_of_their_own(library: WritableLibrary, root: Path) -> None:
    put(root, "slow/a.mov", "b.mov")
    settings = Settings(settle_seconds=5, folders={root / "slow": FolderSettings(settle_seconds=60)})
    intake = Intake(library, [root], settings)
    intake.look(now=0)
    assert [intake.settle(now=now) for now in (5, 59, 60)] == [1, 0, 1]


def test_what_is_known_and_unchanged_costs_no_write(intake: Intake, library: WritableLibrary, root: Path) -> None:
    put(root, "a.mov", "b/c.mov")
    assert take_in(intake) == 2
    (root / "gone.mov").touch()
    intake.look(now=0)
    with no_write(library):
        intake.look(now=1)
        assert intake.glance({root / "a.mov", root / "b"}, now=1)
        assert intake.settle(now=2) == 0
    assert intake.settling.paths == [root / "gone.mov"]


def test_a_file_renamed_before_it_settled_is_queued_under_its_new_name_only(
    intake: Intake, library: WritableLibrary, root: Path
) -> None:
    put(root, "a.mov")
    intake.look(now=0)
    (root / "a.mov").rename(root / "b.mov")
    assert intake.settle(now=5) == 0
    intake.look(now=5)
    assert intake.settle(now=10) == 1
    assert list(library.known_files()) == [root / "b.mov"]


def test_a_file_deleted_before_it_settled_is_forgotten(intake: Intake, library: WritableLibrary, root: Path) -> None:
    put(root, "a.mov")
    intake.look(now=0)
    (root / "a.mov").unlink()
    assert intake.settle(now=5) == 0
    assert library.known() == {}


def test_a_file_that_only_has_a_new_name_is_the_same_file(intake: Intake, library: WritableLibrary, root: Path) -> None:
    put(root, "a.mov")
    take_in(intake)
    (root / "a.mov").rename(root / "b.mov")
    intake.look(now=0)
    assert intake.settling.paths == []
    assert library.known_files() == {root / "b.mov": SeenFile.of(root / "b.mov")}


def test_so_is_one_whose_name_changed_between_two_looks_at_single_places(
    intake: Intake, library: WritableLibrary, root: Path
) -> None:
    put(root, "a.mov")
    take_in(intake)
    (root / "a.mov").rename(root / "b.mov")
    assert intake.glance({root / "a.mov"}, now=0)
    assert online(library) == {"a.mov": False}
    assert intake.glance({root / "b.mov"}, now=1)
    assert intake.settling.paths == []
    assert online(library) == {"b.mov": True}


def test_a_renamed_folder_is_recognised_as_a_whole(intake: Intake, library: WritableLibrary, root: Path) -> None:
    put(root, *(f"day 1/{number}.mov" for number in range(200)))
    take_in(intake)
    (root / "day 1").rename(root / "day 2")
    assert intake.glance({root / "day 1", root / "day 2"}, now=0)
    assert intake.settling.paths == []
    assert {path.parent.name for path in library.known_files()} == {"day 2"}
    assert len(library.known()) == queued(library) == 200


def test_files_moved_from_one_watched_folder_to_another_are_recognised(
    library: WritableLibrary, tmp_path: Path
) -> None:
    put(tmp_path, "in/a.mov", "in/b.mov", "done/c.mov")
    intake = Intake(library, [tmp_path / "in", tmp_path / "done"], Settings(settle_seconds=5))
    take_in(intake)
    (tmp_path / "in" / "a.mov").rename(tmp_path / "done" / "a.mov")
    intake.look(now=0)
    assert intake.settling.paths == []
    assert set(library.known_files()) == {tmp_path / name for name in ("done/a.mov", "in/b.mov", "done/c.mov")}


def test_case_is_all_that_need_change(intake: Intake, library: WritableLibrary, root: Path) -> None:
    put(root, "a.mov", "b.mov")
    take_in(intake)
    (root / "a.mov").rename(root / "A.MOV")
    intake.look(now=0)
    assert intake.settling.paths == []
    assert online(library) == {"A.MOV": True, "b.mov": True}


def test_two_names_of_one_file_are_two_places(intake: Intake, library: WritableLibrary, root: Path) -> None:
    put(root, "a.mov")
    take_in(intake)
    os.link(root / "a.mov", root / "b.mov")
    assert take_in(intake) == 2  # making a link changes the file's ctime as well
    (root / "a.mov").unlink()
    intake.look(now=0)
    assert online(library) == {"a.mov": False, "b.mov": True}


@pytest.mark.parametrize("how", ["in place", "renamed over"])
def test_a_file_replaced_with_one_of_the_same_size_and_time_is_noticed(intake: Intake, root: Path, how: str) -> None:
    put(root, "a.mov")
    take_in(intake)
    before = (root / "a.mov").stat()
    target = root / ("a.mov" if how == "in place" else "a.mov.part")
    target.write_bytes(b"other")
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
    target.rename(root / "a.mov")
    intake.look(now=0)
    assert intake.settling.paths == [root / "a.mov"]


def test_a_touched_file_is_looked_at_again(intake: Intake, root: Path) -> None:
    put(root, "a.mov")
    take_in(intake)
    (root / "a.mov").chmod(0o600)
    intake.look(now=0)
    assert intake.settling.paths == [root / "a.mov"]


def test_vanished_files_are_offline_and_come_back_as_they_were(
    intake: Intake, library: WritableLibrary, root: Path
) -> None:
    put(root, "a.mov", "b.mov")
    take_in(intake)
    (root / "a.mov").rename(root.parent / "away.mov")
    intake.look(now=0)
    assert online(library) == {"a.mov": False, "b.mov": True}
    assert away(intake) is None
    (root.parent / "away.mov").rename(root / "a.mov")
    assert take_in(intake) == 1  # its ctime is new: its content is looked at, and found to be known
    assert online(library) == {"a.mov": True, "b.mov": True}


def test_a_folder_moved_out_and_back_between_two_looks_is_as_before(
    intake: Intake, library: WritableLibrary, root: Path
) -> None:
    put(root, "day/a.mov", "day/b.mov")
    take_in(intake)
    (root / "day").rename(root.parent / "day")
    (root.parent / "day").rename(root / "day")
    with no_write(library):
        intake.look(now=0)
    assert intake.settling.paths == []


def test_a_root_that_vanishes_is_offline_and_back_when_it_is_there_again(
    intake: Intake, library: WritableLibrary, root: Path
) -> None:
    put(root, "a.mov", "b.mov")
    take_in(intake)
    root.rename(root.parent / "unplugged")
    for _ in range(3):
        intake.look(now=0)
        assert away(intake) == "it is not there"
        assert online(library) == {"a.mov": False, "b.mov": False}
    (noted,) = library.roots()
    assert (noted.path, noted.files, noted.offline) == (root, 2, "it is not there")
    (root.parent / "unplugged").rename(root)
    intake.look(now=0)
    assert away(intake) is None
    assert online(library) == {"a.mov": True, "b.mov": True}
    assert intake.settling.paths == []


def test_a_root_that_is_missing_at_the_start_does_not_trouble_the_others(
    library: WritableLibrary, tmp_path: Path
) -> None:
    put(tmp_path, "there/a.mov")
    intake = Intake(library, [tmp_path / "missing", tmp_path / "there"], Settings(settle_seconds=5))
    assert take_in(intake) == 1
    assert away(intake) == "it is not there"
    put(tmp_path, "missing/b.mov")
    assert take_in(intake) == 1


def test_an_emptied_root_is_offline_until_something_is_there(intake: Intake, root: Path) -> None:
    put(root, "a.mov")
    take_in(intake)
    (root / "a.mov").unlink()
    intake.look(now=0)
    intake.look(now=0)
    assert away(intake) == "it is empty, though it held footage before"
    put(root, "b.mov")
    assert take_in(intake) == 1
    assert away(intake) is None


def test_nothing_is_taken_in_from_another_volume_until_it_is_adopted(
    intake: Intake, library: WritableLibrary, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, "a.mov", "b.mov")
    monkeypatch.setattr(module, "identity", lambda _path: "uuid:A")
    take_in(intake)
    shutil.move(root, root.parent / "A")
    monkeypatch.setattr(module, "identity", lambda _path: "uuid:B")
    put(root, "c.mov")
    for _ in range(3):
        assert take_in(intake) == 0
        assert away(intake) == "another volume is mounted there, without the files of before"
        assert intake.glance({root / "c.mov"}, now=0)
        assert intake.settling.paths == []
    adopt(library.folder, root)
    assert take_in(intake) == 1
    assert away(intake) is None
    assert library.roots() == [Root(root, "uuid:B")]
    assert online(library) == {"a.mov": False, "b.mov": False, "c.mov": True}


def test_the_first_volume_is_back_without_being_adopted(
    intake: Intake, library: WritableLibrary, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, "a.mov")
    monkeypatch.setattr(module, "identity", lambda _path: "uuid:A")
    take_in(intake)
    root.rename(root.parent / "A")
    root.mkdir()
    monkeypatch.setattr(module, "identity", lambda _path: "ext4:/")
    intake.look(now=0)
    assert away(intake) == "nothing is mounted there: it is empty, and lies on another volume than before"
    root.rmdir()
    (root.parent / "A").rename(root)
    monkeypatch.setattr(module, "identity", lambda _path: "uuid:A")
    intake.look(now=0)
    assert away(intake) is None
    assert online(library) == {"a.mov": True}
    assert intake.settling.paths == []


def test_a_copy_of_the_volume_stands_for_it(intake: Intake, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, "a.mov", "b.mov")
    monkeypatch.setattr(module, "identity", lambda _path: "uuid:A")
    take_in(intake)
    shutil.copytree(root, root.parent / "copy")
    shutil.rmtree(root)
    (root.parent / "copy").rename(root)
    monkeypatch.setattr(module, "identity", lambda _path: "uuid:B")
    assert take_in(intake) == 2  # other files, whose content is looked at
    assert away(intake) is None


def test_when_many_go_at_once_it_is_said_and_they_come_back_as_they_were(
    intake: Intake, library: WritableLibrary, root: Path
) -> None:
    put(root, *(f"day 1/{number}.mov" for number in range(60)), *(f"day 2/{number}.mov" for number in range(100)))
    take_in(intake)
    (root / "day 1").rename(root.parent / "day 1")
    assert not intake.glance({root / "day 1"}, now=0)  # too much to conclude from a glance
    for _ in range(3):
        intake.look(now=0)
        assert away(intake) == "60 of its 160 files went at once"
    put(root, "new.mov")
    assert take_in(intake) == 1
    (root.parent / "day 1").rename(root / "day 1")
    intake.look(now=0)
    assert away(intake) is None
    assert set(online(library).values()) == {True}
    assert intake.settling.paths == []


def test_a_folder_that_cannot_be_looked_into_keeps_its_files(
    intake: Intake, library: WritableLibrary, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, "closed/a.mov", "b.mov")
    take_in(intake)
    scandir = os.scandir

    def refuse(folder: str) -> Iterator[os.DirEntry[str]]:
        if str(folder).endswith("closed"):
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr(module, "_is_file", lambda _path: False)
    intake.look(now=0)
    assert intake.unreadable[root] == [f"{root / 'closed'}: Permission denied. Its files are left as they are."]
    assert online(library) == {"a.mov": True, "b.mov": True}


def test_files_outside_the_watched_folders_are_left_as_they_are(
    intake: Intake, library: WritableLibrary, tmp_path: Path
) -> None:
    put(tmp_path, "elsewhere.mov")
    library.enqueue(SeenFile.of(tmp_path / "elsewhere.mov"))
    (tmp_path / "elsewhere.mov").unlink()
    intake.look(now=0)
    assert library.status().offline == 0


def test_a_file_named_outright_stays_although_a_walk_passes_over_its_name(
    intake: Intake, library: WritableLibrary, root: Path
) -> None:
    put(root, "odd.bin", ".hidden.mov")
    library.enqueue_all([SeenFile.of(root / "odd.bin"), SeenFile.of(root / ".hidden.mov")])
    intake.look(now=0)
    assert online(library) == {".hidden.mov": True, "odd.bin": True}


def test_glances_go_by_the_same_rules_as_walks(intake: Intake, root: Path) -> None:
    put(root, "a.mov", "notes.txt", ".hidden/b.mov", "day/c.mov", "d.mov.part")
    os.mkfifo(root / "pipe.mov")
    (root / "link.mov").symlink_to(root / "a.mov")
    everything = {path for path in root.rglob("*") if path.parent != root / "day"}
    assert intake.glance({*everything, root.parent / "elsewhere.mov", root / "gone.mov"}, now=0)
    assert intake.settling.paths == [root / "a.mov", root / "day" / "c.mov"]


def test_the_librarys_own_folder_is_never_footage(library: WritableLibrary) -> None:
    put(library.folder, "stills/a.mov")
    intake = Intake(library, [library.folder.parent], Settings(settle_seconds=5))
    intake.look(now=0)
    assert intake.glance({library.folder / "stills" / "a.mov", library.folder}, now=0)
    assert intake.settling.paths == []
