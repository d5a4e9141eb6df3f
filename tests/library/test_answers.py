"""What captioners and embedders answer is kept exactly, or refused."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from momentidx.errors import UnusableFootage
from momentidx.events import Event
from momentidx.library import WritableLibrary, answers
from momentidx.times import Span
from tests.library.making import (
    BASE,
    FOOTAGE,
    LETTERS,
    TWO,
    WANTED,
    described,
    event,
    file,
    indexed,
    other,
    recognised,
    stage,
)

START, END = FOOTAGE.span.start, FOOTAGE.span.end
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
EVENTS = st.builds(
    Event,
    span=st.tuples(st.integers(START, END - 1), st.integers(1, END)).map(
        lambda pair: Span(pair[0], min(pair[0] + pair[1], END), BASE)
    ),
    caption=st.text().filter(answers.plain),
    kind=st.text(),
    edge=st.fractions(min_value=0),
    measures=st.dictionaries(st.text(), JSON, max_size=3),
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WritableLibrary]:
    """One library for all examples; each is a footage of its own."""
    with WritableLibrary.open(tmp_path_factory.mktemp("shared")) as library:
        yield library


@settings(max_examples=100, deadline=None)
@given(events=st.lists(EVENTS, max_size=5), data=st.data())
def test_any_event_comes_back_as_it_went_in(shared: WritableLibrary, events: list[Event], data: st.DataObject) -> None:
    numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
    rows = [data.draw(st.lists(numbers, min_size=3, max_size=3).filter(any)) for _ in events]
    vectors = np.array(rows, np.float32).reshape(len(events), 3)
    fingerprint = uuid4().hex
    seen = file(shared.folder, f"{fingerprint}.mp4")
    indexed(shared, seen, other(fingerprint), described(events), embed=lambda _: vectors)
    moments = sorted(shared.moments(fingerprint), key=lambda moment: moment.id)
    ids, stored = shared.vectors(LETTERS)
    expected = [
        replace(event, caption=answers.plain(event.caption)[:2000].rstrip(), kind=answers.plain(event.kind))
        for event in events
    ]
    assert [moment.event for moment in moments] == expected
    assert ids.tolist()[len(ids) - len(events) :] == [moment.id for moment in moments]
    assert stored[len(ids) - len(events) :].tobytes() == vectors.tobytes()


@given(st.text())
def test_plain_text_is_one_composed_line_that_any_database_takes(text: str) -> None:
    plain = answers.plain(text)
    assert answers.plain(plain) == plain
    assert plain == plain.strip()
    assert unicodedata.is_normalized("NFC", plain)
    assert not any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in plain)


def test_captions_become_one_plain_line(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    messy = event(START, END, "  A cafe\u0301\x00\n\tat\x1b[31mnight \ud800" + "." * 3000)
    indexed(library, seen, FOOTAGE, described([messy]))
    (moment,) = library.moments()
    begins = "A café at [31mnight "
    assert moment.event.caption == begins + "." * (2000 - len(begins))


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (event(START - 1, END, "Early."), f"an event at [{START - 1}, {END}), outside the footage [{START}, {END})"),
        (event(START, END + 1, "Late."), f"an event at [{START}, {END + 1}), outside the footage [{START}, {END})"),
        (Event(Span(1, 2, Fraction(1, 1000)), "Other base."), "did not answer in ticks of 1/12800 s"),
        (Event(Span(2000.5, 3000, BASE), "Half a tick."), "did not answer in ticks of 1/12800 s"),  # type: ignore[arg-type]
        (event(START, END, " \x00\n"), f"an event at [{START}, {END}) without a word"),
        (Event(FOOTAGE.span, "Not a number.", measures={"pan": math.nan}), "measures that are no JSON"),
        (Event(FOOTAGE.span, "An object.", measures={"pan": object()}), "measures that are no JSON"),
    ],
)
def test_a_captioner_that_makes_no_sense_fails_the_file(
    library: WritableLibrary, tmp_path: Path, bad: Event, complaint: str
) -> None:
    seen = file(tmp_path)
    job = stage(recognised(library, seen), "describe")
    with pytest.raises(UnusableFootage) as refused:
        library.keep_layer(job, FOOTAGE, seen.path, described([*TWO, bad]), WANTED)
    assert (refused.value.code, refused.value.passing) == ("captioner-answer", False)
    assert str(refused.value).startswith(f"{seen.path}: the captioner 'shots' ")
    assert complaint in str(refused.value)
    assert library.moments() == []


@pytest.mark.parametrize(
    ("vectors", "complaint"),
    [
        (np.array([[1, 2], [math.nan, 1]], np.float32), "infinite or undefined numbers"),
        (np.array([[1, 2], [math.inf, 1]], np.float32), "infinite or undefined numbers"),
        (np.array([[1, 2], [0, 0]], np.float32), "a vector of zeros"),
        (np.ones((1, 2), np.float32), "float32 vectors of shape (1, 2) for 2 captions"),
        (np.ones((2, 0), np.float32), "float32 vectors of shape (2, 0) for 2 captions"),
        (np.ones(2, np.float32), "float32 vectors of shape (2,) for 2 captions"),
        (np.ones((2, 2), np.float64), "float64 vectors of shape (2, 2) for 2 captions"),
    ],
)
def test_an_embedder_that_makes_no_sense_fails_the_file(
    library: WritableLibrary, tmp_path: Path, vectors: Any, complaint: str
) -> None:
    with pytest.raises(UnusableFootage) as refused:
        indexed(library, file(tmp_path), embed=lambda _: vectors)
    assert refused.value.code == "embedder-answer"
    assert complaint in str(refused.value)
    assert library.moments() == []


def test_stills_that_do_not_match_the_events_fail_the_file(library: WritableLibrary, tmp_path: Path) -> None:
    with pytest.raises(UnusableFootage, match="came with 1 stills for 2 events"):
        indexed(library, file(tmp_path), FOOTAGE, replace(described(), stills=[b"one"]))


def test_facts_with_names_that_are_not_utf8_come_back(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    odd = replace(other("beef" * 8), reel="caf\udce9", warnings=("\x00",))
    indexed(library, seen, odd)
    assert library.footage_of(seen.path) == odd
