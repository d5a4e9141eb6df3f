"""Facts that words state and sentence vectors hardly tell apart: which way, on which side, in or out, how many.

For a sentence vector "the camera pans left" lies next to "the camera pans right", and "from the bottom to the top" far
from "upwards". So such facts are read from the words that ask and from the caption, by the same rules, and a caption
that states the same is ahead. One that states another, or nothing, loses nothing: docs/evaluation.md has what people's
descriptions say about both. What the shot log measured of these stands in its sentences, so it is read from there.

English only: in other languages nothing is read, and nothing changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Facts = NDArray[np.uint32]
"""(N,) what each text states, a bit for each fact."""

_SIDES = {"left": "left", "right": "right"}
_WAYS = _SIDES | {"top": "up", "up": "up", "upwards": "up", "bottom": "down", "down": "down", "downwards": "down"}
_ORIGINS = {"left": "right", "right": "left", "above": "down", "top": "down", "below": "up", "bottom": "up"}
_VERTICAL = {word: way for word, way in _WAYS.items() if word not in _SIDES}
_DEPTHS = {"in": "in", "closer": "in", "nearer": "in", "out": "out", "back": "out", "away": "out"}
_PLACES = _SIDES | {"middle": "middle", "centre": "middle", "center": "middle"}
_COUNTS = {
    "one": "one", "single": "one", "lone": "one", "1": "one", "two": "two", "2": "two", "couple": "two",
    "three": "three", "3": "three", "four": "many", "4": "many", "five": "many", "5": "many", "six": "many",
    "several": "many", "many": "many", "group": "many", "crowd": "many",
}  # fmt: skip

_CAMERA = (
    r"camera(?: \w+){0,2}? (?:mov|swing|turn|go|com|fl[yi]|track|slid|shift|travel|push|pull|get|tilt|pan|roll)\w*"
)
_GOES = (
    r"(?:walk|run|rid|rush|driv|go|com|mov|head|fl[yi]|jump|step|slid|roll|swim|crawl|climb|travel|fall|turn|drift|"
    r"leav|exit|cross|swing|sink|ris|hik|ski|sled|throw|push|pull)(?:s|es|ed|e|ing|ning|ping|ming|)"
)
_SLOWLY = r"(?: (?:slowly|quickly|slightly|further|back|over|off|around|then|it|along))*"
_TO = r"(?: from (?:the )?(?:left|right|top|bottom)(?: side)?)?(?: (?:to|towards?))?(?: the)?"
_PERSONS = r"(?:people|persons?|men|man|women|woman|boys?|girls?|kids?|children|child)"
_SOMETHING = r"(?:a|an|the|his|her|their)\b"
"""Pulled out by somebody, not by the camera."""
_OWN = r"(?:hand|arm|leg|foot|eye|ear|knee|shoulder)"
"""Somebody's left one may be on the right of the picture."""


class _Rule(NamedTuple):
    """A way to state a fact of some kind."""

    kind: str
    means: Mapping[str, str]
    """What each word means that may stand for `@`. A word is read once: what a rule took, later ones do not see."""
    pattern: re.Pattern[str]


def _rule(kind: str, means: Mapping[str, str], pattern: str) -> _Rule:
    return _Rule(kind, means, re.compile(rf"\b{pattern.replace('@', '(' + '|'.join(means) + ')')}\b"))


_RULES = (
    _rule("fades", {"in": "in", "up": "in", "out": "out", "down": "out"}, r"fad(?:e|es|ing) @"),
    _rule("fades", {"from": "in", "to": "out"}, r"fad(?:e|es|ing) @ (?:black|white)"),
    _rule("camera", _WAYS, rf"(?:pan|pans|panned|panning|tilt|tilts|tilted|tilting|{_CAMERA}){_SLOWLY}{_TO} @"),
    _rule("camera", _DEPTHS, rf"(?:zoom(?:s|ed|ing)?|dolly|dollies|track|{_CAMERA}){_SLOWLY} @"),
    _rule("camera", {"in": "in", "out": "out", "back": "out"}, rf"(?:push|pull)(?:es|s|ing)? @(?! {_SOMETHING})"),
    _rule("going", _WAYS, r"(?:left|right|top|bottom)(?: side| edge)?(?: of the \w+)? to (?:the )?@"),
    _rule("going", _ORIGINS, rf"(?:enters?|entering|appears?|{_GOES})(?: \w+){{0,3}}? from (?:the )?@"),
    _rule("going", _SIDES, r"(?:leaves|leaving|exits|exiting) (?:at|on|by) the @"),
    _rule("going", _SIDES, rf"{_GOES} [^.,;]{{0,40}}?\b(?:to|towards?) the @(?! of)"),
    _rule("going", _SIDES, r"(?:turn|steer|veer)(?:s|ed|ing)? @"),
    _rule("going", _VERTICAL, rf"{_GOES}(?: \w+){{0,2}}? @"),
    _rule("side", _PLACES, r"(?:in|on|at) the @ of the (?:picture|frame|image|screen|shot)"),
    _rule("side", _SIDES, r"(?:on|at|to) the (?:far )?@"),
    _rule("side", _PLACES, r"@(?: hand)? (?:side|half|edge|corner|part)"),
    _rule("side", _PLACES, rf"the @ (?!of |to |and |way|time|moment|amount|size|aged|finger|{_OWN}\b)\w+"),
    _rule("comes", {"enters": "in", "enter": "in", "entering": "in", "appears": "in", "arrives": "in"}, "@"),
    _rule("comes", {"exits": "out", "exiting": "out", "disappears": "out"}, "@"),
    _rule(
        "comes", {"leaves": "out", "leaving": "out"},
        rf"(?<!the )(?<!of )@(?= (?:at|on|to|from|and|{_SOMETHING})|$|[.,])",
    ),
    _rule(
        "comes", {"in": "in", "into": "in", "out": "out", "away": "out", "off": "out"},
        r"(?:walk|run|com|go|step|driv|rid|rush|swim|jump|fl[yi]|sink)\w*(?: back)? @",
    ),
    _rule("people", _COUNTS, rf"@(?: of)?(?: (?!and )\w+){{0,2}} {_PERSONS}"),
)  # fmt: skip
_FACTS = tuple(dict.fromkeys((rule.kind, value) for rule in _RULES for value in rule.means.values()))
"""Each fact's place is its bit."""
_KINDS = [
    np.uint32(sum(1 << place for place, fact in enumerate(_FACTS) if fact[0] == kind))
    for kind in dict.fromkeys(rule.kind for rule in _RULES)
]


def read(texts: Sequence[str]) -> Facts:
    """What the texts state."""
    return np.array([_read(text) for text in texts], np.uint32)


def shared(asked: Facts, told: Facts) -> NDArray[np.float32]:
    """(Q,) and (N,) to (Q, N): of how many kinds both state the same."""
    found = np.zeros((len(asked), len(told)), np.float32)
    stating = np.flatnonzero(asked)  # few sentences state any
    for kind in _KINDS:
        found[stating] += asked[stating, None] & told[None] & kind > 0
    return found


def both(words: str, captions: Sequence[str]) -> list[tuple[str, ...]]:
    """For each caption what it states as the words do, one of a kind: `going right`."""
    asked = _read(words)
    if not asked:
        return [()] * len(captions)
    return [_named(asked & _read(caption)) for caption in captions]


def _named(found: int) -> tuple[str, ...]:
    facts = dict(fact for place, fact in enumerate(_FACTS) if found >> place & 1)
    return tuple(f"{kind} {value}" for kind, value in facts.items())


@lru_cache(maxsize=50_000)  # the captions of a library are read for every question that states a fact
def _read(text: str) -> int:
    found = 0
    rest = re.sub(r"[\s_-]+", " ", text.casefold())
    words = set(re.findall(r"\w+", rest))
    for kind, means, pattern in _RULES:
        if not words.isdisjoint(means):
            for match in reversed(list(pattern.finditer(rest))):
                found |= 1 << _FACTS.index((kind, means[match[1]]))
                rest = f"{rest[: match.start(1)]}~{rest[match.end(1) :]}"
    return found
