"""A query's text in pieces, each with its place.

    red ball, then "walks out" -shot:wide (near THEN far) WITHIN 10s

A bracket, a quote, a minus and a `name:` count only at the beginning of a word, so that `coach(es)`, `5"` and
`half-open` stay as they are. A backslash makes a word of whatever follows up to the next blank.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum, auto

from momentidx.errors import WrongUse
from momentidx.search.query import Value

QUOTES = '"“”„'


class QueryError(WrongUse):
    """A query that cannot be read, with the place where it goes wrong."""

    def __init__(self, sentence: str, text: str, start: int, end: int) -> None:
        self.column = min(start, max(len(text) - 1, 0)) + 1
        """1 is the first character."""
        super().__init__(f"{sentence} (column {self.column})")
        begin = self.column - 1
        marks = "^" + "~" * (_cells(text[begin : max(end, begin + 1)]) - 1)
        self.below = (f"  {text}", f"  {' ' * _cells(text[:begin])}{marks}")


class Kind(Enum):
    WORD = auto()
    EXACT = auto()
    FILTER = auto()
    MINUS = auto()
    OPEN = auto()
    CLOSE = auto()
    OPERATOR = auto()
    """Made from words by `parse`."""
    WITHIN = auto()
    """The same."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text."""

    kind: Kind
    text: str
    """The word, what is between the quotes, or the filter's name."""
    start: int
    end: int
    values: tuple[Value, ...] = ()
    """Of a filter."""
    escaped: bool = False


_WORD = re.compile(r"[^\s()](?:[^\s()]|\([^\s()]*\)|\()*")
_NAME = re.compile(r"([A-Za-z][A-Za-z-]*):(?=[^\s):,;])")
_COMPARE = re.compile(r">=|<=|>|<|=|")
_BARE = re.compile(rf"[^\s,(){QUOTES}]*")


def tokens(text: str) -> list[Token]:
    """The pieces in order; raises QueryError for a quote that is not closed and a filter without a value."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found.append(token := _token(text, at))
        at = token.end
        # Brackets and a minus stand before something; after all else the next word begins with a blank or a bracket.
        while token.kind in (Kind.EXACT, Kind.FILTER) and at < len(text) and text[at] in ",;.":
            at += 1
    return found


def _token(text: str, at: int) -> Token:
    letter, after = text[at], text[at + 1 : at + 2]
    if letter == "\\" and after and not after.isspace():
        end = _blank(text, at)
        return Token(Kind.WORD, text[at + 1 : end], at, end, escaped=True)
    if letter in QUOTES:
        inner, end = _quoted(text, at)
        if not any(map(str.isalnum, inner)):
            raise QueryError("There are no words between the quotes", text, at, end)
        return Token(Kind.EXACT, " ".join(inner.split()), at, end)
    if letter in "()":
        return Token(Kind.OPEN if letter == "(" else Kind.CLOSE, letter, at, at + 1)
    if letter == "-" and (after.isalnum() or after in tuple(QUOTES) or (after and after in "(\\")):
        return Token(Kind.MINUS, letter, at, at + 1)
    if name := _NAME.match(text, at):
        return _filter(text, name)
    word = _WORD.match(text, at)
    assert word is not None  # it begins with what is neither blank nor bracket
    return Token(Kind.WORD, word[0], at, word.end())


def _filter(text: str, name: re.Match[str]) -> Token:
    values: list[Value] = []
    at = name.end()
    while True:
        compare = _COMPARE.match(text, at)
        assert compare is not None  # it matches nothing as well
        sign, start = compare[0] or "=", compare.end()
        if text[start : start + 1] in tuple(QUOTES):
            inner, end = _quoted(text, start)
            value = Value(" ".join(inner.split()), sign)
        else:
            bare = _BARE.match(text, start)
            assert bare is not None
            end = bare.end()
            low, dots, high = bare[0].partition("..")
            value = Value(low, "..", high) if dots and sign == "=" and "/" not in bare[0] else Value(bare[0], sign)
        if not value.text and not value.to:
            raise QueryError(f"The filter '{name[1]}' has no value here", text, name.start(), max(end, start + 1))
        values.append(value)
        more = text[end : end + 1] == "," and text[end + 1 : end + 2].strip()
        if not more:
            return Token(Kind.FILTER, name[1].casefold(), name.start(), end, tuple(values))
        at = end + 1


def _quoted(text: str, at: int) -> tuple[str, int]:
    """What is between the quotes, and the place after them."""
    end = next((place for place in range(at + 1, len(text)) if text[place] in QUOTES), None)
    if end is None:
        raise QueryError('The quote is not closed. Put a second " after the last word of it', text, at, len(text))
    return text[at + 1 : end], end + 1


def _blank(text: str, at: int) -> int:
    return next((place for place in range(at, len(text)) if text[place].isspace()), len(text))


def nearest(word: str, known: Sequence[str]) -> str:
    """The most similar of the words that there are, as a question; empty when none is similar."""
    close = get_close_matches(word, known, n=1)
    return f" Did you mean '{close[0]}'?" if close else ""


def _cells(text: str) -> int:
    """Columns of a terminal."""
    return sum(
        2 if unicodedata.east_asian_width(letter) in "WF" else not unicodedata.combining(letter) for letter in text
    )
