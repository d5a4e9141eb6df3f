"""The seeds' index tables, number by number (research on their code: see docs of each captioner)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from momentidx.media.sampling import endpoints, midpoints, seconds_uniform


def test_endpoints_repeat_pictures_of_a_short_clip() -> None:
    # fmt: off
    assert endpoints(50) == [
        0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15,
        15, 16, 16, 17, 17, 18, 18, 19, 19, 20, 20, 21, 21, 22, 22, 23, 23, 24, 24, 25, 25, 26, 26, 27, 27, 28, 28,
        29, 29, 30, 30, 31, 31, 32, 32, 33, 33, 34, 34, 35, 35, 36, 36, 37, 37, 38, 38, 39, 39, 40, 40, 41, 41, 42,
        42, 43, 43, 44, 44, 45, 45, 46, 46, 47, 47, 48, 48, 49,
    ]
    # fmt: on


def test_endpoints_include_the_first_and_the_last_picture() -> None:
    assert endpoints(199) == list(range(0, 199, 2))
    assert endpoints(1000, count=4) == [0, 333, 666, 999]
    assert endpoints(1) == [0] * 100


def test_seconds_uniform_takes_the_picture_nearest_to_each_time() -> None:
    assert seconds_uniform(300, Fraction(30), count=5) == [0, 75, 150, 225, 299]
    assert seconds_uniform(299, Fraction(25)) == [*range(150), *range(150, 299), 298]
    assert seconds_uniform(5, Fraction(1), count=3) == [0, 2, 4]  # 2.5 s is rounded to the even picture


def test_midpoints_lie_in_the_middle_of_even_stretches() -> None:
    assert midpoints(96) == list(range(96))
    assert midpoints(1801)[:4] == [8, 27, 46, 65]
    # fmt: off
    assert midpoints(300) == [
        1, 4, 7, 10, 13, 16, 19, 22, 26, 29, 32, 35, 38, 41, 44, 47, 51, 54, 57, 60, 63, 66, 69, 72, 76, 79, 82, 85,
        88, 91, 94, 97, 101, 104, 107, 110, 113, 116, 119, 122, 126, 129, 132, 135, 138, 141, 144, 147, 151, 154,
        157, 160, 163, 166, 169, 172, 176, 179, 182, 185, 188, 191, 194, 197, 201, 204, 207, 210, 213, 216, 219,
        222, 226, 229, 232, 235, 238, 241, 244, 247, 251, 254, 257, 260, 263, 266, 269, 272, 276, 279, 282, 285,
        288, 291, 294, 297,
    ]
    # fmt: on


def test_midpoints_of_a_short_clip_end_in_its_last_picture() -> None:
    assert midpoints(3, count=5) == [0, 1, 2, 2, 2]


@pytest.mark.parametrize(("pictures", "count"), [(0, 10), (10, 0)])
def test_nothing_cannot_be_sampled(pictures: int, count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} of {pictures} pictures"):
        endpoints(pictures, count)
