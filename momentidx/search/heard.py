"""What is heard in a plain sentence besides its words: the order of events, and choices between keywords.

A comma and `then`, a new clause after `while` or `then`, and `or` and `then` between mere keywords. What is heard never
takes the place of the sentence, it is searched besides it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from momentidx.search.query import Either, How, Query, Timed, Words
from momentidx.search.tokens import Token

OR = "or"

STARTS = frozenset(
    """
    a an the he she it they we i you his her its their this that these those another someone somebody one two
    three several some many
    """.split()
)
"""A clause of its own begins with these."""
LITTLE = STARTS | frozenset(
    """
    is are was were be been being has have had does do did in on at to from of for with by into onto over under
    up down out off who which as if when where there not and but so just him them
    """.split()
)
"""A text without any of these is a list of keywords, not a sentence."""
NO_SEQUENCE_AFTER = frozenset(
    """
    more less rather other better worse back since by until till just even now every
    """.split()
)
"""`more then` is a slip for `than`; `back then`, `until then` and `now and then` are no order of events."""
NO_CHOICE = frozenset(
    """
    more less so one two three four five six seven eight nine ten
    """.split()
)


def plain(words: Sequence[Token]) -> Words:
    """A sentence as it is."""
    return Words(" ".join(token.text for token in words))


def said(words: Sequence[Token]) -> Query:
    """A sentence, with the order of events that is heard in it."""
    keywords = not any(token.text.casefold().strip(",;.") in LITTLE for token in words)
    cuts = [place for place in range(1, len(words) - 1) if _cuts(words, place, keywords)]
    choices = [place for place in range(1, len(words) - 1) if keywords and _chooses(words, place)]
    if not (cuts or choices):
        return plain(words)
    parts = [_said_part(words, before, after, choices) for before, after in _between(cuts, len(words))]
    if not all(parts):
        return plain(words)
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
