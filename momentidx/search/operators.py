"""Which words of a query are operators: `then while without near or`, `NOT` and `within 10s`.

Operators in capitals are always operators. In small letters they are where nobody would write them in a sentence:
beside a quote, a filter or a bracket, or before `within 10s`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from momentidx.search.heard import OR
from momentidx.search.query import How
from momentidx.search.tokens import Kind, Token

WITHIN = "within"
OPERATORS = (*How, OR)
_EXPLICIT_BEFORE = (Kind.EXACT, Kind.FILTER, Kind.CLOSE)
_EXPLICIT_AFTER = (Kind.EXACT, Kind.FILTER, Kind.OPEN, Kind.MINUS)
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(s|sec|secs|second|seconds|m|min|mins|minute|minutes)[.,;]?", re.ASCII)


def operator(word: str) -> str | None:
    """The operator that a word can be, in small letters."""
    folded = word.casefold()
    return folded if folded in OPERATORS else None


def length(words: Sequence[str]) -> tuple[Fraction, int] | None:
    """Seconds at the beginning of the words, and how many words they took."""
    for count in (1, 2):
        if match := _LENGTH.fullmatch("".join(words[:count])):
            return Fraction(match[1]) * (60 if match[2].startswith("m") else 1), count
    return None


def marked(found: list[Token]) -> list[Token]:
    """Words that are operators whatever the sentence says, as such."""
    known = list(found)
    for place, token in enumerate(found):
        name = operator(token.text) if token.kind is Kind.WORD and not token.escaped else None
        if name is not None and (token.text.isupper() or _beside_explicit(found, place)):
            known[place] = replace(token, kind=Kind.OPERATOR, text=name)
        elif token.kind is Kind.WORD and not token.escaped and token.text == "NOT":
            known[place] = replace(token, kind=Kind.MINUS)
    return _with_lengths(known)


def _beside_explicit(found: Sequence[Token], place: int) -> bool:
    if not 0 < place < len(found) - 1:
        return False
    before, after = found[place - 1], found[place + 1]
    if before.kind is Kind.OPEN or after.kind is Kind.CLOSE or (after.kind is Kind.WORD and operator(after.text)):
        return False
    return before.kind in _EXPLICIT_BEFORE or after.kind in _EXPLICIT_AFTER


def _with_lengths(found: list[Token]) -> list[Token]:
    """`within 10s` at the end of something timed; it makes an operator of the `then` or `near` before it."""
    place = 0
    while place < len(found):
        token = found[place]
        if token.kind is Kind.WORD and not token.escaped and token.text.casefold() == WITHIN:
            words = [each.text for each in found[place + 1 : place + 3] if each.kind is Kind.WORD and not each.escaped]
            seconds = length(words)
            before = _timed_before(found, place)
            if seconds is not None and before is not None and _ends(found, place + 1 + seconds[1]):
                found[before] = replace(found[before], kind=Kind.OPERATOR, text=found[before].text.casefold())
                last = found[place + seconds[1]]
                found[place : place + 1 + seconds[1]] = [Token(Kind.WITHIN, str(seconds[0]), token.start, last.end)]
        place += 1
    return found


def _timed_before(found: Sequence[Token], place: int) -> int | None:
    """The last THEN or NEAR before a place, in the same brackets; where there is none, the last such word."""
    depth = 0
    word = None
    for before in range(place - 1, 0, -1):
        token = found[before]
        depth += (token.kind is Kind.CLOSE) - (token.kind is Kind.OPEN)
        if depth < 0:
            break
        if depth or before == place - 1:
            continue
        if token.kind is Kind.OPERATOR and token.text != OR:
            return before if token.text in (How.THEN, How.NEAR) else word
        if token.kind is Kind.WORD and not token.escaped and word is None:
            word = before if operator(token.text) in (How.THEN, How.NEAR) else None
    return word


def _ends(found: Sequence[Token], place: int) -> bool:
    """Whether nothing follows that would go on with a sentence."""
    return place >= len(found) or found[place].kind is not Kind.WORD or operator(found[place].text) is not None
