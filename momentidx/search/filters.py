"""Filters: their names, what their values may be, and the conditions that the library is asked with.

`folder: camera: reel: date: ...` are facts of footage and of people's captions; the captioners that are installed
declare more (`shot:close-up people:2`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from momentidx.library import Condition, Range
from momentidx.search.query import Filter, Value
from momentidx.search.tokens import nearest

if TYPE_CHECKING:
    from momentidx.events import Filter as Declared

Read = Callable[[str], "tuple[float | str, float | str]"]
"""A value's text to its lowest and highest meaning; raises ValueError with what would be accepted."""


@dataclass(frozen=True)
class Field:
    """One filter."""

    means: str
    """For people."""
    read: Read | None = None
    """Of one whose values have an order; the others are compared as text."""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """All the words there are, with others that mean the same; empty when it can be anything."""
    declared: Mapping[str, tuple[str, ...]] | None = None
    """Words of a captioner, where a captioner declares the same name."""

    def check(self, value: Value) -> str | None:
        """What is wrong with a value, as a sentence; None when it is good."""
        if value.compare == "=" and self._words(value.text):
            return None
        if self.read is _number_if_ordered and value.compare == "=":
            return None
        if self.read is None:
            if value.compare not in ("=", ".."):
                return f"'{value.text}' is a word: it can be this or another, not more or less ('{value.compare}')"
            if self.words:
                known = list(self.words)
                hint = nearest(_plain(value.text), known) or f" There are: {', '.join(known)}."
                return f"'{value.text}' is none of the words there are for it.{hint}"
            return None
        try:
            ends = [self.read(text) for text in (value.text, value.to) if text]
        except ValueError as error:
            return f"'{value.text}{'..' + value.to if value.compare == '..' else ''}': {error}"
        if value.compare == ".." and len(ends) == 2 and ends[0][0] > ends[1][1]:  # type: ignore[operator]
            return f"'{value}' ends before it begins: write {value.to}..{value.text}"
        return None

    def conditions(self, asked: Filter) -> list[Condition]:
        """Of which any is to be met."""
        texts: list[str] = []
        told: list[str] = []
        ranges: list[Range] = []
        for value in asked.values:
            meant = self._words(value.text) if value.compare == "=" else []
            if meant:
                (told if self.declared is not None else texts).extend(meant)
            elif self.read is not None and not (self.read is _number_if_ordered and value.compare == "="):
                ranges.append(_range(value, self.read))
            else:
                texts.append(value.text if value.compare != ".." else str(value))
        found = []
        if told or (self.is_declared and (texts or ranges)):
            everything = (*told, *(map(str.casefold, texts) if self.is_declared else ()))
            found.append(Condition(asked.name, everything, tuple(ranges) if self.is_declared else (), declared=True))
        if not self.is_declared and (texts or ranges):
            found.append(Condition(asked.name, tuple(texts), tuple(ranges)))
        return found

    @property
    def is_declared(self) -> bool:
        """Whether it is a captioner's alone."""
        return self.declared is not None and not self.means

    def _words(self, text: str) -> list[str]:
        """The word that is meant by it or by another spelling of it; by `pan` all that begin so, as `pan-left`."""
        plain = _plain(text)
        spelled = {
            word: (_plain(word), *map(_plain, others))
            for word, others in {**self.words, **(self.declared or {})}.items()
        }
        exact = [word for word, spellings in spelled.items() if plain in spellings]
        return exact or [
            word for word, spellings in spelled.items() if any(each.startswith(f"{plain}-") for each in spellings)
        ]


def fields(declared: Mapping[str, Mapping[str, Declared]]) -> dict[str, Field]:
    """All filters by name: ours, and those that captioners (by name) declare."""
    found = dict(BUILT_IN)
    for filters in declared.values():
        for name, told in filters.items():
            ours = found.get(name)
            words = {**((ours and ours.declared) or {}), **told.words}
            if name in BUILT_IN:
                found[name] = Field(BUILT_IN[name].means, BUILT_IN[name].read, BUILT_IN[name].words, words)
            else:
                found[name] = Field("", None if words else _number_if_ordered, words, words)
    return found


def _range(value: Value, read: Read) -> Range:
    low, high = (read(text) if text else (None, None) for text in (value.text, value.to))
    match value.compare:
        case "..":
            return Range(low[0], high[1])
        case ">":
            return Range(low=low[1], low_included=False)
        case ">=":
            return Range(low=low[0])
        case "<":
            return Range(high=low[0], high_included=False)
        case "<=":
            return Range(high=low[1])
    return Range(low[0], low[1])


def _plain(text: str) -> str:
    return re.sub(r"[\s_]+", "-", text.strip().casefold())


def _number(text: str) -> tuple[float, float]:
    if not re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
        raise ValueError("write a number, such as 2, >2 or 2..5")
    return float(text), float(text)


def _number_if_ordered(text: str) -> tuple[float, float]:
    """What a captioner tells without a list of words: compared as text, and where more or less is asked as numbers."""
    return _number(text)


def _rating(text: str) -> tuple[float, float]:
    number = _number(text)
    if not 0 <= number[0] <= 5:
        raise ValueError("a rating is 0 to 5, such as 4 or >=3")
    return number


def _length(text: str) -> tuple[float, float]:
    """`5s`, `2m`, `1h`, `1:30`; a mere number is seconds."""
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|min|h)?", text, re.ASCII):
        seconds = Fraction(match[1]) * {"m": 60, "min": 60, "h": 3600}.get(match[2] or "s", 1)
    elif match := re.fullmatch(r"(?:(\d+):)?(\d{1,2}):(\d{2})", text, re.ASCII):
        seconds = Fraction(int(match[1] or 0) * 3600 + int(match[2]) * 60 + int(match[3]))
    else:
        raise ValueError("write a length, such as 5s, 2m or 1:30")
    return float(seconds), float(seconds)


def _fps(text: str) -> tuple[float, float]:
    low, high = _number(text)
    return low - 0.005, high + 0.005  # 23.98 is 23.976


def _date(text: str) -> tuple[str, str]:
    """A year, a month or a day; compared as text."""
    if not re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", text, re.ASCII):
        raise ValueError("write a date as 2026, 2026-05 or 2026-05-04")
    return text, text + "-99-99"[len(text) - 4 :] if len(text) < 10 else text


def _resolution(text: str) -> tuple[float, float]:
    """The shorter side: `1080p`, `2160`."""
    if not (match := re.fullmatch(r"(\d{2,5})p?", text, re.ASCII)):
        raise ValueError("write the shorter side (1080p), 4k, or both sides (1920x1080)")
    return float(match[1]), float(match[1])


class _Sizes(Field):
    """Resolutions: both sides are a text, one side is a number."""

    _NAMES: Mapping[str, str] = {
        "sd": "576",
        "hd": "1080",
        "full-hd": "1080",
        "fhd": "1080",
        "uhd": "2160",
        "4k": "2160",
        "8k": "4320",
    }

    def check(self, value: Value) -> str | None:
        return super().check(self._named(value))

    def conditions(self, asked: Filter) -> list[Condition]:
        return super().conditions(Filter(asked.name, tuple(map(self._named, asked.values))))

    def _named(self, value: Value) -> Value:
        text, to = (self._NAMES.get(_plain(each), each) for each in (value.text, value.to))
        return Value(text, value.compare, to)

    def _words(self, text: str) -> list[str]:
        sides = text.casefold().replace("×", "x")
        return [sides] if re.fullmatch(r"\d+x\d+", sides, re.ASCII) else []


BUILT_IN: Mapping[str, Field] = {
    "folder": Field("a folder it lies in, by its name or its whole path"),
    "camera": Field("the camera, as the file names it"),
    "reel": Field("the reel, as the file names it"),
    "date": Field("when it was shot, as the file says", _date),
    "duration": Field("how long the footage is", _length),
    "fps": Field("frames a second of the footage", _fps),
    "orientation": Field(
        "the form of the picture",
        words={"landscape": ("horizontal", "wide"), "portrait": ("vertical", "upright"), "square": ()},
    ),
    "resolution": _Sizes("the size of the picture", _resolution),
    "has": Field("what the file has", words={"audio": ("sound",), "timecode": ("tc",)}),
    "captioner": Field("who described it; people's captions are 'human'"),
    "rating": Field("what a person gave it", _rating),
    "label": Field("a label that a person gave it"),
}
