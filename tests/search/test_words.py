"""The share of the asked words that a caption has."""

from itertools import pairwise

import pytest

from momentidx.search.words import ENDING, WORD, stems, vocabulary
from momentidx.search.words import shares as shares_of


def shares(query: str, captions: list[str]) -> list[float]:
    wanted = frozenset(stems(query))
    return shares_of(wanted, [wanted.intersection(stems(caption)) for caption in captions])


def test_all_words_count_one_and_none_nothing() -> None:
    assert shares("a red door", ["A red door.", "A RED, red door opens a bit!", "Two boats."]) == [1, 1, 0]


@pytest.mark.parametrize("asked", ["pan", "pans", "panned", "panning", "PANS"])
def test_a_word_counts_in_all_its_forms(asked: str) -> None:
    captions = [f"The camera {form} left." for form in ("pan", "pans", "panned", "panning")]
    assert shares(asked, [*captions, "A pen.", "A span."]) == [1, 1, 1, 1, 0, 0]


def test_short_words_keep_their_ends() -> None:
    assert shares("red is", ["r i", "red is"]) == [0, 1]


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    red, door, both, neither = shares("red door", ["red boat", "blue door", "red door", "a boat"])
    assert (red, both, neither) == (door, 1, 0)
    rare, common, *_ = shares("red door", ["red boat", "blue door", "green door", "old door", "new door"])
    assert rare > 3 * common


def test_more_of_the_words_count_more() -> None:
    found = shares("one two three four", ["none", "one", "one two", "one two three", "one two three four"])
    assert all(less < more for less, more in pairwise(found))


def test_words_of_other_scripts_are_words() -> None:
    assert shares("ночь дождь", ["Ночь и дождь.", "Утро."]) == [1, 0]


@pytest.mark.parametrize("query", ["", "?!", "_"])
def test_a_query_without_words_has_no_share(query: str) -> None:
    assert shares(query, ["A red door.", ""]) == [0, 0]


def test_no_captions_have_no_shares() -> None:
    assert shares("a red door", []) == []


def test_words_end_wherever_there_is_no_letter_or_digit() -> None:
    text = "Ça_va: 5½ naïve/ночь—ДОЖДЬ\t²x\u2028\U0001f600ok don't"
    assert stems(text) == [ENDING.sub("", word) for word in WORD.findall(text.casefold())]


def test_the_vocabulary_has_the_stems_of_all_texts() -> None:
    assert vocabulary(["A red door", "doors", "Opening_it"]) == {"a", "red", "door", "open", "it"}
    assert vocabulary([]) == set()
