"""`momentidx library` and `momentidx doctor --repair`, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from momentidx.errors import LibraryDamaged, WrongUse
from momentidx.library import Bins, Library, WritableLibrary, sqlite
from tests.library.making import FOOTAGE, file, indexed
from typer_app import app


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with one clip and a bin."""
    folder = tmp_path / "library"
    monkeypatch.setenv("MOMENTIDX_LIBRARY", str(folder))
    monkeypatch.chdir(tmp_path)
    with WritableLibrary.open(folder) as opened:
        indexed(opened, file(tmp_path, "a.mp4"))
        Bins(folder).add("Day 1", opened.moments(FOOTAGE.fingerprint))
    return folder


def said(*arguments: str | Path, code: int = 0) -> list[str]:
    done = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output.splitlines()


def bins(library: Path) -> list[tuple[str, int]]:
    with Library.open(library) as opened:
        return [(found.name, found.selects) for found in opened.bins()]


def test_back_up_list_and_restore(library: Path) -> None:
    (wrote,) = said("library", "backup")
    (listed,) = said("library", "backups", "--json")
    made = json.loads(listed)
    assert wrote == f"Wrote {made['bytes'] / 1e6:,.1f} MB to {made['path']}."
    assert said("library", "backups") == [f"{made['bytes'] / 1e6:>10,.1f} MB  {made['path']}"]
    said("selects", "remove", "Day 1", "--all")
    (restored,) = said("library", "restore", "--newest")
    assert restored.startswith(f"Restored {made['path']}. The former database lies in {library / 'aside'}/")
    assert bins(library) == [("Day 1", 2)]
    said("library", "backup", "--to", "own.sqlite")
    assert said("library", "verify", "own.sqlite") == ["own.sqlite is sound."]
    said("library", "restore", "own.sqlite")
    for wrong in ((), ("own.sqlite", "--newest"), ("nowhere.sqlite",)):
        with pytest.raises(WrongUse):
            said("library", "restore", *wrong)


def test_without_a_backup_there_is_rebuilding(library: Path) -> None:
    with pytest.raises(WrongUse, match="There is no backup in"):
        said("library", "restore", "--newest")
    assert said("library", "rebuild")[0] == "Saved 1 clip, 2 events, 0 personal captions, 2 selects, 1 file."
    with (library / sqlite.DATABASE).open("r+b") as opened:
        opened.truncate(30 * 4096)
    with pytest.raises(LibraryDamaged):
        said("status")
    told = json.loads(said("library", "rebuild", "--json")[0])
    assert told["damaged"]
    assert Path(told["aside"], sqlite.DATABASE).exists()
    assert said("library", "verify") == [f"{library} is sound."]


def test_verify_says_what_is_wrong(library: Path) -> None:
    with sqlite.noting(library) as connection:
        connection.exec_driver_sql("DELETE FROM bin_entry WHERE position = 1")
    assert said("library", "verify", code=1) == [
        "bins: The positions in a bin are 1, 2, 3 and so on. Not so in 1 case."
    ]


def test_compact(library: Path) -> None:
    (told,) = said("library", "compact")
    assert told.startswith("Database ")
    assert told.endswith("; 0 pictures deleted (0.0 MB).")
    assert bins(library) == [("Day 1", 2)]


def test_the_doctor_mends_what_can_be_made_again(library: Path) -> None:
    with sqlite.noting(library) as connection:
        connection.exec_driver_sql("DELETE FROM bin_entry WHERE position = 1")
    problem = (
        "problem  bins         The positions in a bin are 1, 2, 3 and so on. Not so in 1 case; "
        "--repair closes the gaps; the order stays."
    )
    lines = said("doctor", code=1)
    assert [line for line in lines if line.startswith("problem")] == [problem]
    repaired = said("doctor", "--repair")
    assert problem.replace("problem ", "repaired").removesuffix(".") + ": done." in repaired
    assert bins(library) == [("Day 1", 1)]
    assert f"ok       library      {library}: sound, 1 clips, 2 events" in said("doctor")
    (library / sqlite.DATABASE).write_bytes(b"nonsense" * 1000)
    (problem,) = [line for line in said("doctor", "--repair", code=1) if line.startswith("problem")]
    assert "'momentidx library rebuild' saves what can still be read" in problem
