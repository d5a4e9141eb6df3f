"""What is written on slates, and timecodes, are told from their lines."""

from __future__ import annotations

import pytest

from momentidx.caption.shotlog.slates import Text, slate, timecode


def column(*lines: str) -> list[Text]:
    """Lines one below the other."""
    return [Text(line, 0.1, 0.1 * number, 0.5, 0.1 * number + 0.06) for number, line in enumerate(lines)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["SCENE 24", "TAKE 3"], {"scene": "24", "take": "3"}),
        (["Scene: 24A Take: 3 Roll: A012"], {"scene": "24A", "take": "3", "roll": "A012"}),
        (["SCENE", "24", "TAKE", "3"], {"scene": "24", "take": "3"}),  # a value below its label
        (["SC. 7", "TK. 012"], {"scene": "7", "take": "12"}),
        (["SCENE 24", "PROD. Blue Moon"], None),  # a scene alone may be a book
        (["Take 3 of these", "scene of the crime"], None),
        (["take 2"], None),
        ([], None),
    ],
)
def test_a_slate_names_a_scene_and_a_take(lines: list[str], expected: dict[str, str] | None) -> None:
    assert slate(column(*lines)) == expected


def test_a_value_may_stand_to_the_right_of_its_label() -> None:
    row = [
        Text(text, left, 0.1, left + 0.1, 0.2) for text, left in (("SCENE", 0), ("5", 0.15), ("TAKE", 0.5), ("2", 0.7))
    ]
    assert slate(row) == {"scene": "5", "take": "2"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("01:02:03:04", "01:02:03:04"),
        ("TC 01:02:03;04", "01:02:03;04"),
        ("01.02.03.04", "01:02:03:04"),
        ("0102:03:04", "01:02:03:04"),  # the first colon is often lost
        ("25:00:00:00", None),
        ("01:02:03", None),
        ("call 01 02 03 04", None),
    ],
)
def test_a_timecode_is_four_pairs_of_digits(text: str, expected: str | None) -> None:
    assert timecode(text) == expected
