"""The dump: the same for equal libraries however they came about, and different for different ones."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from momentidx.library import Library, Queue, WritableLibrary, sqlite
from momentidx.library.dump import differences
from tests.library.making import FOOTAGE, described, event, file, indexed, other


def canonical(folder: Path, base: Path | None = None) -> list[str]:
    with Library.open(folder) as library:
        return library.dump(base)


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Libraries of the same two files, one of which was made in another order, and with detours."""
    first, second = file(tmp_path, "1.mp4"), file(tmp_path, b"\xff.mp4")
    for name in ("straight", "round"):
        with WritableLibrary.open(tmp_path / name) as library:
            if name == "round":
                indexed(library, replace(second, size=5), other("beef" * 8), described([event(1024, 2048, "No.")]))
                indexed(library, second, other("cafe" * 8))
                library.mark(offline=[second.path])
                library.mark(online=[second.path])
            indexed(library, first)
            indexed(library, second, other("cafe" * 8))
    return tmp_path / "straight", tmp_path / "round"


def test_libraries_that_hold_the_same_have_the_same_dump(two: tuple[Path, Path]) -> None:
    one, same = map(canonical, two)
    assert differences(one, same) == []
    assert one == same == sorted(one)


def test_the_full_dump_tells_numbers_and_dates_too(two: tuple[Path, Path]) -> None:
    with Library.open(two[0]) as library:
        lines = [json.loads(line) for line in library.dump(canonical=False)]
    assert sorted(line["history"]["number"] for line in lines if line["is"] == "event") == [1, 2, 3, 4]
    for line in lines:
        line.pop("history", None)
    assert sorted(json.dumps(line, sort_keys=True) for line in lines) == canonical(two[0])


def test_names_are_told_byte_for_byte_and_from_a_folder_on(two: tuple[Path, Path], tmp_path: Path) -> None:
    lines = [json.loads(line) for line in canonical(two[0], tmp_path)]
    assert sorted(line["path"] for line in lines if line["is"] == "file") == ["1.mp4", r"\udcff.mp4"]


CHANGES: dict[str, Callable[[sqlite3.Connection], object]] = {
    "a caption": lambda db: db.execute("UPDATE event SET caption = 'A dog walks.' WHERE id = 1"),
    "a bound": lambda db: db.execute("UPDATE event SET end_pts = end_pts - 1 WHERE id = 1"),
    "a vector": lambda db: db.execute("UPDATE vector SET vector = x'00000000' WHERE event_id = 1"),
    "a missing vector": lambda db: db.execute("DELETE FROM vector WHERE event_id = 1"),
    "an event twice": lambda db: db.execute(
        "INSERT INTO event (layer_id, start_pts, end_pts, caption, kind, edge, measures)"
        " SELECT layer_id, start_pts, end_pts, caption, kind, edge, measures FROM event WHERE id = 1"
    ),
    "a layer that is not shown": lambda db: db.execute("UPDATE layer SET current = 0 WHERE id = 1"),
    "a file that is away": lambda db: db.execute("UPDATE location SET online = 0 WHERE id = 1"),
    "an open job": lambda db: db.execute("UPDATE job SET state = 'queued' WHERE stage = 'embed' AND id < 5"),
    "a still": lambda db: db.execute("UPDATE footage SET poster = 'other' WHERE id = 1"),
    "a proxy": lambda db: db.execute("UPDATE footage SET proxy_of = 2 WHERE id = 1"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_difference_shows(two: tuple[Path, Path], what: str) -> None:
    before = canonical(two[0])
    with closing(sqlite3.connect(two[0] / sqlite.DATABASE)) as connection, connection:
        CHANGES[what](connection)
    assert differences(before, canonical(two[0])) != []


def test_what_a_person_wanted_shows(two: tuple[Path, Path]) -> None:
    before = canonical(two[0])
    Queue(two[0]).pause()
    assert differences(before, canonical(two[0])) == ['+ {"is": "pause", "path": "."}']


def test_what_lies_nowhere_does_not_show(two: tuple[Path, Path]) -> None:
    assert not any("beef" in line for line in canonical(two[1]))
    assert FOOTAGE.fingerprint in "".join(canonical(two[1]))
