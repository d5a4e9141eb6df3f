"""Text becomes a query: recursive descent over the tokens, and the reading of plain sentences.

    timed  = either { (THEN | WHILE | WITHOUT | NEAR) either [WITHIN length] }
    either = all { OR all }
    all    = one or more of: word, "exact words", filter, -single, ( timed )

Which words are operators is said in `operators.py`; what is heard in a sentence of words alone, besides the sentence,
in `heard.py`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Protocol

from momentidx.errors import WrongUse
from momentidx.search.heard import OR, plain, said
from momentidx.search.operators import WITHIN, length, marked, operator
from momentidx.search.query import All, Either, Exact, Filter, How, Not, Query, Timed, Value, Words
from momentidx.search.tokens import Kind, QueryError, Token, nearest, tokens

MAX_CHARACTERS = 2000
MAX_TERMS = 64
"""Filters, quotes and stretches of words."""
MAX_DEPTH = 16
"""Brackets in brackets."""
LONGEST_WITHIN = Fraction(24 * 3600)
EXAMPLE = 'Describe what you look for: momentidx find "a slow pan to the left".'


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
    return _Parser(text, fields, marked(tokens(text))).query()


def safe(text: str, *, inside: bool = False) -> str:
    """Words, spelled so that they are read as words wherever they stand in a query, or inside a sentence."""
    words = text.split(" ")
    strange = [not word[0].isalnum() or not _is_word(word) for word in words]
    spelled = [f"\\{word}" if odd else word for word, odd in zip(words, strange, strict=True)]
    ends = any(operator(word) for word in (words[0], words[-1]))
    within = any(length(words[place + 1 :]) for place, word in enumerate(words) if word.casefold() == WITHIN)
    if inside or ends or within or _alone(" ".join(spelled)) != Words(text):
        spelled = [f"\\{word}" if _means(word) else shown for word, shown in zip(words, spelled, strict=True)]
    return " ".join(spelled)


def _means(word: str) -> bool:
    """Whether a word can mean more than itself."""
    return operator(word.rstrip(",")) is not None or word.casefold() == WITHIN or word == "NOT"


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
            found = [plain(words) if self.negative else said(words)]
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
        left_out = plain(inner) if isinstance(inner, list) else inner
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
