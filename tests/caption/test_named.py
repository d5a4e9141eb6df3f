"""Named things are said in plain words, and only when it is sure what they are."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from momentidx.caption.shotlog.named import Sight, named, plain
from momentidx.caption.shotlog.plain_words import HEARD, SHOWN, counted
from momentidx.models.tflite import Detection
from momentidx.times import Span

SHOT = Span(0, 1000, Fraction(1, 100))
TIMES = [100 * second for second in range(10)]


def sight(score: float = 0.0, label: str = "dog", shown: float = 0.0, boxes: int = 1) -> Sight:
    found = [Detection(label, score, 0.3 * n, 0.1, 0.3 * n + 0.2, 0.3) for n in range(boxes)] if score else []
    return Sight(found, {label: shown} if shown else {})


def told(*sights: Sight) -> list[tuple[str, int, tuple[int, int]]]:
    looks = [*sights, *[sight()] * (10 - len(sights))]
    return [(each.name, each.count, (each.span.start, each.span.end)) for each in named(SHOT, TIMES, looks)]


def test_the_detector_alone_must_be_very_sure_and_for_long() -> None:
    assert told(*[sight(0.75)] * 5) == [("dog", 1, (0, 450))]
    assert told(*[sight(0.75)] * 4) == []
    assert told(*[sight(0.65)] * 10) == []


def test_what_both_networks_say_is_believed_sooner() -> None:
    assert told(*[sight(0.65, shown=0.3)] * 4) == [("dog", 1, (0, 350))]
    assert told(*[sight(0.65, shown=0.1)] * 4) == []  # over the whole shot that is next to nothing


def test_what_only_the_whole_picture_says_must_hold_for_most_of_the_shot() -> None:
    assert told(*[sight(shown=0.6, label="coast")] * 8) == [("coast", 1, (0, 750))]
    assert told(*[sight(shown=0.6, label="coast")] * 4) == []


def test_things_that_lie_apart_are_counted() -> None:
    assert told(*[sight(0.8, boxes=3)] * 10) == [("dog", 3, (0, 1000))]


def test_a_hundred_kinds_of_dog_are_one_word() -> None:
    probabilities = np.zeros(1001, np.float32)
    probabilities[[160, 200]] = 0.25  # two breeds
    probabilities[510] = 0.04  # too little of anything
    assert plain(probabilities) == {"dog": 0.5}


def test_no_class_has_two_words_and_every_class_exists() -> None:
    numbers = [number for classes in SHOWN.values() for number in classes]
    assert len(set(numbers)) == len(numbers)
    assert min(numbers) > 0
    assert max(numbers) <= 1000
    heard = [label for labels in HEARD.values() for label in labels]
    assert len(set(heard)) == len(heard)


@pytest.mark.parametrize(
    ("name", "count", "text"),
    [
        ("dog", 1, "a dog"),
        ("airplane", 1, "an airplane"),
        ("person", 2, "two people"),
        ("bus", 3, "three buses"),
        ("book", 9, "several books"),
        ("cell phone", 2, "two mobile phones"),
        ("tv", 1, "a television"),
        ("food", 1, "food"),
        ("butterfly", 2, "two butterflies"),
        ("bench", 2, "two benches"),
    ],
)
def test_things_are_counted_as_in_a_sentence(name: str, count: int, text: str) -> None:
    assert counted(name, count) == text
