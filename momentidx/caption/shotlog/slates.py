"""What some written things mean: slates and timecodes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LABELS = {
    "scene": re.compile(r"\b(?:SCENE|SCN|SC)\b\.?\s*[:#]?", re.IGNORECASE),
    "take": re.compile(r"\b(?:TAKE|TK)\b\.?\s*[:#]?", re.IGNORECASE),
    "roll": re.compile(r"\b(?:ROLL|REEL|RL)\b\.?\s*[:#]?", re.IGNORECASE),
}
"""What stands on a clapperboard before or above a value."""
VALUES = {
    "scene": re.compile(r"\d{1,4}\s?[A-Z]{0,3}(?![A-Z\d])", re.IGNORECASE),
    "take": re.compile(r"\d{1,3}(?!\d)"),
    "roll": re.compile(r"[A-Z]{0,2}\d{1,4}(?!\d)", re.IGNORECASE),
}
TIMECODE = re.compile(r"(?<!\d)(\d{2})\s*[:;.]?\s*(\d{2})\s*[:;.]\s*(\d{2})\s*([:;.])\s*(\d{2})(?!\d)")
"""Four pairs of digits; the first colon is the one that small pictures lose."""


@dataclass(frozen=True, slots=True)
class Text:
    """One line and the upright box around it, in any unit, y downwards."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def slate(lines: Sequence[Text]) -> Mapping[str, str] | None:
    """Scene, take and perhaps roll, when the lines are those of a slate: a scene and a take must be there."""
    found: dict[str, str] = {}
    for name in LABELS:
        value = next(filter(None, (_value(name, line, lines) for line in lines)), None)
        if value is not None:
            found[name] = value.replace(" ", "").upper().lstrip("0") or "0"
    return found if {"scene", "take"} <= found.keys() else None


def timecode(text: str) -> str | None:
    """The timecode in a text, as it is usually written; None where there is none."""
    found = TIMECODE.search(text)
    if found is None or not all(int(found[n]) < most for n, most in ((1, 24), (2, 60), (3, 60), (5, 60))):
        return None
    return f"{found[1]}:{found[2]}:{found[3]}{';' if found[4] == ';' else ':'}{found[5]}"


def _value(name: str, line: Text, lines: Sequence[Text]) -> str | None:
    """What follows a label in its own line; where nothing does, in the nearest line below it or to the right."""
    label = LABELS[name].search(line.text)
    if label is None:
        return None
    rest = line.text[label.end() :].strip()
    if rest and (here := VALUES[name].match(rest)):
        return here[0]
    if rest:
        return None
    near = sorted((away, other.text) for other in lines if (away := _away(line, other)) is not None)
    return next((text for _, text in near if VALUES[name].fullmatch(text.strip())), None)


def _away(label: Text, other: Text) -> float | None:
    """How far another line is below or to the right of a label; None when it is neither."""
    below = other.top >= (label.top + label.bottom) / 2 and min(label.right, other.right) > max(label.left, other.left)
    beside = other.left >= label.right and min(label.bottom, other.bottom) > max(label.top, other.top)
    return other.top - label.bottom if below else other.left - label.right if beside else None
