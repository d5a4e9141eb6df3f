"""Shot lists as people write them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from momentidx.errors import WrongUse
from momentidx.timeline.shotlist import read_shot_list


def slots(tmp_path: Path, name: str, text: str) -> list[tuple[str, Fraction | None]]:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    found = read_shot_list(file)
    assert [slot.number for slot in found] == list(range(1, len(found) + 1))
    return [(slot.words, slot.length) for slot in found]


@pytest.mark.parametrize(
    ("line", "words", "length"),
    [
        ("a red door opens", "a red door opens", None),
        ("a red door opens, 4s", "a red door opens", Fraction(4)),
        ("a red door opens; 1.5 s", "a red door opens", Fraction(3, 2)),
        ("a red door opens (0:04)", "a red door opens", Fraction(4)),
        ("a red door opens [2m]", "a red door opens", Fraction(120)),
        ("a red door opens | 1:00:00", "a red door opens", Fraction(3600)),
        ("a red door, then a dog, 4s", "a red door, then a dog", Fraction(4)),
        ("12. a red door opens", "a red door opens", None),
        ("3) a red door opens", "a red door opens", None),
        ("  - [ ] a **red** door opens", "a red door opens", None),
        ("• a red door opens", "a red door opens", None),
        # Not a length: nothing sets it off, or it is part of the words.
        ("the car stops at 5m", "the car stops at 5m", None),
        ("50 people dance", "50 people dance", None),
        ("the clock shows 12:30", "the clock shows 12:30", None),
        ("take two (wide)", "take two (wide)", None),
    ],
)
def test_a_line_is_words_and_perhaps_a_length(tmp_path: Path, line: str, words: str, length: Fraction | None) -> None:
    assert slots(tmp_path, "list.txt", f"# Scene 4\n\n{line}\n") == [(words, length)]


def test_a_text_is_a_line_a_slot(tmp_path: Path) -> None:
    assert slots(tmp_path, "list.txt", "\ufeffone\r\n\r\n# not this\r\ntwo, 3s") == [
        ("one", None),
        ("two", Fraction(3)),
    ]


def test_of_markdown_only_the_list_items_count(tmp_path: Path) -> None:
    text = "# Scene\n\nWhat we want:\n\n- one\n  * two, 2s\n\n1. three\n"
    assert slots(tmp_path, "list.md", text) == [("one", None), ("two", Fraction(2)), ("three", None)]


def test_of_markdown_with_a_table_the_rows_count(tmp_path: Path) -> None:
    text = (
        "- not this\n\n| # | Shot | Length |\n|---|:---|---:|\n| 1 | **one** | 2 |\n| 2 | two | 0:03 |\n\n- nor this\n"
    )
    assert slots(tmp_path, "list.md", text) == [("one", Fraction(2)), ("two", Fraction(3))]


@pytest.mark.parametrize(
    "text",
    [
        "shot,duration\none,2\ntwo,1.5s\n",
        "Duration;Number;Description\n2;1;one\n0:01.5;2;two\n".replace("0:01.5", "1.5"),
        "words\tseconds\none\t2\n\ntwo\t1.5\n",
        "one,2s\ntwo,1.5\n",
    ],
)
def test_the_columns_of_a_csv_are_found_by_name_or_place(tmp_path: Path, text: str) -> None:
    assert slots(tmp_path, "list.csv", text) == [("one", Fraction(2)), ("two", Fraction(3, 2))]


def test_a_csv_may_have_words_with_commas_and_no_lengths(tmp_path: Path) -> None:
    assert slots(tmp_path, "list.csv", 'shot\n"one, and more"\ntwo\n') == [("one, and more", None), ("two", None)]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.txt", "\n# nothing\n", "there is no slot in the shot list. Write one line a shot."),
        ("a.md", "Only a paragraph.\n", "there is no slot in the shot list. Write one line a shot."),
        ("a.txt", "one\n" * 501, "the shot list has 501 slots; at most 500 are cast."),
        ("a.txt", "x" * 2**20 + "x", "this is too large for a shot list."),
    ],
)
def test_a_list_that_cannot_be_cast_is_refused(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    with pytest.raises(WrongUse) as refused:
        slots(tmp_path, name, text)
    assert str(refused.value) == f"{tmp_path / name}: {sentence}"


def test_a_length_that_is_none_is_named_with_its_slot(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"list.csv, slot 2 \('two'\): 'soon' is not a length"):
        slots(tmp_path, "list.csv", "shot,duration\none,2\ntwo,soon\n")
    with pytest.raises(WrongUse, match=r"slot 1 \('one'\): a length is more than nothing"):
        slots(tmp_path, "list.txt", "one, 0s")


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\0")
    with pytest.raises(WrongUse, match="not plain text in UTF-8"):
        read_shot_list(tmp_path / "a.txt")
    with pytest.raises(WrongUse, match="there is no such file"):
        read_shot_list(tmp_path / "b.txt")
