"""Queries are read as written, plain sentences stay sentences, and mistakes are shown where they are."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from momentidx.caption.shotlog.asked import FILTERS
from momentidx.errors import WrongUse
from momentidx.search.filters import fields
from momentidx.search.parse import MAX_CHARACTERS, MAX_DEPTH, MAX_TERMS, parse
from momentidx.search.query import All, Either, Exact, Filter, How, Not, Query, Timed, Value, Words, walk, whole
from momentidx.search.tokens import QueryError

KNOWN = fields({"shotlog": FILTERS})
THEN, WHILE, WITHOUT, NEAR = How.THEN, How.WHILE, How.WITHOUT, How.NEAR


def words(*texts: str) -> tuple[Words, ...]:
    return tuple(map(Words, texts))


def one(name: str, text: str, compare: str = "=", to: str = "") -> Filter:
    return Filter(name, (Value(text, compare, to),))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("a red ball", Words("a red ball")),
        ('"red ball"', Exact("red ball")),
        ("“red ball”", Exact("red ball")),
        ("dog -cat", All((Words("dog"), Not(Words("cat"))))),
        ("dog NOT cat", All((Words("dog"), Not(Words("cat"))))),
        ('dog -"black cat"', All((Words("dog"), Not(Exact("black cat"))))),
        ("dog -(black cat)", All((Words("dog"), Not(Words("black cat"))))),
        ("dog shot:wide runs", All((Words("dog runs"), one("shot", "wide")))),
        ("a dog OR a cat", Either(words("a dog", "a cat"))),
        ("a dog OR a cat THEN a man", Timed(THEN, Either(words("a dog", "a cat")), Words("a man"))),
        ("a THEN b THEN c", Timed(THEN, Timed(THEN, *words("a", "b")), Words("c"))),
        ("a THEN (b WHILE c)", Timed(THEN, Words("a"), Timed(WHILE, *words("b", "c")))),
        ("a dog NEAR a cat", Timed(NEAR, *words("a dog", "a cat"))),
        ("a room WITHOUT people", Timed(WITHOUT, *words("a room", "people"))),
        ('"a" then "b"', Timed(THEN, Exact("a"), Exact("b"))),
        ("shot:wide then shot:cu", Timed(THEN, one("shot", "wide"), one("shot", "cu"))),
        ("he runs then falls within 10s", Timed(THEN, *words("he runs", "falls"), Fraction(10))),
        ("a NEAR b within 2 minutes", Timed(NEAR, *words("a", "b"), Fraction(120))),
        ("people:2..5", one("people", "2", "..", "5")),
        ("people:>=2", one("people", "2", ">=")),
        ("shot:cu,wide", Filter("shot", (Value("cu"), Value("wide")))),
        ('sound:"rock music"', one("sound", "rock music")),
        (r"\camera:x \then", Words("camera:x then")),
        ("talks (ropes, labels).", Words("talks ropes, labels.")),
        ("coach(es) at 2:35", Words("coach(es) at 2:35")),
    ],
)
def test_a_query_is_read_as_it_is_written(text: str, query: Query) -> None:
    assert parse(text) == query


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("the moment where she opens the letter, then looks up", Timed(THEN, *words("the moment where she opens the letter", "looks up"), said=True)),  # noqa: E501
        ("he sits and then stands", Timed(THEN, *words("he sits", "stands"), said=True)),
        ("He turns. Then, she leaves.", Timed(THEN, *words("He turns", "she leaves."), said=True)),
        ("a dog barks then a man shouts", Timed(THEN, *words("a dog barks", "a man shouts"), said=True)),
        ("close-up then wide", Timed(THEN, *words("close-up", "wide"), said=True)),
        ("a man sings while a woman dances", Timed(WHILE, *words("a man sings", "a woman dances"), said=True)),
        ("red door or green door", Either(words("red door", "green door"), said=True)),
    ],
)  # fmt: skip
def test_order_is_heard_in_a_sentence_and_the_sentence_is_kept(text: str, heard: Timed | Either) -> None:
    assert parse(text) == heard
    assert parse(whole(heard)) == heard


@pytest.mark.parametrize(
    "text",
    [
        "The man then jumps over the bar", "more then two people", "every now and then he looks up",
        "back then, a house",
        "Then she leaves", "She leaves then", "standing near a tree", "a room without people", "a cat or a dog",
        "one or two hurdles", "more or less empty", "he whistles while walking", "while she sleeps", "not a soul",
        "he arrives within 10 seconds", "a man: tall and old", "half-open door", "5\" plank", "smile :-(",
    ],
)  # fmt: skip
def test_a_plain_sentence_is_a_plain_sentence(text: str) -> None:
    assert parse(text) == Words(text.removesuffix(" :-("))


@pytest.mark.parametrize(
    ("text", "column", "sentence"),
    [
        ('red "ball', 5, "The quote is not closed"),
        ("(red ball", 1, "This bracket is never closed"),
        ("red ball)", 9, "This bracket was never opened"),
        ("red THEN", 5, "Nothing follows 'THEN'"),
        ("THEN red", 1, "Nothing stands before 'THEN'"),
        ("-red", 1, "Say also what to look for"),
        ("red -(a THEN b)", 9, "cannot hold 'then'"),
        ("red -(-ball)", 7, "left out twice"),
        ('red ""', 5, "no words between the quotes"),
        ("red duratoin:>5s", 5, "There is no filter 'duratoin'. Did you mean 'duration'?"),
        ("red shot:clse-up", 5, "Did you mean 'close-up'?"),
        ("red shot:>2", 5, "it can be this or another, not more or less"),
        ("red people:>", 5, "has no value here"),
        ("red duration:soon", 5, "write a length, such as 5s, 2m or 1:30"),
        ("red duration:2m..5s", 5, "ends before it begins: write 5s..2m"),
        ("red date:May", 5, "write a date as 2026, 2026-05 or 2026-05-04"),
        ("red rating:9", 5, "a rating is 0 to 5"),
        ("a THEN b WITHIN 2000m", 10, "more than a day"),
        ("x " + "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), MAX_DEPTH + 3, "Brackets can be 16 deep"),
        ("shot:cu " * (MAX_TERMS + 1), 8 * MAX_TERMS + 1, "at most 64 parts"),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_where_it_is(text: str, column: int, sentence: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(text, KNOWN)
    assert sentence in str(refused.value)
    assert refused.value.column == column
    line, marks = refused.value.below
    assert (line, marks.index("^")) == (f"  {text}", column + 1)


def test_a_long_text_and_no_text_are_refused() -> None:
    for text, sentence in [("", "empty"), ("?!", "no words"), ("a " * MAX_CHARACTERS, "3999 characters")]:
        with pytest.raises(WrongUse, match=sentence):
            parse(text)


def test_the_place_is_right_under_wide_letters() -> None:
    with pytest.raises(QueryError) as refused:
        parse("東京 (雨")
    assert refused.value.below == ("  東京 (雨", "       ^")


PIECES = st.sampled_from(
    [
        "red", "the", "he", "and", "more", "dog", "5\"", "2", "10s", "then", "THEN", "while", "WHILE", "or", "OR",
        "near",
        "NEAR", "without",
        "WITHOUT", "within 5s", "WITHIN 10 s", "NOT", "not", "-", "--", "(", ")", '"', "“", "\\", ",",
        ".", ", then", "shot:", "shot:wide", "people:2..5", 'sound:"a b"', "camera:>", "x:a,b", "coach(es)", "🎬", "\0",
        "\udce4", "عربي", "é", "..", "\\then", "\\(", "AND", "NEAR(", "*", "^", "{path}:x", "'; DROP TABLE event; --",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(st.characters(exclude_categories=()), max_size=6), max_size=14).flatmap(
    lambda pieces: st.sampled_from([" ".join(pieces), "".join(pieces)])
)


def is_read_or_refused(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as error:
        assert 1 <= error.column <= len(text)
    except WrongUse:
        assert not any(map(str.isalnum, text))
    else:
        assert parse(str(query)) == query
        assert all(any(map(str.isalnum, each.text)) for each in walk(query) if isinstance(each, Words | Exact))


@given(TEXTS)
@example("red THEN red then NEAR(")
@settings(max_examples=2000, deadline=None)
def test_any_text_is_read_or_refused_and_reads_the_same_again(text: str) -> None:
    is_read_or_refused(text)


@pytest.mark.slow
@given(TEXTS)
@settings(max_examples=50_000, deadline=None)
def test_fifty_thousand_texts_are_read_or_refused(text: str) -> None:
    is_read_or_refused(text)
