"""`momentidx footage forget`: shows, asks, deletes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from momentidx.errors import WrongUse
from momentidx.library import Bins, Captions, Library, WritableLibrary
from tests.library.making import FOOTAGE, LETTERS, file, indexed, other
from typer_app import app


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with two clips, one captioned and chosen."""
    folder = tmp_path / "library"
    monkeypatch.setenv("MOMENTIDX_LIBRARY", str(folder))
    monkeypatch.chdir(tmp_path)
    with WritableLibrary.open(folder) as opened:
        indexed(opened, file(tmp_path, "a.mp4", b"a"))
        indexed(opened, file(tmp_path, "b.mp4", b"b"), other("beef" * 8))
        Captions(folder, LETTERS.name).edit(1, "A green door.")
        Bins(folder).add("Day 1", opened.moments(FOOTAGE.fingerprint))
    return folder


def said(*arguments: str, answer: str = "", code: int = 0) -> str:
    done = CliRunner().invoke(app, ["footage", "forget", *arguments], input=answer, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


def clips(library: Path) -> list[str]:
    with Library.open(library) as opened:
        return [summary.locations[0].path.name for summary in opened.footage()]


def test_it_shows_what_would_go_and_asks(library: Path, tmp_path: Path) -> None:
    shown = (
        "f00df00d  2 events, 1 caption of yours, 2 selects in 'Day 1'\n"
        f"          {tmp_path / 'a.mp4'}\n"
        "1 file of it still there: watched or indexed again, it comes back.\n"
        "Forget 1 clip, 2 events, 1 caption of yours and 2 selects? [y/N]: "
    )
    assert said("a.mp4", answer="n\n", code=1) == f"{shown}n\nNothing was changed.\n"
    assert clips(library) == ["a.mp4", "b.mp4"]
    forgotten = f"{shown}y\nForgot 1 clip, 2 events, 1 caption of yours and 2 selects.\n"
    assert said("a.mp4", answer="y\n") == forgotten
    assert clips(library) == ["b.mp4"]


def test_by_fingerprint_without_asking_for_a_program(library: Path, tmp_path: Path) -> None:
    first = said("beefbeef", "--yes", "--json").splitlines()[0]
    assert json.loads(first) == {
        "footage": "beef" * 8, "paths": [str(tmp_path / "b.mp4")], "online": 1, "events": 2, "captions": 0,
        "selects": 0, "bins": [],
    }  # fmt: skip
    assert clips(library) == ["a.mp4"]


def test_what_is_away(library: Path, tmp_path: Path) -> None:
    assert said("--offline-since", "2020-01-01") == "Nothing to forget.\n"
    with WritableLibrary.open(library) as opened:
        opened.mark(offline=[tmp_path / "b.mp4"])
    assert said("--offline-since", "2099-01-01", "--yes").endswith("Forgot 1 clip and 2 events.\n")
    assert clips(library) == ["a.mp4"]
    with pytest.raises(WrongUse, match="Say what to forget"):
        said()
