"""Bins: what a person chose, in their order, whatever happens to the events it came from."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from momentidx.errors import LibraryBusy, Outdated, WrongUse
from momentidx.events import Layer, Remark
from momentidx.library import Bins, BinSummary, Library, WritableLibrary, lock, sqlite
from tests.library.making import FOOTAGE, described, event, file, indexed, other


@pytest.fixture
def bins(library: WritableLibrary) -> Bins:
    indexed(library, file(library.folder.parent))
    indexed(library, file(library.folder.parent, "b.mp4", b"other"), other("beef" * 8))
    return Bins(library.folder)


def order(library: Library, name: str = "Day 1") -> list[tuple[int, int]]:
    """Position and number of the moment of everything in a bin."""
    return [(entry.position, entry.moment.id) for entry in library.selects(name)]


def test_a_bin_holds_moments_in_the_order_they_were_added(library: WritableLibrary, bins: Bins) -> None:
    one, two, three, _ = library.moments()
    assert bins.add("Day 1", [three, one]) == 2
    assert bins.add("Day 1", [two]) == 1
    assert order(library) == [(1, three.id), (2, one.id), (3, two.id)]
    assert [entry.moment for entry in library.selects("Day 1")] == [three, one, two]


def test_the_same_stretch_is_in_a_bin_once_but_may_be_in_two_bins(library: WritableLibrary, bins: Bins) -> None:
    one, two, *_ = library.moments()
    assert bins.add("Day 1", [one, one, two]) == 2
    assert bins.add("Day 1", [two, one]) == 0
    assert bins.add("Day 2", [one]) == 1
    first, second = (library.selects(name)[-1].added_at for name in ("Day 1", "Day 2"))
    assert first < second
    assert library.bins() == [BinSummary("Day 1", 2, Fraction(10), first), BinSummary("Day 2", 1, Fraction(5), second)]


def test_what_was_asked_and_how_well_it_answered_is_kept(library: WritableLibrary, bins: Bins) -> None:
    found = replace(library.moments()[0], score=0.625)
    bins.add("Day 1", [found], query="a red  door\n")
    (entry,) = library.selects("Day 1")
    assert (entry.moment, entry.query, entry.note, entry.rating) == (found, "a red door", "", 0)
    assert entry.to_json() == found.to_json() | {
        "bin": "Day 1", "position": 1, "note": "", "rating": 0, "query": "a red door",
        "added_at": entry.added_at.isoformat(),
    }  # fmt: skip


def test_an_entry_stays_as_it_was_chosen_when_its_footage_is_described_anew(
    library: WritableLibrary, bins: Bins
) -> None:
    chosen = library.moments()[0]
    bins.add("Day 1", [chosen])
    bins.note("Day 1", 1, "The first half.")
    better = described([event(2000, 3000, "Something else.")], Layer("shots", "2"))
    indexed(library, file(library.folder.parent, "c.mp4", b"copy"), FOOTAGE, better)
    assert library.moments(ids=[chosen.id]) == [], "the event is gone"
    (entry,) = library.selects("Day 1")
    assert (entry.moment, entry.note) == (chosen, "The first half.")
    assert [found for found in library.examine() if found.broken] == []


def test_an_entry_whose_footage_lies_nowhere_is_offline_where_it_lay(library: WritableLibrary, bins: Bins) -> None:
    chosen = library.moments()[0]
    bins.add("Day 1", [chosen])
    indexed(library, file(library.folder.parent, content=b"overwritten"), other("cafe" * 8))
    assert library.moments(ids=[chosen.id]) == []
    assert [entry.moment for entry in library.selects("Day 1")] == [replace(chosen, online=False)]


def test_footage_that_a_person_chose_from_cannot_be_deleted(library: WritableLibrary, bins: Bins) -> None:
    bins.add("Day 1", library.moments()[:1])
    with closing(sqlite3.connect(library.folder / sqlite.DATABASE)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = 1")
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("DELETE FROM footage")


def test_removing_closes_the_gap_and_an_empty_bin_is_gone(library: WritableLibrary, bins: Bins) -> None:
    one, two, three, four = library.moments()
    bins.add("Day 1", [one, two, three, four])
    assert bins.remove("Day 1", [3, 1, 3]) == 2
    assert order(library) == [(1, two.id), (2, four.id)]
    assert bins.remove("Day 1") == 2
    assert library.bins() == []


@pytest.mark.parametrize(
    ("position", "to", "expected"),
    [(1, 3, [2, 3, 1, 4]), (4, 1, [4, 1, 2, 3]), (2, 2, [1, 2, 3, 4]), (3, 4, [1, 2, 4, 3])],
)
def test_moving_keeps_the_order_of_the_others(
    library: WritableLibrary, bins: Bins, position: int, to: int, expected: list[int]
) -> None:
    moments = library.moments()
    bins.add("Day 1", moments)
    bins.move("Day 1", position, to)
    assert order(library) == [(place, moments[number - 1].id) for place, number in enumerate(expected, start=1)]


def test_a_bin_is_put_in_order_as_a_whole_and_only_as_it_stands(library: WritableLibrary, bins: Bins) -> None:
    moments = library.moments()
    bins.add("Day 1", moments)
    one, two, three, four = (entry.entry for entry in library.selects("Day 1"))
    bins.arrange("Day 1", [three, one, four, two])
    assert order(library) == [(place, moments[at].id) for place, at in enumerate([2, 0, 3, 1], start=1)]
    for another in ([three, one, four], [three, one, four, two, two], [three, one, four, 99]):
        with pytest.raises(Outdated, match="The bin 'Day 1' has changed meanwhile"):
            bins.arrange("Day 1", another)
    assert [entry.entry for entry in library.selects("Day 1")] == [three, one, four, two]


def test_who_looked_before_another_changed_the_bin_changes_nothing(library: WritableLibrary, bins: Bins) -> None:
    bins.add("Day 1", library.moments())
    entries = library.selects("Day 1")
    bins.remove("Day 1", [1], entry=entries[0].entry)
    for attempt in (
        lambda: bins.note("Day 1", 2, "This one.", entry=entries[1].entry),
        lambda: bins.rate("Day 1", 2, 5, entry=entries[1].entry),
        lambda: bins.move("Day 1", 2, 1, entry=entries[1].entry),
        lambda: bins.remove("Day 1", [2], entry=entries[1].entry),
    ):
        with pytest.raises(Outdated, match="another entry lies there now"):
            attempt()
    bins.note("Day 1", 1, "This one.", entry=entries[1].entry)
    assert [(entry.entry, entry.note) for entry in library.selects("Day 1")] == [
        (entries[1].entry, "This one."),
        (entries[2].entry, ""),
        (entries[3].entry, ""),
    ]
    assert library.selects("Day 1")[0].remarked.remark == Remark("This one.")


def test_notes_and_ratings_are_changed_and_taken_away(library: WritableLibrary, bins: Bins) -> None:
    bins.add("Day 1", library.moments()[:2])
    bins.note("Day 1", 2, " Use\nthis. ")
    bins.rate("Day 1", 2, 5)
    assert [(entry.note, entry.rating) for entry in library.selects("Day 1")] == [("", 0), ("Use this.", 5)]
    bins.note("Day 1", 2, "")
    bins.rate("Day 1", 2, 0)
    assert [(entry.note, entry.rating) for entry in library.selects("Day 1")] == [("", 0), ("", 0)]


def test_what_is_not_there_is_named(library: WritableLibrary, bins: Bins) -> None:
    bins.add("Day 1", library.moments()[:2])
    for attempt, sentence in (
        (lambda: library.selects("Day1"), "There is no bin 'Day1'. Did you mean 'Day 1'?"),
        (lambda: bins.remove("x"), "There is no bin 'x'. 'momentidx selects list' shows those that there are."),
        (lambda: bins.remove("Day 1", [2, 3]), "The bin 'Day 1' has positions 1 to 2; there is no 3."),
        (lambda: bins.move("Day 1", 1, 0), "The bin 'Day 1' has positions 1 to 2; there is no 0."),
        (lambda: bins.rate("Day 1", 1, 6), "A rating is 0 (none) to 5, not 6."),
        (lambda: bins.note("Day 1", 1, "x" * 2001), "The note has 2001 characters; at most 2000 are kept."),
        (lambda: bins.add(" \n", []), "A bin needs a name: momentidx selects add 'Day 1' 41"),
    ):
        with pytest.raises(WrongUse) as refused:
            attempt()
        assert str(refused.value) == sentence
    assert len(library.selects("Day 1")) == 2


def test_a_name_that_is_written_in_another_way_is_the_same_bin(library: WritableLibrary, bins: Bins) -> None:
    bins.add("Café  1", library.moments()[:1])
    assert len(library.selects(" Cafe\u0301 1")) == 1


ADD_MANY = """
import sys
from pathlib import Path
from momentidx.library import Bins, Library
folder, name = Path(sys.argv[1]), sys.argv[2]
with Library.open(folder) as library:
    moments = library.moments()[:4]
for _ in range(25):
    Bins(folder).add(name, moments)
    Bins(folder).remove(name, [1])
"""


@pytest.mark.usefixtures("bins")
def test_people_choose_while_a_process_indexes(library: WritableLibrary) -> None:
    """Neither waits for the other's end, and every change of each is there."""
    people = [
        subprocess.Popen([sys.executable, "-c", ADD_MANY, str(library.folder), name], stderr=subprocess.PIPE, text=True)
        for name in ("Anna", "Ben")
    ]
    number = 0
    while any(person.poll() is None for person in people):
        number += 1
        content = f"{number:032x}"
        indexed(library, file(library.folder.parent, f"{number}.mp4", content.encode()), other(content))
    for person in people:
        assert person.communicate()[1] == ""
        assert person.returncode == 0
    assert len(library.moments()) == 4 + 2 * number
    assert [(found.name, found.selects) for found in library.bins()] == [("Anna", 3), ("Ben", 3)]
    assert [found for found in library.examine() if found.broken] == []


def test_a_change_waits_for_its_turn_and_says_so_when_it_does_not_come(
    library: WritableLibrary, bins: Bins, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = library.moments()
    monkeypatch.setattr(lock, "TURN_SECONDS", 0.05)
    with lock.turn(library.folder), pytest.raises(LibraryBusy, match="is being written by another process"):
        bins.add("Day 1", moments)
    assert bins.add("Day 1", moments) == 4


def test_a_change_leaves_the_log_to_the_process_that_indexes(library: WritableLibrary, bins: Bins) -> None:
    database = library.folder / sqlite.DATABASE
    log = library.folder / f"{sqlite.DATABASE}-wal"
    before = database.stat().st_mtime_ns
    first = library.moments()[0]
    many = [replace(first, event=event(start, 100_000, "A red door opens. " * 20)) for start in range(1024, 11_024)]
    bins.add("Day 1", many)
    assert log.stat().st_size > 1000 * 4096, "enough for a commit to checkpoint, if it did"
    assert database.stat().st_mtime_ns == before


def test_making_changes_never_makes_a_library(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="cannot be opened"):
        Bins(tmp_path).remove("Day 1")
    assert not (tmp_path / sqlite.DATABASE).exists()
