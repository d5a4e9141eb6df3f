"""Text becomes a query: recursive descent over the tokens, and the reading of plain sentences.

    timed  = either { (THEN | WHILE | WITHOUT | NEAR) either [WITHIN length] }
    either = all { OR all }
    all    = one or more of: word, "exact words", filter, -single, ( timed )

Operators in capitals are always operators. In small letters they are where nobody would write them in a sentence:
beside a quote, a filter or a bracket, or before `within 10s`. In a sentence of words alone three more are *heard*
(see `said`): a comma and `then`, a new clause after `while` or `then`, and `or` and `then` between mere keywords. What
is heard never takes the place of the sentence, it is searched besides it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Protocol

from momentidx.errors import WrongUse
from momentidx.search.query import All, Either, Exact, Filter, How, Not, Query, Timed, Value, Words
from momentidx.search.tokens import Kind, QueryError, Token, nearest, tokens

MAX_CHARACTERS = 2000
MAX_TERMS = 64
"""Filters, quotes and stretches of words."""
MAX_DEPTH = 16
"""Brackets in brackets."""
LONGEST_WITHIN = Fraction(24 * 3600)
EXAMPLE = 'Describe what you look for: momentidx find "a slow pan to the left".'

OR, NOT, WITHIN = "or", "not", "within"
OPERATORS = (*How, OR)
_EXPLICIT_BEFORE = (Kind.EXACT, Kind.FILTER, Kind.CLOSE)
_EXPLICIT_AFTER = (Kind.EXACT, Kind.FILTER, Kind.OPEN, Kind.MINUS)
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(s|sec|secs|second|seconds|m|min|mins|minute|minutes)[.,;]?", re.ASCII)

STARTS = frozenset(
    [
        "a",
        "an",
        "the",
        "he",
        "she",
        "it",
        "they",
        "we",
        "i",
        "you",
        "his",
        "her",
        "its",
        "their",
        "this",
        "that",
        "these",
        "those",
        "another",
        "someone",
        "somebody",
        "one",
        "two",
        "three",
        "several",
        "some",
        "many",
    ]
)
"""A clause of its own begins with these."""
LITTLE = STARTS | frozenset(
    [
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "has",
        "have",
        "had",
        "does",
        "do",
        "did",
        "in",
        "on",
        "at",
        "to",
        "from",
        "of",
        "for",
        "with",
        "by",
        "into",
        "onto",
        "over",
        "under",
        "up",
        "down",
        "out",
        "off",
        "who",
        "which",
        "as",
        "if",
        "when",
        "where",
        "there",
        "not",
        "and",
        "but",
        "so",
        "just",
        "him",
        "them",
    ]
)
"""A text without any of these is a list of keywords, not a sentence."""
NO_SEQUENCE_AFTER = frozenset(
    [
        "more",
        "less",
        "rather",
        "other",
        "better",
        "worse",
        "back",
        "since",
        "by",
        "until",
        "till",
        "just",
        "even",
        "now",
        "every",
    ]
)
"""`more then` is a slip for `than`; `back then`, `until then` and `now and then` are no order of events."""
NO_CHOICE = frozenset(
    ["more", "less", "so", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
)


class Field(Protocol):
    """What the parser must know of a filter."""

    def check(self, value: Value) -> str | None:
        """What is wrong with a value, as a sentence; None when it is good."""


def parse(text: str, fields: Mapping[str, Field] | None = None) -> Query:
    """Read a query. Filters are checked against `fields`; without them any name and value is taken.

    Raises WrongUse for no words at all and for too many, and QueryError with the column of anything else.
    """
    if not text.strip():
        raise WrongUse(f"The query is empty. {EXAMPLE}")
    text = "".join(" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in text)
    if len(text.strip()) > MAX_CHARACTERS:
        raise WrongUse(
            f"The query has {len(text.strip())} characters; at most {MAX_CHARACTERS} are read. Use fewer words."
        )
    if not any(map(str.isalnum, text)):
        raise WrongUse(f"The query has no words in it. {EXAMPLE}")
    return _Parser(text, fields, _with_operators(tokens(text))).query()


def safe(text: str, *, inside: bool = False) -> str:
    """Words, spelled so that they are read as words wherever they stand in a query, or inside a sentence."""
    words = text.split(" ")
    strange = [not word[0].isalnum() or not _is_word(word) for word in words]
    spelled = [f"\\{word}" if odd else word for word, odd in zip(words, strange, strict=True)]
    ends = any(_operator(word) for word in (words[0], words[-1]))
    within = any(_length(words[place + 1 :]) for place, word in enumerate(words) if word.casefold() == WITHIN)
    if inside or ends or within or _alone(" ".join(spelled)) != Words(text):
        spelled = [f"\\{word}" if _means(word) else shown for word, shown in zip(words, spelled, strict=True)]
    return " ".join(spelled)


def _means(word: str) -> bool:
    """Whether a word can mean more than itself."""
    return _operator(word.rstrip(",")) is not None or word.casefold() == WITHIN or word == "NOT"


def _alone(text: str) -> Query | None:
    try:
        return parse(text)
    except WrongUse:
        return None


def _is_word(word: str) -> bool:
    try:
        (token,) = tokens(word)
    except (QueryError, ValueError):
        return False
    return token.kind is Kind.WORD


def _operator(word: str) -> str | None:
    folded = word.casefold()
    return folded if folded in OPERATORS else None


def _length(words: Sequence[str]) -> tuple[Fraction, int] | None:
    """Seconds at the beginning of the words, and how many words they took."""
    for count in (1, 2):
        if match := _LENGTH.fullmatch("".join(words[:count])):
            return Fraction(match[1]) * (60 if match[2].startswith("m") else 1), count
    return None


def _with_operators(found: list[Token]) -> list[Token]:
    """Words that are operators whatever the sentence says, as such."""
    marked = list(found)
    for place, token in enumerate(found):
        name = _operator(token.text) if token.kind is Kind.WORD and not token.escaped else None
        if name is not None and (token.text.isupper() or _beside_explicit(found, place)):
            marked[place] = replace(token, kind=Kind.OPERATOR, text=name)
        elif token.kind is Kind.WORD and not token.escaped and token.text == "NOT":
            marked[place] = replace(token, kind=Kind.MINUS)
    return _with_lengths(marked)


def _beside_explicit(found: Sequence[Token], place: int) -> bool:
    if not 0 < place < len(found) - 1:
        return False
    before, after = found[place - 1], found[place + 1]
    if before.kind is Kind.OPEN or after.kind is Kind.CLOSE or (after.kind is Kind.WORD and _operator(after.text)):
        return False
    return before.kind in _EXPLICIT_BEFORE or after.kind in _EXPLICIT_AFTER


def _with_lengths(found: list[Token]) -> list[Token]:
    """`within 10s` at the end of something timed; it makes an operator of the `then` or `near` before it."""
    place = 0
    while place < len(found):
        token = found[place]
        if token.kind is Kind.WORD and not token.escaped and token.text.casefold() == WITHIN:
            words = [each.text for each in found[place + 1 : place + 3] if each.kind is Kind.WORD and not each.escaped]
            length = _length(words)
            operator = _timed_before(found, place)
            if length is not None and operator is not None and _ends(found, place + 1 + length[1]):
                found[operator] = replace(found[operator], kind=Kind.OPERATOR, text=found[operator].text.casefold())
                last = found[place + length[1]]
                found[place : place + 1 + length[1]] = [Token(Kind.WITHIN, str(length[0]), token.start, last.end)]
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
            word = before if _operator(token.text) in (How.THEN, How.NEAR) else None
    return word


def _ends(found: Sequence[Token], place: int) -> bool:
    """Whether nothing follows that would go on with a sentence."""
    return place >= len(found) or found[place].kind is not Kind.WORD or _operator(found[place].text) is not None


@dataclass
class _Parser:
    text: str
    fields: Mapping[str, Field] | None
    tokens: list[Token]
    at: int = 0
    depth: int = 0
    terms: int = 0
    negative: bool = field(default=False)

    def query(self) -> Query:
        found = self._timed()
        if (token := self._peek()) is not None:
            if token.kind is Kind.CLOSE:
                raise self._error("This bracket was never opened. Remove it, or put a ( before", token)
            raise self._error(f"'{self._shown(token)}' has nothing to belong to. Write THEN or NEAR before it", token)
        return found

    def _timed(self) -> Query:
        found = self._either()
        while (token := self._peek()) is not None and token.kind is Kind.OPERATOR and token.text != OR:
            self.at += 1
            second = self._either()
            within = self._within()
            found = Timed(How(token.text), found, second, within)
            if self.negative:
                raise self._error(f"What is left out with '-' cannot hold '{token.text}'. Write: A WITHOUT B", token)
        return found

    def _within(self) -> Fraction | None:
        token = self._peek()
        if token is None or token.kind is not Kind.WITHIN:
            return None
        if Fraction(token.text) > LONGEST_WITHIN:
            raise self._error("That is more than a day. Leave it away to take any time", token)
        self.at += 1
        return Fraction(token.text)

    def _either(self) -> Query:
        found = [self._all()]
        while (token := self._peek()) is not None and token.kind is Kind.OPERATOR and token.text == OR:
            self.at += 1
            found.append(self._all())
        if len(found) == 1:
            return found[0]
        flat = [inner for each in found for inner in _alternatives(each)]
        return Either(tuple(flat))

    def _all(self) -> Query:
        """Everything up to the next operator or bracket."""
        first = self._peek()
        words: list[Token] = []
        others: list[Query] = []
        while (token := self._peek()) is not None and token.kind not in (Kind.OPERATOR, Kind.WITHIN, Kind.CLOSE):
            if token.kind is Kind.WORD:
                words.append(token)
                self.at += 1
                continue
            inner = self._negation() if token.kind is Kind.MINUS else self._single()
            if isinstance(inner, list):
                words += inner
            else:
                others += inner.queries if isinstance(inner, All) and not _heard_first(inner) else [inner]
        return self._joined(words, others, first)

    def _joined(self, words: list[Token], others: list[Query], first: Token | None) -> Query:
        inner = [each for each in others if isinstance(each, Words)]  # of brackets that held words and more
        others = [each for each in others if not isinstance(each, Words)]
        if inner:
            words = [*words, *(_word(word) for each in inner for word in each.text.split(" "))]
        found: list[Query] = []
        words = _tidy(words)
        if words:
            self._count(words[0])
            found = [_plain(words) if self.negative else said(words)]
        found += others
        if not found:
            raise self._nothing(first)
        if all(isinstance(each, Not) for each in found):
            assert first is not None
            raise self._error("Say also what to look for, not only what to leave out", first)
        return found[0] if len(found) == 1 else All(tuple(found))

    def _negation(self) -> Query:
        minus = self.tokens[self.at]
        self.at += 1
        token = self._peek()
        if token is None or token.kind not in (Kind.WORD, Kind.EXACT, Kind.FILTER, Kind.OPEN):
            raise self._error("Nothing follows that could be left out", minus)
        if self.negative:
            raise self._error("This is left out twice. Remove one '-'", minus)
        self.negative = True
        if token.kind is Kind.WORD:
            self.at += 1
            self._count(token)
            inner: Query | list[Token] = [token]
        else:
            inner = self._single()
        self.negative = False
        left_out = _plain(inner) if isinstance(inner, list) else inner
        if not any(map(str.isalnum, str(left_out))):
            raise self._error("Nothing follows that could be left out", minus)
        assert isinstance(left_out, Words | Exact | Filter | All | Either)  # `_timed` refused the others
        return Not(left_out)

    def _single(self) -> Query | list[Token]:
        """A quote, a filter, or what is in brackets; of mere words in brackets the words."""
        token = self.tokens[self.at]
        self.at += 1
        if token.kind is Kind.EXACT:
            self._count(token)
            return Exact(token.text)
        if token.kind is Kind.FILTER:
            self._count(token)
            return self._filter(token)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._error(f"Brackets can be {MAX_DEPTH} deep. Use fewer", token)
        begin = self.at
        inner = self._timed()
        if self._peek() is None:
            raise self._error("This bracket is never closed. Put a ) where it ends", token)
        if self.tokens[self.at].kind is not Kind.CLOSE:
            raise self._error("'within' has nothing to belong to. Write THEN or NEAR before it", self.tokens[self.at])
        self.at += 1
        self.depth -= 1
        if isinstance(inner, Words):
            return [each for each in self.tokens[begin : self.at] if each.kind is Kind.WORD]
        return inner

    def _filter(self, token: Token) -> Filter:
        if self.fields is not None:
            known = self.fields.get(token.text)
            if known is None:
                shown = self._shown(token)
                raise self._error(
                    f"There is no filter '{token.text}'.{nearest(token.text, list(self.fields))} "
                    f"To search for it as a word, write a backslash before it: \\{shown}", token
                )  # fmt: skip
            for value in token.values:
                wrong = known.check(value)
                if wrong is not None:
                    raise self._error(wrong, token)
        return Filter(token.text, token.values)

    def _count(self, token: Token) -> None:
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise self._error(f"A query has at most {MAX_TERMS} parts. Use fewer", token)

    def _nothing(self, first: Token | None) -> QueryError:
        before = self.tokens[self.at - 1] if self.at else None
        here = first or before
        assert here is not None
        if before is not None and before.kind is Kind.OPERATOR and (first is None or first.kind is not Kind.WORD):
            return self._error(f"Nothing follows '{before.text.upper()}'. Say what comes after it", before)
        if here.kind is Kind.OPERATOR:
            name = here.text.upper()
            return self._error(f"Nothing stands before '{name}'. To search for the word, write \\{name}", here)
        return self._error("There are no words here", here)

    def _peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _shown(self, token: Token) -> str:
        return self.text[token.start : token.end]

    def _error(self, sentence: str, token: Token) -> QueryError:
        return QueryError(sentence, self.text, token.start, token.end)


def _alternatives(query: Query) -> Sequence[Query]:
    return query.queries if isinstance(query, Either) and not query.said else [query]


def _heard_first(query: All) -> bool:
    first = query.queries[0]
    return isinstance(first, Either | Timed) and first.said


def _word(word: str) -> Token:
    return Token(Kind.WORD, word, 0, 0, escaped=_means(word))


def _tidy(words: Sequence[Token]) -> list[Token]:
    """Without what is no word; a comma or full stop that stands alone goes to the word before it."""
    found: list[Token] = []
    for token in words:
        if any(map(str.isalnum, token.text)):
            found.append(token)
        elif found and token.text[0] in ",;." and not found[-1].text.endswith(token.text[0]):
            found[-1] = replace(found[-1], text=found[-1].text + token.text[0])
    return found


def _plain(words: Sequence[Token]) -> Words:
    return Words(" ".join(token.text for token in words))


def said(words: Sequence[Token]) -> Query:
    """A sentence, with the order of events that is heard in it."""
    keywords = not any(token.text.casefold().strip(",;.") in LITTLE for token in words)
    cuts = [place for place in range(1, len(words) - 1) if _cuts(words, place, keywords)]
    choices = [place for place in range(1, len(words) - 1) if keywords and _chooses(words, place)]
    if not (cuts or choices):
        return _plain(words)
    parts = [_said_part(words, before, after, choices) for before, after in _between(cuts, len(words))]
    if not all(parts):
        return _plain(words)
    found = parts[0]
    for place, part in zip(cuts, parts[1:], strict=True):
        assert found is not None
        assert part is not None
        found = Timed(How(_bare(words[place])), found, part, said=True)
    assert found is not None
    return found


def _between(cuts: Sequence[int], count: int) -> list[tuple[int, int]]:
    return list(zip([0, *(cut + 1 for cut in cuts)], [*cuts, count], strict=True))


def _said_part(words: Sequence[Token], first: int, last: int, choices: Collection[int]) -> Query | None:
    """A part of a sentence; None when there are no words in it."""
    inner = [place for place in choices if first < place < last - 1]
    edges = zip([first, *(place + 1 for place in inner)], [*inner, last], strict=True)
    texts = [
        _trimmed([token.text for token in words[before:after]], ends=after < len(words)) for before, after in edges
    ]
    if not all(any(map(str.isalnum, text)) for text in texts):
        return None
    return Words(texts[0]) if len(texts) == 1 else Either(tuple(map(Words, texts)), said=True)


def _trimmed(words: list[str], *, ends: bool) -> str:
    """Without the comma and the "and" that led to the next part."""
    while ends and words and words[-1].casefold().strip(",;.") == "and":
        words = words[:-1]
    return " ".join(words).rstrip(",;." if ends else None)


def _bare(token: Token) -> str:
    return "" if token.escaped else token.text.casefold().strip(",;.")


def _cuts(words: Sequence[Token], place: int, keywords: bool) -> bool:
    """Whether `then` or `while` at a place leads from one event to the next."""
    name, before, after = words[place].text.casefold().rstrip(","), words[place - 1], words[place + 1]
    if words[place].escaped or name not in (How.THEN, How.WHILE):
        return False
    paused = before.text.endswith((",", ";", "."))
    clause = _bare(after) in STARTS
    if name == How.WHILE:
        return (paused or clause) and place >= 2 + (_bare(before) == "and") and len(words) - place > 2
    joined = _bare(before) == "and" and place >= 2 and _bare(words[place - 2]) not in NO_SEQUENCE_AFTER
    return paused or joined or ((clause or keywords) and _bare(before) not in NO_SEQUENCE_AFTER | {"and"})


def _chooses(words: Sequence[Token], place: int) -> bool:
    """Whether `or` at a place stands between two things to look for."""
    beside = {_bare(words[place - 1]), _bare(words[place + 1])}
    return not words[place].escaped and words[place].text == OR and not beside & NO_CHOICE
