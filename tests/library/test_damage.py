"""A damaged library is noticed, and restored or put together anew; nothing is deleted on the way."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from momentidx.errors import LibraryDamaged
from momentidx.library import Bins, Library, WritableLibrary, backups, damage, sqlite
from tests.library.making import LETTERS, described, event, file, indexed, other

PAGE = 4096
MANY = 24
"""Files in the library that is damaged: enough for every table to have several pages."""


def footage_number(number: int) -> str:
    return f"{number:08x}" * 4


def fill(folder: Path, files: Path, numbers: range) -> None:
    with WritableLibrary.open(folder) as library:
        for number in numbers:
            captions = [
                event(1024 + 1000 * shot, 2024 + 1000 * shot, f"Shot {shot} of clip {number}: a dog and a door.")
                for shot in range(20)
            ]
            seen = file(files, f"{number:03}.mp4", b"%d" % number)
            indexed(library, seen, other(footage_number(number)), described(captions), embed=ones)


def ones(captions: Sequence[str]) -> NDArray[np.float32]:
    return np.ones((len(captions), 64), np.float32)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library in use: closed, a backup of its first half, bins before and after the backup."""
    place = tmp_path_factory.mktemp("damage")
    folder = place / "library"
    fill(folder, place, range(MANY // 2))
    choose(folder, "before", 1)
    backups.back_up(folder)
    fill(folder, place, range(MANY // 2, MANY))
    choose(folder, "after", 300)
    WritableLibrary.open(folder).close()
    assert not (folder / (sqlite.DATABASE + "-wal")).exists(), "nothing can be read but the database itself"
    return place


def choose(folder: Path, name: str, moment: int) -> None:
    with Library.open(folder) as library:
        Bins(folder).add(name, library.moments(ids=[moment]))


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made / "library", tmp_path / "library")
    return tmp_path / "library"


def told(library: Library) -> set[tuple[str, int, str]]:
    return {(each.footage.fingerprint, each.event.span.start, each.event.caption) for each in library.moments()}


def contents(folder: Path) -> set[bytes]:
    """Of the database files and their logs, wherever they lie; `-shm` is SQLite's scratch."""
    return {path.read_bytes() for path in folder.rglob("library*.sqlite*") if not path.name.endswith("-shm")}


Damage = Callable[[Path, random.Random], None]


def header(database: Path, chance: random.Random) -> None:
    patch(database, 0, chance.randbytes(100))


def random_page(database: Path, chance: random.Random) -> None:
    patch(database, PAGE * used_page(database, chance), chance.randbytes(PAGE))


def zero_page(database: Path, chance: random.Random) -> None:
    patch(database, PAGE * used_page(database, chance), bytes(PAGE))


def truncated(database: Path, chance: random.Random) -> None:
    with database.open("r+b") as opened:
        opened.truncate(chance.randrange(PAGE, database.stat().st_size - PAGE))


def empty(database: Path, _chance: random.Random) -> None:
    database.write_bytes(b"")


def missing(database: Path, _chance: random.Random) -> None:
    database.unlink()


def no_database(database: Path, chance: random.Random) -> None:
    database.write_bytes(chance.randbytes(3 * PAGE))


def missing_log(database: Path, _chance: random.Random) -> None:
    """The log of a process that died is removed."""
    written_and_killed(database)
    database.with_name(database.name + "-wal").unlink()


def foreign_log(database: Path, chance: random.Random) -> None:
    """The log of another library lies beside the database."""
    elsewhere = database.parent.parent / "elsewhere"
    files = database.parent.parent / "files"
    files.mkdir()
    fill(elsewhere, files, range(3 + chance.randrange(3)))
    written_and_killed(elsewhere / database.name)
    shutil.copy(elsewhere / (database.name + "-wal"), database.with_name(database.name + "-wal"))


def older(database: Path, _chance: random.Random) -> None:
    """An older copy was put in its place by hand."""
    shutil.copy(backups.backups(database.parent)[0], database)


DAMAGES: list[Damage] = [
    header, random_page, zero_page, truncated, empty, missing, no_database, missing_log, foreign_log, older,
]  # fmt: skip


def patch(database: Path, offset: int, content: bytes) -> None:
    with database.open("r+b") as opened:
        opened.seek(offset)
        opened.write(content)


def used_page(database: Path, chance: random.Random) -> int:
    """A page, from 0, that holds something; of the free ones nobody would miss anything."""
    with closing(sqlite3.connect(database)) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    assert free == 0
    return chance.randrange(pages)


def written_and_killed(database: Path) -> None:
    """A change by a process that dies before the log is brought home."""
    program = (
        "import os, signal, sys; from pathlib import Path; from momentidx.library import Library, SavedSearches, lock\n"
        "folder = Path(sys.argv[1])\n"
        "with lock.hold(folder), Library.open(folder) as library:\n"
        "    library.status(); SavedSearches(folder).save('doors', 'a door'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(database.parent)], check=False, cwd=Path(__file__).parents[2])
    assert database.with_name(database.name + "-wal").exists()


def is_noticed(folder: Path) -> None:
    before = contents(folder)
    with pytest.raises(LibraryDamaged) as noticed:
        WritableLibrary.open(folder)
    sentence = str(noticed.value)
    assert sentence.startswith(f"{folder / sqlite.DATABASE}: the library is damaged (")
    assert sentence.endswith(
        "'momentidx library restore --newest' brings the newest backup back, 'momentidx library rebuild' saves what "
        "can still be read; both keep the damaged files."
    )
    assert contents(folder) >= {content for content in before if content}, "looking changed something"


def mended_both_ways(made: Path, folder: Path) -> Path:
    """Restore it, and rebuild a copy of it, which is returned."""
    damaged = folder.parent / "damaged"
    shutil.copytree(folder, damaged)
    before = contents(folder)

    assert damage.restore(folder, backups.backups(folder)[0]) is not None or not (damaged / sqlite.DATABASE).exists()
    with Library.open(folder) as library, Library.open(made / "library") as whole:
        assert len(told(library)) == MANY // 2 * 20
        assert told(library) < told(whole)
        assert [found.name for found in library.bins()] == ["before"]
        assert [found for found in library.examine() if found.broken] == []
    assert contents(folder) >= before, "the damaged files are kept"

    damage.rebuild(damaged)
    with Library.open(damaged) as library, Library.open(made / "library") as whole:
        assert told(library) <= told(whole)
        assert "before" in {found.name for found in library.bins()}, "what people chose is in the backup"
        assert [found for found in library.examine() if found.broken] == []
    assert contents(damaged) >= before
    return damaged


def made_whole_again(made: Path, damaged: Path) -> None:
    fill(damaged, made, range(MANY))  # the next run finds the files and makes what is missing
    with Library.open(damaged) as library, Library.open(made / "library") as whole:
        assert told(library) == told(whole)
        assert len(library.vectors(LETTERS)[0]) == len(whole.vectors(LETTERS)[0])


@pytest.mark.parametrize("harm", DAMAGES, ids=lambda harm: harm.__name__)
def test_damage_is_noticed_and_there_are_two_ways_out(made: Path, folder: Path, harm: Damage) -> None:
    harm(folder / sqlite.DATABASE, random.Random(7))
    is_noticed(folder)
    rebuilt = mended_both_ways(made, folder)
    if harm in (random_page, empty):  # the others with the slow ones
        made_whole_again(made, rebuilt)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(50))
def test_fifty_seeded_damages(made: Path, folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    chance.choice([header, random_page, zero_page, random_page, zero_page, truncated, no_database, missing_log])(
        folder / sqlite.DATABASE, chance
    )
    is_noticed(folder)
    made_whole_again(made, mended_both_ways(made, folder))
