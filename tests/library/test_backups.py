"""Backups are whole and sound whatever happens beside them; an exchange loses neither database."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from momentidx.errors import LibraryBusy, LibraryError, WrongUse
from momentidx.events import Moment
from momentidx.library import Bins, Library, WritableLibrary, backups, damage, lock, schema, sqlite
from momentidx.library.compact import compact
from momentidx.library.forget import forget
from tests.library.making import FOOTAGE, LETTERS, file, indexed, other


@pytest.fixture
def filled(folder: Path, tmp_path: Path) -> Path:
    """The folder of a library with one clip and two moments."""
    with WritableLibrary.open(folder) as library:
        indexed(library, file(tmp_path))
    return folder


def add(folder: Path, files: Path, number: int) -> None:
    with WritableLibrary.open(folder) as library:
        indexed(library, file(files, f"{number}.mp4", b"%d" % number), other(f"{number:032x}"))


def footage(folder: Path) -> int:
    with Library.open(folder) as library:
        # Its pictures lie elsewhere when a library was restored to a folder of its own.
        assert [found for found in library.examine() if found.broken and found.about != "stills"] == []
        return len(library.footage())


INDEXING = """
import sys
from pathlib import Path
from momentidx.library import WritableLibrary
from tests.library.making import file, indexed, other
folder, files = map(Path, sys.argv[1:])
with WritableLibrary.open(folder) as library:
    for number in range(100_000):
        indexed(library, file(files, f"{number}.mp4", b"%d" % number), other(f"{number:032x}"))
        print(number, flush=True)
"""


@pytest.fixture
def indexer(filled: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that indexes one clip after the other."""
    command = [sys.executable, "-c", INDEXING, str(filled), str(tmp_path)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def test_backups_made_while_a_process_indexes_are_whole(
    filled: Path, indexer: subprocess.Popen[str], tmp_path: Path
) -> None:
    counts = []
    for number in range(5):
        made = backups.back_up(filled)
        assert [found for found in damage.verified(made) if found.broken] == []
        counts.append(footage_of(tmp_path / str(number), made))
    assert counts == sorted(counts)
    assert counts[0] >= 2
    assert len(backups.backups(filled)) == 5
    assert {path.name.partition(".")[2] for path in (filled / backups.BACKUPS).iterdir()} == {"sqlite"}
    with pytest.raises(LibraryBusy, match=f"is being written by process {indexer.pid}"):
        damage.restore(filled, made)
    assert indexer.poll() is None


def footage_of(folder: Path, copy: Path) -> int:
    """How many clips a backup holds, restored to a folder of its own."""
    assert damage.restore(folder, copy) is None
    return footage(folder)


def test_restoring_keeps_the_former_database_and_fits_no_old_cache(filled: Path, tmp_path: Path) -> None:
    first = backups.back_up(filled)
    add(filled, tmp_path, 2)
    with Library.open(filled) as library:
        before = library.uuid(), library.generation()
    aside = damage.restore(filled, first)
    assert aside is not None
    assert footage(filled) == 1
    with Library.open(filled) as library:
        assert library.uuid() != before[0], "a cache of the former one may be of the same generation"
    assert footage_of(tmp_path / "again", aside / sqlite.DATABASE) == 2
    add(filled, tmp_path, 2)
    Bins(filled).add("Day 1", moments(filled))
    assert footage(filled) == 2


def moments(folder: Path) -> list[Moment]:
    with Library.open(folder) as library:
        return library.moments(FOOTAGE.fingerprint)


def test_ten_backups_are_kept_and_those_elsewhere_are_nobodys_business(filled: Path, tmp_path: Path) -> None:
    made = [backups.back_up(filled) for _ in range(12)]
    assert backups.backups(filled) == made[:1:-1]
    own = tmp_path / "own.sqlite"
    assert backups.back_up(filled, own) == own
    with pytest.raises(LibraryError, match=r"own.sqlite exists. Choose another name"):
        backups.back_up(filled, own)


def test_the_newest_backup_is_the_one_that_knows_most_whatever_the_clock_said(filled: Path, tmp_path: Path) -> None:
    for number in range(backups.KEPT):
        backups.back_up(filled).replace(filled / backups.BACKUPS / f"library-2999010{number}T000000000000Z.sqlite")
    assert backups.back_up(filled) in backups.backups(filled), "kept, though nothing was written since the others"
    add(filled, tmp_path, 2)
    second = backups.back_up(filled)
    damage.restore(filled, backups.backups(filled)[-1])
    third = backups.back_up(filled)
    (filled / backups.BACKUPS / "library-29990101T000000000000Z.sqlite").write_bytes(b"nonsense")
    assert backups.backups(filled)[:2] == [third, second], "also after one of an earlier time was restored"
    assert backups.backups(filled)[-1].name == "library-29990101T000000000000Z.sqlite"


def test_what_a_process_left_that_died_over_a_copy_goes_and_what_one_is_making_stays(filled: Path) -> None:
    made = backups.back_up(filled)
    left = [made.with_name(f"library-1Z.sqlite.unfinished{ending}") for ending in ("", "-journal")]
    left += [filled / "library.sqlite.fresh.unfinished", filled / damage.WORKPLACE / sqlite.DATABASE]
    left[-1].parent.mkdir()
    for each in left:
        each.touch()
    with backups._making(made.parent):
        left[0].touch()
        backups.back_up(filled)
        assert left[0].exists()
    backups.back_up(filled)
    assert [each.exists() for each in left] == [False, False, True, True]
    with WritableLibrary.open(filled) as library:
        library.repair()
    assert not any(each.exists() for each in left)


def test_a_power_cut_leaves_a_restored_library_without_the_count_of_the_former(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = backups.back_up(filled)
    counts: list[int] = []
    sync = os.fsync

    def noting(descriptor: int) -> None:
        if os.fstat(descriptor).st_ino == (filled / lock.TURN).stat().st_ino:
            counts.append(lock.written(filled))
            assert not (filled / backups.ASIDE).exists() or not list((filled / backups.ASIDE).glob("*/*.sqlite"))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    damage.restore(filled, copy)
    assert counts == [0]


def test_what_is_no_backup_is_not_restored(filled: Path, tmp_path: Path) -> None:
    nothing, foreign, damaged = (tmp_path / name for name in ("nothing", "foreign", "damaged"))
    nothing.touch()
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    damaged.write_bytes(backups.back_up(filled).read_bytes()[:20_000])
    before = (filled / sqlite.DATABASE).read_bytes()
    for look in (lambda copy: damage.restore(filled, copy), damage.verified):
        for copy in (nothing, foreign):
            with pytest.raises(WrongUse, match=f"^{copy} is neither a library's database nor a copy of one"):
                look(copy)
        with pytest.raises(LibraryError, match="is damaged"):
            look(damaged)
    assert (filled / sqlite.DATABASE).read_bytes() == before
    assert not (filled / backups.ASIDE).exists()


RESTORING = """
import os, signal, sys
from pathlib import Path
from momentidx.library import backups, damage
folder, copy, step = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
replace, done = Path.replace, 0

def counted(path, target):
    global done
    if done == step:
        os.kill(os.getpid(), signal.SIGKILL)
    done += 1
    return replace(path, target)

Path.replace = counted
damage.restore(folder, copy)
print(done)
"""


@pytest.mark.parametrize("step", range(6))
def test_a_restore_that_was_killed_is_carried_through_or_did_not_happen(
    filled: Path, tmp_path: Path, step: int
) -> None:
    first = backups.back_up(filled)
    add(filled, tmp_path, 2)
    with Library.open(filled) as library:
        library.status()  # a reader that ends last leaves a log beside the database
        Bins(filled).add("Day 1", moments(filled))
    assert (filled / (sqlite.DATABASE + "-wal")).exists()
    command = [sys.executable, "-c", RESTORING, str(filled), str(first), str(step)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    # the copy gets its name, is made ready, database, -wal and -shm go aside, the new one takes the place
    assert (done.returncode, done.stderr) == (-9, "")
    assert Library.exists(filled)
    assert footage(filled) == (2 if step < 2 else 1)
    if step >= 2:
        (aside,) = (filled / backups.ASIDE).iterdir()
        assert footage_of(tmp_path / "former", aside / sqlite.DATABASE) == 2
        assert {path.name for path in aside.iterdir()} >= {sqlite.DATABASE, sqlite.DATABASE + "-wal"}


def test_a_half_restored_library_waits_for_the_process_that_has_it(filled: Path) -> None:
    copy = backups.back_up(filled)
    copy.replace(filled / backups.READY)
    with lock.hold(filled), pytest.raises(LibraryBusy):
        Library.open(filled)
    assert footage(filled) == 1


def test_compacting_deletes_what_nothing_names_and_gives_space_back(filled: Path, tmp_path: Path) -> None:
    for number in range(8):
        add(filled, tmp_path, number)
    with WritableLibrary.open(filled) as library:
        kept = library._stills.put(b"of the first clip")
        library._stills.put(b"of nobody")
        with sqlite.noting(filled) as connection:
            connection.exec_driver_sql("UPDATE event SET still = ? WHERE id = 1", (kept,))
        forget(filled, library.forgetting([tmp_path / f"{number}.mp4" for number in range(8)]))
        with pytest.raises(LibraryBusy):
            compact(filled)
    (filled / "stills" / kept[:2] / "left.part").write_bytes(b"half")
    done = compact(filled)
    assert (done.stills, done.still_bytes) == (1, len(b"of nobody") + len(b"half"))
    assert done.after < done.before
    assert footage(filled) == 1
    with Library.open(filled) as library:
        assert library.vectors(LETTERS)[0].tolist() == [1, 2]
        assert list(library.word_hits(["dog"])) == [2]


MIGRATING = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from momentidx.library import WritableLibrary
statements, last = 0, int(sys.argv[2])

def kill(*context):
    global statements
    if statements == last:
        os.kill(os.getpid(), signal.SIGKILL)
    statements += 1

event.listen(Engine, "before_cursor_execute", kill)
WritableLibrary.open(Path(sys.argv[1])).close()
print(statements)
"""
"""Counts statements, or dies before one of them."""


def migrated(folder: Path, last: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", MIGRATING, str(folder), str(last)]
    return subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)


def older(folder: Path, monkeypatch: pytest.MonkeyPatch, revision: str) -> None:
    with monkeypatch.context() as before:
        before.setattr(schema, "HEAD", revision)
        folder.mkdir()
        schema.upgrade(folder / sqlite.DATABASE)


def killed_migration(folder: Path, last: int) -> None:
    assert migrated(folder, last).returncode == -9
    found = schema.compare(folder / sqlite.DATABASE)
    assert found in (schema.Schema.OLDER, schema.Schema.CURRENT)
    for copy in backups.backups(folder):
        assert [each for each in damage.verified(copy) if each.broken] == []
    with WritableLibrary.open(folder) as library:
        assert [each for each in library.examine() if each.broken] == []


@pytest.mark.parametrize("part", [0.5, 0.99])
def test_a_migration_that_was_killed_is_done_or_taken_back(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: float
) -> None:
    older(tmp_path / "counted", monkeypatch, "0001")
    statements = int(migrated(tmp_path / "counted", -1).stdout)
    older(folder, monkeypatch, "0001")
    killed_migration(folder, int(part * statements))


@pytest.mark.slow
@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_a_migration_killed_at_every_fifth_statement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, revision: str
) -> None:
    older(tmp_path / "counted", monkeypatch, revision)
    statements = int(migrated(tmp_path / "counted", -1).stdout)
    assert statements > 50
    for last in range(int(revision) % 5, statements, 5):
        older(tmp_path / str(last), monkeypatch, revision)
        killed_migration(tmp_path / str(last), last)


def test_a_backup_needs_room(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10_000))
    with pytest.raises(LibraryError, match="MB are needed for a copy of the library, 0 MB are free"):
        backups.back_up(filled)
    assert backups.backups(filled) == []
    with pytest.raises(LibraryError, match="are needed to write the library anew"):
        compact(filled)
