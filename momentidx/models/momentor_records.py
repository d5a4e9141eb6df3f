"""A Moment-10M record as turns with time placeholders, and the places that they stand for.

A record's text names its times in braces: `{moment}`, `{SOURCE_CLIP}`, `{click_position}`. In a user's
turn they become `<TEMP-INPUT>`, in an assistant's `<TEMP-OUTPUT>`; the places are fractions of the video.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from momentidx.models.codecs.anchors import END, INPUT, OUTPUT, PATCH, START
from momentidx.models.compat import Compat

NAMES = ("SOURCE_CLIP", "moment", "click_position")
"""In the order in which the published trainer collects their times, whatever the text says."""
NAMED = re.compile(r"\{(" + "|".join(NAMES) + r"|instance_class|content)\}")


@dataclass(frozen=True, slots=True)
class Turns:
    """What is said, and where its times lie."""

    turns: tuple[tuple[str, str], ...]
    """User and assistant."""
    inputs: tuple[float, ...]
    """Fractions of the video, one for each `<TEMP-INPUT>` in the order of the text."""
    outputs: tuple[float, ...]


def turns(record: Mapping[str, Any], duration: float, patches: int = 300, compat: Compat = "fixed") -> Turns:
    """`duration` in seconds; `patches` frames stand before the first question."""
    said: list[tuple[str, str]] = []
    places: dict[str, list[float]] = {INPUT: [], OUTPUT: []}
    for number, turn in enumerate(record["conversations"]):
        sides = []
        for side, placeholder in (("User", INPUT), ("Assistant", OUTPUT)):
            text, fractions = _filled(turn[side], record, placeholder, duration, compat)
            sides.append(text)
            places[placeholder] += fractions
        if number == 0:
            sides[0] = f"{START}{PATCH * patches}{END}\n{sides[0]}"
        said.append((sides[0], sides[1]))
    return Turns(tuple(said), tuple(places[INPUT]), tuple(places[OUTPUT]))


def _filled(
    text: str, record: Mapping[str, Any], placeholder: str, duration: float, compat: Compat
) -> tuple[str, list[float]]:
    """The text with its names replaced, and the fractions of its times."""
    mentioned = [name for name in NAMED.findall(text) if name in NAMES]
    if compat == "official":
        mentioned = [name for name in NAMES if name in mentioned]
    fractions = [time / duration for name in mentioned for time in _times(name, record[name])]
    return NAMED.sub(lambda found: _written(found[1], record[found[1]], placeholder), text), fractions


def _spans(value: Any) -> list[tuple[float, float]]:
    return [tuple(span) for span in (value if isinstance(value[0], list | tuple) else [value])]


def _times(name: str, value: Any) -> list[float]:
    return [value[0]] if name == "click_position" else [time for span in _spans(value) for time in span]


def _written(name: str, value: Any, placeholder: str) -> str:
    if name not in NAMES:
        return str(value)
    if name == "click_position":
        x, y = value[1]
        return f"<{x}, {y}>{placeholder}"
    spans = [f"{placeholder} to {placeholder}" for _ in _spans(value)]
    return spans[0] if len(spans) == 1 else f"{', '.join(spans[:-1])} and {spans[-1]}"
