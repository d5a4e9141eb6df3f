"""Times in the words of a model: `12.5 - 20 seconds`, `[00:12-00:20]`, `from 3s to 7s`, `between 3 and 7`."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

_NUMBER = r"\d{1,7}(?:\.\d{1,6})?"
_CLOCK = r"\d{1,3}:[0-5]\d(?::[0-5]\d)?(?:\.\d{1,6})?"
_TIME = rf"(?:{_CLOCK}|{_NUMBER})"
_UNIT = r"(?:\s?(?:seconds?|secs?|s)\b)?"
_BEFORE = r"(?P<open>[\[(<{]|\bfrom\s|\bbetween\s)?\s?(?<![\d.:\-])"
_BETWEEN = r"\s{0,3}(?:-{1,2}>?|–|—|~|→|\bto\b|\band\b|\buntil\b|\btill\b)\s{0,3}"
_RANGE = re.compile(
    rf"{_BEFORE}(?P<a>{_TIME})(?P<unit_a>{_UNIT})[\])>}}]?(?P<between>{_BETWEEN})[\[(<{{]?"
    rf"(?P<b>{_TIME})(?![:.\-]?\d)(?P<unit_b>{_UNIT})\s?(?:(?P<close>[\])>}}]){_UNIT})?",
    re.IGNORECASE,
)


class Stretch(NamedTuple):
    """Two times in a line of words."""

    start: float
    """Seconds."""
    end: float
    """Seconds; may be less than `start`."""
    before: str
    """The line before it ..."""
    after: str
    """... and after it."""


def stretches(line: str) -> list[Stretch]:
    """The stretches of time in a line; `2-3 dogs` and `one of 3 and 7 people` are none."""
    return [
        Stretch(seconds(match["a"]), seconds(match["b"]), line[: match.start()], line[match.end() :])
        for match in _RANGE.finditer(line)
        if _is_time(match, line)
    ]


def _is_time(match: re.Match[str], line: str) -> bool:
    """Whether the two numbers must be times: by their form, by what is around them, or because they stand alone."""
    opened = (match["open"] or "").strip().casefold()
    if match["between"].strip().casefold() == "and":
        return opened == "between"
    if match["unit_a"] or match["unit_b"] or (opened and match["close"]) or ":" in match["a"] + match["b"]:
        return True
    if "." in match["a"] and "." in match["b"]:
        return True
    after = line[match.end() :].lstrip()
    return not line[: match.start()].strip() and (not after or after[0] in ".,:;|-–—")


def moment(value: Any) -> float | None:
    """A time that is a number or a text with nothing but a time in it."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) < 1e9 and math.isfinite(value) else None
    if isinstance(value, str) and (match := re.fullmatch(rf"\s*({_TIME}){_UNIT}\s*", value, re.IGNORECASE)):
        return seconds(match[1])
    return None


def seconds(text: str) -> float:
    """`83.5`, `1:23.5` or `0:01:23.5` in seconds."""
    total = 0.0
    for part in text.split(":"):
        total = total * 60 + float(part)
    return total
