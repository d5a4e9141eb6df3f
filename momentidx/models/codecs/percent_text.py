"""VTimeLLM: a time is two digits of plain text, the per cent of the clip (arXiv 2311.18445, section 3.1).

What a model says of a span, "from 12 to 34", is the start of two steps; a dense caption's event lasts
until the end of its last one. The frames, however, lie at k * D / 99, so text and sight differ by up
to one step.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from momentidx.models.codecs.protocol import Reading, Target, inside
from momentidx.models.compat import Compat

STEPS = 100
PAIR = re.compile(r"(\d{2}) (?:to|and) (\d{2})")
TOLERANT = re.compile(r"(?<![\d.])(\d{1,3})(?![\d.]*\d)\s*(?:to|and|-|–)\s*(\d{1,3})(?!\d|\.\d)", re.IGNORECASE)
PLACEHOLDER = re.compile(r"<[se]\d+>")
SAME_TEXT = 0.98
"""Two neighbours' texts are the same event's when their ratio is above this."""


@dataclass(frozen=True, slots=True)
class PercentText:
    """Two digits: the per cent of the clip, rounded half to even, 99 at most."""

    compat: Compat = "fixed"
    vocabulary: tuple[str, ...] = ()

    def encode(self, seconds: float, duration: float) -> str:
        step = min(round(seconds / duration * STEPS), STEPS - 1)
        return f"{step if self.compat == 'official' else max(step, 0):02d}"

    def target(self, seconds: float, duration: float) -> Target:
        return Target(self.encode(seconds, duration))

    def pair(self, answer: str) -> tuple[int, int] | None:
        """The first "NN to NN" or "NN and NN", as the published evaluation reads it."""
        found = PAIR.search(answer)
        return (int(found[1]), int(found[2])) if found else None

    def decode(self, answer: str, duration: float) -> Reading:
        """Official reads the first pair of two-digit numbers; fixed reads every pair."""
        if self.compat == "official":
            first = self.pair(answer)
            pairs = [first] if first else []
        else:
            pairs = [(int(found[1]), int(found[2])) for found in TOLERANT.finditer(answer)]
        problems = [f"{a} to {b} is not a pair of per cents" for a, b in pairs if max(a, b) > STEPS]
        kept = [(seconds_of(a, duration), seconds_of(b, duration)) for a, b in pairs if max(a, b) <= STEPS]
        return inside(kept, duration, problems)

    def resolution(self, duration: float) -> float:
        return duration / STEPS

    def filled(self, text: str, times: dict[str, float], duration: float) -> str:
        """A training text with its placeholders `<s0>`, `<e0>`, ... as times. Raises KeyError for an unknown one."""
        return PLACEHOLDER.sub(lambda found: self.encode(times[found[0]], duration), text)


def seconds_of(step: int, duration: float) -> float:
    """Where a step starts."""
    return step * duration / STEPS


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence and the steps it holds for: the first and the last, as the model says them."""

    sentence: str
    start: int
    end: int

    def seconds(self, duration: float) -> tuple[float, float]:
        """Until the end of the last step."""
        return seconds_of(self.start, duration), seconds_of(self.end + 1, duration)


def read_dense(answer: str, compat: Compat = "fixed") -> tuple[list[Said], list[str]]:
    """The events of a dense-caption answer, a JSON list of {"event", "timestamps"}, and what could not be read."""
    found = re.search(r"\[.*\]", answer, 0 if compat == "official" else re.DOTALL)
    if found is None:
        return [], ["no list in the answer"]
    try:
        entries = json.loads(found[0])
    except (ValueError, RecursionError):
        return [], ["the list is not JSON"]
    said: list[Said] = []
    problems: list[str] = []
    for entry in entries:
        try:
            said.append(_official_entry(entry) if compat == "official" else _entry(entry))
        except (KeyError, TypeError, ValueError):
            problems.append(f"cannot be read: {str(entry)[:80]}")
            if compat == "official":
                break
    return merged(said), problems


def _official_entry(entry: Any) -> Said:
    """Digits at fixed places: characters 5 and 6 of "from 05 to 17", and the last two."""
    times = entry["timestamps"]
    return Said(entry["event"], int(times[5:7]), int(times[-2:]))


def _entry(entry: Any) -> Said:
    sentence, times = entry["event"], re.findall(r"\d+", entry["timestamps"])
    if not isinstance(sentence, str) or not sentence.strip() or len(times) != 2:
        raise ValueError("an event is a sentence and two numbers")
    start, end = sorted(min(int(time[:9]), STEPS) for time in times)
    if start >= STEPS:
        raise ValueError("an event starts inside the clip")
    return Said(sentence.strip(), start, min(end, STEPS - 1))


def merged(said: Sequence[Said]) -> list[Said]:
    """Neighbours that say nearly the same and touch within one step become one."""
    result: list[Said] = []
    for event in said:
        last = result[-1] if result else None
        if last and abs(last.end - event.start) <= 1 and _ratio(last.sentence, event.sentence) > SAME_TEXT:
            result[-1] = Said(last.sentence, last.start, event.end)
        else:
            result.append(event)
    return result


def _ratio(first: str, second: str) -> float:
    return SequenceMatcher(None, first, second).ratio()
