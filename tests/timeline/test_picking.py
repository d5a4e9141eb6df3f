"""Which moments are taken, and in what order."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from momentidx.errors import WrongUse
from momentidx.timeline.picking import Order, parse_length, pick
from tests.timeline.moments import footage, moment

OLD = replace(footage(), fingerprint="old", created="2020-01-01T00:00:00Z")
NEW = replace(footage(), fingerprint="new", created="2026-01-01T00:00:00Z")
UNDATED = replace(footage(), fingerprint="undated")
BEST_FIRST = [
    moment(NEW, 100, 200, path=Path("/b.mov"), id=1),
    moment(UNDATED, 0, 25, path=Path("/a.mov"), id=2),
    moment(NEW, 0, 50, path=Path("/b.mov"), id=3),
    moment(OLD, 0, 25, path=Path("/c.mov"), id=4),
]


@pytest.mark.parametrize(
    ("order", "ids"), [(Order.SCORE, [1, 2, 3, 4]), (Order.SOURCE, [2, 3, 1, 4]), (Order.DATE, [4, 3, 1, 2])]
)
def test_the_order_is_the_best_the_source_or_the_date(order: Order, ids: list[int]) -> None:
    assert [one.id for one in pick(BEST_FIRST, order=order)] == ids


def test_one_per_clip_is_the_best_of_each() -> None:
    assert [one.id for one in pick(BEST_FIRST, one_per_clip=True)] == [1, 2, 4]


def test_the_best_are_taken_for_as_long_as_they_fit() -> None:
    """100, 25, 50 and 25 frames at 25: five seconds hold the first two; the third is too long, the fourth not."""
    assert [one.id for one in pick(BEST_FIRST, longest=Fraction(6))] == [1, 2, 4]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("2m", 120), ("1.5h", 5400), ("1:30", 90), ("1:00:01", 3601)]
)
def test_lengths_as_people_write_them(text: str, seconds: int) -> None:
    assert parse_length(text) == seconds


def test_what_is_no_length_is_wrong_use() -> None:
    with pytest.raises(WrongUse, match="'2 minutes' is not a length"):
        parse_length("2 minutes")
