"""What a half-written query may go on with: names of filters, their values, and words that captions have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from momentidx.search.filters import Field

if TYPE_CHECKING:
    from momentidx.library import Library

MOST = 12
"""Options."""
SHORTEST = 2
"""Letters of a word that is completed."""

_PIECE = re.compile(r'[^\s()"“”„]*$')
_FILTER = re.compile(r"-?([A-Za-z][A-Za-z-]*):(?:.*[,:]|)(?:>=|<=|>|<|=)?(.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Option:
    """One way to go on."""

    text: str
    """What takes the place of the piece."""
    says: str
    """What it means, for a person; may be empty."""
    count: int | None = None
    """How many captions have the word, of those looked at."""


@dataclass(frozen=True, slots=True)
class Completion:
    """The piece of the text before the caret, from `start` to `end`, and what may take its place."""

    start: int
    end: int
    options: tuple[Option, ...]


def complete(library: Library, text: str, at: int, fields: Mapping[str, Field]) -> Completion:
    """What may stand before the caret, which is after `at` characters."""
    at = max(0, min(at, len(text)))
    match = _PIECE.search(text[:at])
    piece = match[0] if match else ""
    asked = _FILTER.match(piece)
    if asked and asked[1].casefold() in fields:
        name, value = asked[1].casefold(), asked[2]
        found = _values(library, name, fields[name], value)
        return Completion(at - len(value), at, tuple(found)[:MOST])
    word = piece.removeprefix("-")
    return Completion(at - len(word), at, tuple(_words(library, word, fields))[:MOST])


def _values(library: Library, name: str, field: Field, value: str) -> Iterator[Option]:
    """Of a filter: its own words, then what the library knows; those that begin so first."""
    told = {word: ", ".join(others) for word, others in {**field.words, **(field.declared or {})}.items()}
    if not told or name == "camera":  # the maker's, and how it moves
        told |= {known: "" for known in library.values(name) if known not in told}
    if name == "folder":
        told |= {root.path.name: str(root.path.parent) for root in library.roots()}
    wanted = value.casefold()
    begin = [word for word in told if word.casefold().startswith(wanted)]
    inside = [word for word in told if wanted in word.casefold() and word not in begin]
    for word in (*begin, *inside):
        yield Option(_spelled(word), told[word])


def _words(library: Library, word: str, fields: Mapping[str, Field]) -> Iterator[Option]:
    wanted = word.casefold()
    for name, field in fields.items():
        if wanted and name.startswith(wanted):
            yield Option(f"{name}:", field.means or "as captioners tell it")
    if len(word) >= SHORTEST:
        for known, count in library.words_beginning(word, MOST):
            if known != wanted:
                yield Option(known, "", count)


def _spelled(value: str) -> str:
    return value if re.fullmatch(r"[^\s,()\"“”„]+", value) else '"' + re.sub(r"[\"“”„]", "", value) + '"'
