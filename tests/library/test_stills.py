"""Stills are kept once, whole, under the name of their content."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from momentidx.errors import LibraryError
from momentidx.library.stills import Stills


def test_a_still_lies_under_the_name_of_its_content(tmp_path: Path) -> None:
    stills = Stills(tmp_path / "stills")
    name = stills.put(b"picture")
    assert name == hashlib.sha256(b"picture").hexdigest()
    assert stills.path(name).read_bytes() == b"picture"


def test_the_same_still_is_written_once_and_nothing_else_is_left(tmp_path: Path) -> None:
    stills = Stills(tmp_path)
    path = stills.path(stills.put(b"picture"))
    written = path.stat().st_mtime_ns
    assert stills.path(stills.put(b"picture")) == path
    assert path.stat().st_mtime_ns == written
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [path]


def test_a_still_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "stills").write_text("a file where the folder should be")
    with pytest.raises(LibraryError, match="a still cannot be written: Not a directory"):
        Stills(tmp_path / "stills").put(b"picture")


def test_the_size_is_measured_once_and_counted_on(tmp_path: Path) -> None:
    Stills(tmp_path).put(b"before")
    stills = Stills(tmp_path)
    assert stills.size() == 6
    name = stills.put(b"picture")
    stills.put(b"picture")
    assert stills.size() == 13
    assert stills.drop([name, "of nothing"]) == 7
    assert (stills.size(), stills.measured()) == (6, 6)


def test_what_a_writer_left_that_died_goes_when_the_pictures_are_measured(tmp_path: Path) -> None:
    stills = Stills(tmp_path)
    kept = stills.path(stills.put(b"picture"))
    (kept.parent / "left.part").write_bytes(b"half")
    assert stills.measured() == 7
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [kept]


def test_a_folder_is_listed_again_only_when_something_in_it_came_or_went(tmp_path: Path) -> None:
    stills = Stills(tmp_path)
    name = stills.put(b"picture")
    folder = stills.path(name).parent
    long_ago(folder)
    assert {letters: names for letters, names in stills.changed().items() if names} == {name[:2]: {name}}
    stills.path(name).write_bytes(b"other bytes")  # what is inside a picture is nobody's question
    assert stills.changed() == {}
    stills.path(name).unlink()
    assert stills.changed() == {name[:2]: set()}
    long_ago(folder)
    stills.changed()
    folder.rmdir()
    assert stills.changed() == {name[:2]: set()}


def test_a_folder_that_just_changed_may_change_again_unseen_and_is_listed_again(tmp_path: Path) -> None:
    stills = Stills(tmp_path)
    assert set(map(len, stills.changed().values())) == {0}
    name = stills.put(b"picture")
    assert [stills.changed(), stills.changed()] == [{name[:2]: {name}}] * 2
    shutil.rmtree(tmp_path)
    assert stills.changed() == {name[:2]: set()}


def long_ago(folder: Path) -> None:
    os.utime(folder, (1e9, 1e9))
