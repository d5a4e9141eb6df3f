"""What was asked, as a tree: the result of `parse`, and the way back to text.

`str` of a query is a query that reads the same, with its operators in capitals and brackets where they
are needed. Words that would be read as something else get a backslash.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class How(StrEnum):
    """How two moments of one clip lie to each other."""

    THEN = "then"
    """The second begins later and ends later."""
    WHILE = "while"
    """They overlap."""
    WITHOUT = "without"
    """The first, where nothing of the second is."""
    NEAR = "near"
    """A few seconds apart, in either order."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words that are searched by their meaning and by themselves."""

    text: str
    """One blank between words."""

    def __str__(self) -> str:
        from momentidx.search.parse import safe

        return safe(self.text)

    def inside(self) -> str:
        """As a part of a sentence that order is heard in."""
        from momentidx.search.parse import safe

        return safe(self.text, inside=True)


@dataclass(frozen=True, slots=True)
class Exact:
    """Words that a caption must have, in this order and form."""

    text: str

    def __str__(self) -> str:
        return f'"{self.text}"'


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a filter as it was written; a range when it has two ends."""

    text: str
    """Also the lower end of a range; empty when it is open."""
    compare: str = "="
    """`=`, `>`, `>=`, `<`, `<=` or `..`"""
    to: str = ""
    """The upper end of a range; empty when it is open."""

    def __str__(self) -> str:
        if self.compare == "..":
            return f"{self.text}..{self.to}"
        return f"{self.compare.removeprefix('=')}{_quoted(self.text)}"


@dataclass(frozen=True, slots=True)
class Filter:
    """A fact that a moment or its footage must have: any of the values."""

    name: str
    values: tuple[Value, ...]

    def __str__(self) -> str:
        return f"{self.name}:{','.join(map(str, self.values))}"


@dataclass(frozen=True, slots=True)
class Not:
    """What a moment must not be."""

    query: Words | Exact | Filter | All | Either

    def __str__(self) -> str:
        single = isinstance(self.query, Exact | Filter) or (
            isinstance(self.query, Words) and " " not in self.query.text and str(self.query)[0].isalnum()
        )
        return f"-{self.query}" if single else f"-{_in_brackets(self.query)}"


@dataclass(frozen=True, slots=True)
class All:
    """Everything of it: words, if any, are first and one sentence."""

    queries: tuple[Query, ...]
    """At least two, none of them `All`."""

    def __str__(self) -> str:
        return " ".join(
            _in_brackets(query) if _compound(query) and (place or not is_said(query)) else str(query)
            for place, query in enumerate(self.queries)
        )


@dataclass(frozen=True, slots=True)
class Either:
    """Any of it."""

    queries: tuple[Query, ...]
    """At least two, none of them `Either`."""
    said: bool = False
    """See `Timed.said`."""

    def __str__(self) -> str:
        if self.said:
            return " or ".join(map(_part, self.queries))
        return " OR ".join(_in_brackets(query) if _loose(query) else str(query) for query in self.queries)


@dataclass(frozen=True, slots=True)
class Timed:
    """Two moments of one clip."""

    how: How
    first: Query
    second: Query
    within: Fraction | None = None
    """Seconds between them at most, for `then` and `near`."""
    said: bool = False
    """Whether it was read out of a plain sentence. Such a sentence may as well be told by one event."""

    def __str__(self) -> str:
        if self.said:
            return f"{_part(self.first)}, {self.how} {_part(self.second)}"
        first = _in_brackets(self.first) if _wide(self.first) else str(self.first)
        second = _in_brackets(self.second) if isinstance(self.second, Timed) or _wide(self.second) else str(self.second)
        within = "" if self.within is None else f" WITHIN {_seconds(self.within)}"
        return f"{first} {self.how.upper()} {second}{within}"


Query = Words | Exact | Filter | Not | All | Either | Timed


def is_said(query: Query) -> bool:
    """Whether a query was read out of a plain sentence."""
    return isinstance(query, Either | Timed) and query.said


def whole(query: Query) -> str:
    """The plain sentence that a query was read out of."""
    match query:
        case Words():
            return query.text
        case Timed():
            return f"{whole(query.first)}, {query.how} {whole(query.second)}"
        case Either():
            return " or ".join(map(whole, query.queries))
    raise TypeError(f"no sentence: {query!r}")


def walk(query: Query) -> Iterator[Query]:
    """A query and everything in it."""
    yield query
    match query:
        case All() | Either():
            inner: tuple[Query, ...] = query.queries
        case Timed():
            inner = (query.first, query.second)
        case Not():
            inner = (query.query,)
        case _:
            inner = ()
    for each in inner:
        yield from walk(each)


def _part(query: Query) -> str:
    return query.inside() if isinstance(query, Words) else str(query)


def _compound(query: Query) -> bool:
    return isinstance(query, All | Either | Timed)


def _loose(query: Query) -> bool:
    """Whether it would fall apart beside OR."""
    return isinstance(query, Timed) or is_said(query) or (isinstance(query, All) and is_said(query.queries[0]))


def _wide(query: Query) -> bool:
    """Whether it would be read otherwise beside THEN."""
    return is_said(query) or (isinstance(query, All) and is_said(query.queries[0]))


def _quoted(text: str) -> str:
    plain = text and all(letter.isalnum() or letter in "-_/.:*+~#" for letter in text) and ".." not in text
    return text if plain or not text else f'"{text}"'


def _seconds(seconds: Fraction) -> str:
    return f"{float(seconds):.3f}".rstrip("0").rstrip(".") + "s"


def _in_brackets(query: Query) -> str:
    """A last word with a backslash, or with a bracket of its own, goes on to the next blank."""
    text = str(query)
    last = text.split()[-1]
    return f"({text} )" if last.startswith("\\") or "(" in last else f"({text})"
