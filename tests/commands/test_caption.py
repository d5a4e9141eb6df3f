"""`momentidx caption`: people's words from the command line, and through a spreadsheet and back."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from momentidx.errors import WrongUse
from momentidx.library import Library, WritableLibrary
from tests.library.making import file, indexed
from typer_app import app


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with one clip (10 s from 01:00:00;00, 29.97 fps) and its two moments."""
    folder = tmp_path / "library"
    monkeypatch.setenv("MOMENTIDX_LIBRARY", str(folder))
    monkeypatch.chdir(tmp_path)
    with WritableLibrary.open(folder) as opened:
        indexed(opened, file(tmp_path, "a.mp4"))
    return folder


def said(*arguments: str | Path, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["caption", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


def captions(library: Path) -> list[tuple[int, str, int]]:
    with Library.open(library) as opened:
        moments = opened.moments()
    return [(moment.id, moment.event.caption, moment.event.span.start) for moment in moments]


def test_words_rating_and_labels(library: Path) -> None:
    assert said("edit", "1", "A green door opens.") == "Moment 3 stands in the place of 1; version 1.\n"
    assert said("rate", "3", "4") == "Moment 3, version 2.\n"
    assert said("label", "1", "hero", "night") == "Moment 3 stands in the place of 1; version 3.\n"
    assert said("label", "3", "--remove", "night") == "Moment 3, version 4.\n"
    assert captions(library) == [(3, "A green door opens.", 1024), (2, "A dog runs through.", 65_024)]
    lines = [line[26:] for line in said("history", "1").splitlines()]
    assert lines == [
        "A green door opens.",
        "A green door opens.  ****",
        "A green door opens.  ****  [hero, night]",
        "A green door opens.  ****  [hero]",
    ]
    rows = [json.loads(line) for line in said("history", "3", "--json").splitlines()]
    assert [(row["version"], row["in"], row["of_captioner"]) for row in rows] == [
        (str(number), "01:00:00;00", "shots") for number in (1, 2, 3, 4)
    ]
    assert said("history", "2", "--json") == "Nobody said anything of moment 2.\n"
    said("remove", "3")
    assert captions(library)[0] == (1, "A red door opens.", 1024)
    with pytest.raises(WrongUse, match="Say which label"):
        said("label", "1")


def test_a_moment_of_ones_own(library: Path) -> None:
    assert said("add", "a.mp4", "01:00:01;00", "60f", "A bell.", "--rating", "2", "--label", "sound") == "Moment 3.\n"
    assert (3, "A bell.", 1024 + 12_813) in captions(library)
    for times, sentence in (
        (("2s", "1s"), r"OUT \(1s\) has to come after IN \(2s\)"),
        (("1s", "11s"), r"OUT \(11s\) lies after the end of the footage"),
        (("11s", "12s"), r"IN \(11s\) lies after the end of the footage"),
    ):
        with pytest.raises(WrongUse, match=sentence):
            said("add", "a.mp4", *times, "Nothing.")


@pytest.mark.usefixtures("library")
def test_what_was_exported_is_imported_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said("edit", "1", 'She says "no, never", and leaves; ünïcode too.')
    said("rate", "1", "5")
    said("add", "a.mp4", "0f", "30f", "=1+1", "--label", "odd one")
    exported = said("export")
    assert said("export", "-o", "said.csv") == "Wrote 3 versions to said.csv.\n"
    assert Path("said.csv").read_text(encoding="utf-8") == exported
    assert said("import", "said.csv") == "0 new moments, 0 new versions, 3 versions known already.\n"

    second = tmp_path / "second"
    monkeypatch.setenv("MOMENTIDX_LIBRARY", str(second))
    WritableLibrary.open(second).close()
    assert "3 rows left out: the footage is not in the library." in said("import", "said.csv", code=1)
    with WritableLibrary.open(second) as opened:
        indexed(opened, file(tmp_path, "a.mp4"))
    told = json.loads(said("import", "said.csv", "--json"))
    assert told == {"events": 2, "versions": 3, "known": 0, "homeless": 0}
    assert said("export") == exported


def test_a_spreadsheet_that_was_edited_gives_a_new_version(library: Path) -> None:
    said("edit", "1", "A green door opens.")
    (row,) = csv.DictReader(io.StringIO(said("export")))
    row |= {"caption": "A door opens, green.", "labels": "b; a;"}
    with Path("edited.csv").open("w", newline="", encoding="utf-8-sig") as opened:  # as spreadsheets write it
        table = csv.DictWriter(opened, row)
        table.writeheader()
        table.writerow(row)
    assert said("import", "edited.csv") == "0 new moments, 1 new version, 0 versions known already.\n"
    assert captions(library)[0] == (3, "A door opens, green.", 1024)


def test_a_log_sheet_needs_four_columns(library: Path) -> None:
    sheet = "File,In,Out,Caption,Rating\na.mp4,01:00:00;00,01:00:02;00,Slate,\na.mp4,2s,5s,Take 1 good,4\n,,,,\n"
    Path("sheet.csv").write_text(sheet)
    assert said("import", "sheet.csv") == "2 new moments, 2 new versions, 0 versions known already.\n"
    assert said("import", "sheet.csv") == "0 new moments, 0 new versions, 2 versions known already.\n"
    assert [caption for _, caption, _ in captions(library)] == [
        "A red door opens.", "Slate", "Take 1 good", "A dog runs through."
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"in,out\n1s,2s\n", "no captions. The first line has to name the columns"),
        (b"file,in,out,caption\na.mp4,1s,2s,\n", "line 2: A caption has 1 to 2,000 characters, not 0."),
        (b"file,in,out,caption\na.mp4,soon,2s,Go\n", "line 2: 'soon' is not a time."),
        (b"file,in,out,caption,rating\na.mp4,1s,2s,Go,six\n", "line 2: invalid literal for int"),
        (b"file,in,out,caption\nb.mp4,1s,2s,Go\n", "line 2: .*b.mp4 is not in the library"),
        (b"\xff\xfe\x00", "is no CSV in UTF-8"),
        (b"", "no captions"),
    ],
)
def test_a_sheet_that_makes_no_sense_changes_nothing(library: Path, content: bytes, sentence: str) -> None:
    Path("sheet.csv").write_bytes(content)
    with pytest.raises(WrongUse, match=sentence):
        said("import", "sheet.csv")
    assert len(captions(library)) == 2
