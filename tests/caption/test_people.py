"""People are told from what detectors saw: how many, how large, where, and how they come and go."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from momentidx.caption.shotlog import words
from momentidx.caption.shotlog.people import Finder, People, Person, people
from momentidx.models.tflite import Detection
from momentidx.times import Span

SHOT = Span(0, 1000, Fraction(1, 100))
TIMES = [100 * second for second in range(10)]
BODY = Person(0.4, 0.2, 0.6, 1.0, 0.8, clothes="black")


def told(*looks: list[Person]) -> list[tuple[tuple[int, int], str]]:
    """(start, end in hundredths of a second) and sentence of each stretch with people."""
    seen = [*looks, *[[]] * (10 - len(looks))]
    return [((each.span.start, each.span.end), words.people(each)) for each in people(SHOT, TIMES, seen)]


def at(middle: float, **changes: object) -> Person:
    return replace(BODY, left=middle - 0.1, right=middle + 0.1, **changes)


def test_somebody_who_comes_and_goes_is_one_event() -> None:
    looks = [[], [at(0.1)], [at(0.4)], [at(0.5)], [], [at(0.6)], [at(0.9)]]
    assert told(*looks) == [((50, 650), "A person in black, enters from the left, leaves on the right.")]


def test_who_is_there_from_cut_to_cut_neither_enters_nor_leaves() -> None:
    assert told(*[[at(0.1)]] * 10) == [((0, 1000), "A person in black on the left of the picture.")]


def test_several_people_are_counted_as_they_usually_are() -> None:
    looks = [[at(0.2), at(0.8)]] * 7 + [[at(0.2)]] * 3
    assert told(*looks) == [((0, 1000), "Two people on the left of the picture.")]
    assert told(*[[at(0.1), at(0.3), at(0.5), at(0.7), at(0.9)]] * 10) == [((0, 1000), "Five people.")]


def test_one_false_hit_and_many_weak_ones_are_nobody() -> None:
    assert told([], [at(0.5)]) == []
    assert told(*[[at(0.5, score=0.5)]] * 10) == []


@pytest.mark.parametrize(
    ("person", "size"),
    [
        (replace(BODY, face="frontal", face_height=0.8), "extreme-close-up"),
        (replace(BODY, face="frontal", face_height=0.4), "close-up"),
        (replace(BODY, face="profile", face_height=0.25), "medium-close-up"),
        (replace(BODY, face="frontal", face_height=0.15), "medium"),
        (BODY, "medium"),  # cut off at the lower edge
        (replace(BODY, left=0.2, right=0.8), "medium-close-up"),  # cut off, and broad
        (replace(BODY, top=0.1, bottom=0.9), "full"),
        (replace(BODY, top=0.3, bottom=0.8), "wide"),
        (replace(BODY, top=0.6, bottom=0.8), "extreme-wide"),
    ],
)
def test_the_size_of_the_shot_is_told_by_the_face_else_by_the_body(person: Person, size: str) -> None:
    (found,) = people(SHOT, TIMES, [[person]] * 10)
    assert found.size == size
    assert found.facing == (person.face == "frontal")


def test_the_sentence_of_a_whole_shot_begins_with_its_size() -> None:
    found = People(SHOT, 2, "close-up", "middle", True, False, None, None, None, 0.8, Fraction(0))
    assert words._people(found, framed=True) == "close-up of two people, facing the camera"


def test_boxes_of_one_body_are_one_person_with_the_colour_of_its_clothes() -> None:
    picture = np.full((180, 320, 3), 200, np.uint8)
    picture[40:180, 120:200] = (200, 20, 20)
    boxes = [
        Detection("person", 0.8, 0.375, 0.2, 0.625, 1.0),
        Detection("person", 0.6, 0.38, 0.25, 0.6, 0.9),
        Detection("dog", 0.9, 0.0, 0.0, 0.2, 0.2),
    ]
    (person,) = Finder()(picture, boxes)
    assert (person.score, person.clothes, person.face) == (0.8, "red", None)


def test_an_empty_room_has_nobody_in_it() -> None:
    finder = Finder()
    rng = np.random.default_rng(1)
    for picture in (np.zeros((180, 320, 3), np.uint8), rng.integers(0, 256, (180, 320, 3), np.uint8)):
        assert finder(picture, None) == []
    assert finder(np.zeros((2, 2, 3), np.uint8), None) == []
