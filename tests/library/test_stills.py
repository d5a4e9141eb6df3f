"""Stills are kept once, whole, under the name of their content."""

from __future__ import annotations

import hashlib
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
