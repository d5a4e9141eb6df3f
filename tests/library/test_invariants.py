"""What is to hold of a library: every breach is seen, and what is derived is mended."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from momentidx.errors import LibraryError
from momentidx.events import Moment
from momentidx.library import Bins, Captions, Library, WritableLibrary, invariants, sqlite
from momentidx.library.invariants import TABLES
from tests.library.making import FOOTAGE, LETTERS, carry_out, described, file, indexed, wanted

HARM = {
    "references": ["DELETE FROM layer WHERE captioner = 'shots'"],
    "identity": ["DELETE FROM meta"],
    "files": ["DELETE FROM job WHERE stage = 'probe'"],
    "contents": ["UPDATE location SET recognised = 0"],
    "events": ["UPDATE event SET end_pts = 999999 WHERE id = 1"],
    "descriptions": ["UPDATE job SET tool = 'other' WHERE stage = 'describe'"],
    "pictures": ["UPDATE footage SET poster = NULL"],
    "dimensions": ["UPDATE vector SET vector = zeroblob(8) WHERE event_id = 1"],
    "vectors": ["DELETE FROM vector WHERE event_id = 2"],
    "people": ["UPDATE event SET caption = 'Something else.' WHERE id = 3"],
    "bins": ["DELETE FROM bin_entry WHERE position = 1"],
    "proxies": ["UPDATE footage SET proxy_of = id"],
}
"""For each invariant, how it is broken."""


@pytest.fixture
def filled(folder: Path, tmp_path: Path) -> Path:
    """The folder of a library with one clip, a person's caption and a bin."""
    with WritableLibrary.open(folder) as library:
        indexed(library, file(tmp_path))
        Captions(folder, LETTERS.name).edit(1, "A green door.")
        Bins(folder).add("Day 1", library.moments(FOOTAGE.fingerprint))
        work(library)
    return folder


def work(library: WritableLibrary) -> None:
    """What the next run of the daemon does."""
    library.plan(wanted())
    while (claim := library.claim(wanted())) is not None:
        carry_out(library, claim, wanted(), FOOTAGE, [described()])


def harmed(folder: Path, statements: list[str]) -> None:
    with closing(sqlite3.connect(folder / sqlite.DATABASE)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def broken(folder: Path) -> list[str]:
    with Library.open(folder) as library:
        return [found.about for found in library.examine() if found.broken]


def test_a_library_in_use_breaks_none(filled: Path) -> None:
    assert broken(filled) == []


def test_every_invariant_of_the_tables_is_broken_here() -> None:
    assert {invariant.about for invariant in TABLES} - set(HARM) == {"facts"}


def test_facts_that_make_no_sense_are_told_and_not_mended(filled: Path) -> None:
    harmed(filled, ["UPDATE footage SET facts = '{}'"])
    assert "facts" in broken(filled)
    with WritableLibrary.open(filled) as library:
        assert [(found.about, found.repair) for found in library.repair() if found.broken] == [("facts", None)]


@pytest.mark.parametrize("about", HARM)
def test_a_breach_is_seen_and_mended_and_work_makes_it_whole(filled: Path, about: str) -> None:
    harmed(filled, HARM[about])
    assert about in broken(filled)
    with WritableLibrary.open(filled) as library:
        assert about in [found.about for found in library.repair() if found.broken]
        work(library)
        assert "A dog runs through." in {moment.event.caption for moment in library.moments()}
        assert len(library.captions()) >= 1
        assert [found for found in library.repair() if found.broken] == []
        assert library.vectors(LETTERS)[0].tolist() == [moment.id for moment in sorted(library.moments(), key=id_of)]
    assert broken(filled) == []


def id_of(moment: Moment) -> int:
    return moment.id


def test_words_that_cannot_be_found_can_be_again(filled: Path) -> None:
    with sqlite.noting(filled) as connection:  # a caption that changed behind the index's back
        connection.exec_driver_sql("DROP TRIGGER event_words_update")
        connection.exec_driver_sql("UPDATE event SET caption = 'A cat.' WHERE id = 2")
    assert broken(filled) == ["words"]
    with WritableLibrary.open(filled) as library:
        library.repair()
        assert (list(library.word_hits(["cat"])), list(library.word_hits(["dog"]))) == ([2], [])
    assert broken(filled) == []


def test_an_index_is_made_again_from_its_table(filled: Path) -> None:
    schema = filled / sqlite.DATABASE
    index = "name = 'ix_footage_seconds'"
    with closing(sqlite3.connect(schema)) as connection, connection:
        (row,) = connection.execute(f"SELECT * FROM sqlite_master WHERE {index}").fetchall()
        connection.execute("PRAGMA writable_schema = 1")
        connection.execute(f"DELETE FROM sqlite_master WHERE {index}")
    harmed(filled, ["UPDATE footage SET seconds = 11"])
    with closing(sqlite3.connect(schema)) as connection, connection:
        connection.execute("PRAGMA writable_schema = 1")
        connection.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", row)
    with WritableLibrary.open(filled) as library:
        (found,) = [found for found in library.repair() if found.broken]
    assert (found.about, found.repair) == ("pages", "makes the indexes again")
    assert "missing from index ix_footage_seconds" in found.detail
    assert broken(filled) == []


def test_a_picture_that_is_gone_is_forgotten_or_made_again(filled: Path) -> None:
    for still in (filled / "stills").glob("*/*.jpg"):
        still.unlink()
    assert broken(filled) == ["stills"]
    with WritableLibrary.open(filled) as library:
        library.repair()
        work(library)
    assert broken(filled) == []


def test_a_repair_that_does_not_help_changes_nothing(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    useless = [replace(each, statements=()) if each.about == "bins" else each for each in TABLES]
    monkeypatch.setattr(invariants, "TABLES", tuple(useless))
    harmed(filled, HARM["bins"] + HARM["files"])
    with WritableLibrary.open(filled) as library, pytest.raises(LibraryError, match="the repair did not help"):
        library.repair()
    assert broken(filled) == ["files", "bins"]
