"""Today's models: a time is seconds in plain text, as "12.5", or on a clock, as "01:23".

Read tolerantly, in this order: clock times, "a - b", "a to b" or "a and b", then any two numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from momentidx.models.codecs.protocol import Reading, Target, inside

CLOCK = re.compile(r"(?<![\d:])(?:(\d{1,3}):)?(\d{1,3}):(\d{2}(?:\.\d+)?)(?![\d:])")
NUMBER = r"(?<![\d.])(\d{1,9}(?:\.\d{1,9})?)(?!\d)"
UNIT = r"\s*(?:seconds?|secs?|s)?\s*"
PAIRS = tuple(re.compile(NUMBER + UNIT + middle + r"\s*" + NUMBER, re.IGNORECASE) for middle in ("[-–—]", "(?:to|and)"))
ANY = re.compile(NUMBER)


@dataclass(frozen=True, slots=True)
class SecondsText:
    """Seconds with `decimals` places."""

    decimals: int = 1
    vocabulary: tuple[str, ...] = ()

    def encode(self, seconds: float, duration: float) -> str:
        return f"{min(max(seconds, 0.0), duration):.{self.decimals}f}"

    def target(self, seconds: float, duration: float) -> Target:
        return Target(self.encode(seconds, duration))

    def decode(self, answer: str, duration: float) -> Reading:
        clock = [_seconds(found) for found in CLOCK.finditer(answer)]
        if len(clock) >= 2:
            odd = ["a time without its partner"] if len(clock) % 2 else []
            return inside(list(zip(clock[::2], clock[1::2], strict=False)), duration, odd)
        for pattern in PAIRS:
            if pairs := [(float(found[1]), float(found[2])) for found in pattern.finditer(answer)]:
                return inside(pairs, duration)
        numbers = [float(found[1]) for found in ANY.finditer(answer)]
        return inside([(numbers[0], numbers[1])] if len(numbers) == 2 else [], duration)

    def resolution(self, duration: float) -> float:  # noqa: ARG002  the same in any clip
        return 10.0**-self.decimals


def _seconds(found: re.Match[str]) -> float:
    hours, minutes, seconds = found.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
