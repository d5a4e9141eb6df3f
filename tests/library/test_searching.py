"""Words by FTS5, conditions, and saved searches: what they answer, and that they stay in step."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from momentidx.errors import WrongUse
from momentidx.events import Event, Filter, Layer, values_of
from momentidx.library import (
    Bins,
    Captions,
    Condition,
    Described,
    Library,
    Range,
    SavedSearches,
    WritableLibrary,
    sqlite,
)
from momentidx.library.words import expression
from tests.library.making import FOOTAGE, SHOTS, event, file, indexed, other

DOOR = event(1024, 65_024, "A red door opens slowly.")
DOG = replace(
    event(65_024, 129_024, "A dog runs through, barking."), kind="object", measures={"name": "Dog", "count": 2}
)
FILTERS = {"object": Filter(("object/name",)), "people": Filter(("object/count",))}


@pytest.fixture
def filled(library: WritableLibrary, folder: Path) -> WritableLibrary:
    """Two clips; the second lies in a folder of its own."""
    layer = Described(SHOTS, (DOOR, DOG), filters=FILTERS)
    indexed(library, file(folder.parent), FOOTAGE, layer)
    (folder.parent / "Day 2").mkdir()
    plain = replace(other("beef" * 8), reel="B007", camera=None, created=None, audio=())
    indexed(library, file(folder.parent / "Day 2", "b.mp4", b"more"), plain, Described(SHOTS, (DOOR,)))
    return library


def captions(library: Library, ids: Sequence[int]) -> list[str]:
    return [moment.event.caption for moment in library.moments(ids=ids)]


def test_words_are_found_in_any_form_and_phrases_in_their_order(filled: WritableLibrary) -> None:
    assert captions(filled, list(filled.word_hits(["bark", "run"]))) == [DOG.caption]
    assert len(filled.word_hits(["opening"])) == 2
    assert len(filled.word_hits([], phrases=[["red", "door"]])) == 2
    assert filled.word_hits([], phrases=[["door", "red"]]) == {}
    assert filled.word_hits([]) == {}
    best, *_ = filled.word_hits(["red", "dog", "barking"])
    assert captions(filled, [best]) == [DOG.caption]


def test_words_are_completed_to_those_that_captions_have(filled: WritableLibrary, folder: Path) -> None:
    assert filled.words_beginning("do") == [("door", 2), ("dog", 1)]
    assert filled.words_beginning("OPEN") == [("opens", 2)]
    assert filled.words_beginning("opene") == []
    assert filled.words_beginning("do", limit=1) == [("door", 2)]
    for none in ("", "red door", "*", '"', "x:y"):
        assert filled.words_beginning(none) == []
    indexed(filled, file(folder.parent), FOOTAGE, Described(Layer("shots", "2"), (event(1024, 65_024, "A cat."),)))
    assert filled.words_beginning("dog") == []


def test_names_that_only_the_library_knows_are_told(filled: WritableLibrary) -> None:
    assert filled.values("reel") == ["A001", "B007"]
    assert filled.values("captioner") == ["shots"]
    assert filled.values("label") == []
    moment = filled.moments()[0]
    Captions(filled.folder, "letters").change(moment.id, labels=["Keep", "blue car"])
    assert sorted(filled.values("label")) == ["Keep", "blue car"]


def test_footage_is_listed_by_name_a_few_at_a_time(filled: WritableLibrary) -> None:
    def named(*words: str, offset: int = 0, limit: int = 9) -> tuple[list[str], int]:
        found, total = filled.footage_named(words, offset=offset, limit=limit)
        return [summary.locations[0].path.name for summary in found], total

    everything = [summary.locations[0].path.name for summary in filled.footage()]
    assert named() == (everything, 2)
    assert named(offset=1, limit=1) == (everything[1:], 2)
    assert named("DAY 2") == named("b.mp4", "day") == named("b007") == (["b.mp4"], 1)
    assert named("100%") == ([], 0)
    assert filled.silent() == 0


def test_words_stay_in_step_with_the_events(filled: WritableLibrary, folder: Path) -> None:
    indexed(filled, file(folder.parent), FOOTAGE, Described(Layer("shots", "2"), (event(1024, 65_024, "A cat."),)))
    assert filled.word_hits(["dog"]) == {}
    assert captions(filled, list(filled.word_hits(["cat"]))) == ["A cat."]
    with closing(sqlite3.connect(folder / sqlite.DATABASE)) as connection:
        connection.execute("INSERT INTO event_words(event_words, rank) VALUES ('integrity-check', 1)")


def test_a_layer_in_the_making_does_not_answer(filled: WritableLibrary, folder: Path) -> None:
    with closing(sqlite3.connect(folder / sqlite.DATABASE)) as connection, connection:
        connection.execute("UPDATE layer SET current = 0 WHERE footage_id = 1")
    assert filled.word_hits(["dog"]) == {}
    assert len(filled.word_hits(["door"])) == 1
    assert filled.matching([[Condition("object", ("dog",), declared=True)]]) == []


def test_every_token_is_quoted() -> None:
    assert expression(['a"b', "NEAR(", "caption:x"], [("x*", "y")]) == '("a""b" OR "NEAR(" OR "caption:x") AND "x* y"'


@given(st.lists(st.text(max_size=12), max_size=6), st.lists(st.lists(st.text(max_size=8), max_size=3), max_size=2))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_is_an_error(filled: WritableLibrary, tokens: list[str], phrases: list[list[str]]) -> None:
    assert len(filled.word_hits(tokens, phrases=phrases)) <= 3


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        (Condition("folder", ("Day 2",)), 1),
        (Condition("folder", ("day 2",)), 1),
        (Condition("folder", ("Day",)), 0),
        (Condition("folder", ("Da*",)), 1),
        (Condition("folder", ("%",)), 0),
        (Condition("camera", ("acme",)), 2),
        (Condition("camera", ("acme",), negative=True), 1),
        (Condition("reel", ("a001", "B007")), 3),
        (Condition("reel", ("b*",)), 1),
        (Condition("date", ranges=(Range("2026-05", "2026-05-99"),)), 2),
        (Condition("date", ranges=(Range(low="2026-05-99", low_included=False),)), 0),
        (Condition("duration", ranges=(Range(10, 10),)), 3),
        (Condition("duration", ranges=(Range(high=10, high_included=False),)), 0),
        (Condition("fps", ranges=(Range(29.96, 29.98),)), 3),
        (Condition("orientation", ("landscape",)), 3),
        (Condition("resolution", ("640x360",)), 3),
        (Condition("resolution", ranges=(Range(low=361),)), 0),
        (Condition("has", ("audio",)), 2),
        (Condition("has", ("timecode",)), 3),
        (Condition("captioner", ("shots",)), 3),
        (Condition("object", ("dog",), declared=True), 1),
        (Condition("people", ("2",), declared=True), 1),
        (Condition("people", ranges=(Range(low=1, low_included=False),), declared=True), 1),
        (Condition("people", ranges=(Range(low=2, low_included=False),), declared=True), 0),
        (Condition("object", ("dog",), declared=True, negative=True), 2),
        (Condition("label", ("x",)), 0),
        (Condition("folder", ("'; DROP TABLE event; --",)), 0),
    ],
)
def test_a_condition_is_met_by_these(filled: WritableLibrary, condition: Condition, count: int) -> None:
    everything = filled.matching([])
    assert len(filled.matching([[condition]])) == count
    assert filled.matching([[condition]], among=everything) == filled.matching([[condition]])


def test_all_conditions_and_any_alternative(filled: WritableLibrary) -> None:
    dog, reel = Condition("object", ("dog",), declared=True), Condition("reel", ("B007",))
    assert len(filled.matching([[dog, reel]])) == 2
    assert filled.matching([[dog], [reel]]) == []


def test_a_rating_is_that_of_the_moment_in_a_bin(filled: WritableLibrary) -> None:
    first = filled.moments()[0]
    Bins(filled.folder).add("best", [first])
    Bins(filled.folder).rate("best", 1, 4)
    assert filled.matching([[Condition("rating", ranges=(Range(low=4),))]]) == [first.id]
    assert filled.matching([[Condition("rating", ranges=(Range(low=5),))]]) == []


def test_values_are_told_apart_by_text_and_number(filled: WritableLibrary) -> None:
    assert list(values_of(DOG, FILTERS)) == [("object", "dog", None), ("people", "2", 2)]
    lists = Event(DOG.span, "x", "shot", measures={"things": [{"n": "a"}, {"n": "b"}, {"n": None}], "held": True})
    paths = {"thing": Filter(("shot/things.n", "other/things.n")), "held": Filter(("shot/held", "shot/none.at.all"))}
    assert list(values_of(lists, paths)) == [("thing", "a", None), ("thing", "b", None)]
    assert filled.values("object") == ["dog"]


def test_a_search_is_kept_run_and_forgotten(filled: WritableLibrary) -> None:
    searches = SavedSearches(filled.folder)
    assert (searches.save("doors", "red"), searches.save(" doors ", "a red door")) == (False, True)
    (kept,) = filled.saved_searches()
    assert (kept.name, kept.query, kept.ran_at, kept.newest_event) == ("doors", "a red door", None, 0)
    searches.seen("doors", filled.newest_event())
    assert filled.saved_search("doors").newest_event == max(moment.id for moment in filled.moments())
    searches.remove("doors")
    assert filled.saved_searches() == []
    with pytest.raises(WrongUse, match="There is no saved search 'doors'"):
        searches.remove("doors")


def test_a_name_that_is_none_is_refused_and_a_near_one_told(filled: WritableLibrary) -> None:
    searches = SavedSearches(filled.folder)
    for name in ("", " \n", "x" * 101):
        with pytest.raises(WrongUse, match="has 1 to 100 characters"):
            searches.save(name, "a dog")
    searches.save("doors", "a door")
    with pytest.raises(WrongUse, match="Did you mean 'doors'"):
        filled.saved_search("door")


def test_events_of_a_layer_in_the_making_are_still_to_come(filled: WritableLibrary, folder: Path) -> None:
    newest = filled.newest_event()
    assert newest == 3
    with closing(sqlite3.connect(folder / sqlite.DATABASE)) as connection, connection:
        connection.execute("UPDATE layer SET current = 0 WHERE footage_id = 2")
    assert filled.newest_event() == newest - 1
