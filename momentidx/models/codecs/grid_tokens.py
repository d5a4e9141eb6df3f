"""Grounded-VideoLLM: a time is one of M + 1 tokens `<0>`...`<300>` (arXiv 2410.03290, section 3.3).

A flag token before the question says that the answer has times in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from momentidx.models.codecs.protocol import Reading, Target, inside
from momentidx.models.compat import Compat

FLAG = "<timestamp_grounding>"
IMAGE = "<image>"
SECONDS = re.compile(r"<(-?\d+(?:\.\d+)?)>")
"""How times stand in the authors' annotations: seconds in angle brackets."""
TOKEN = re.compile(r"<(\d+)>")
WHOLE = re.compile(r"(\d+) seconds")
DECIMAL = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?) ?(?:seconds|second|secs|sec|s)\b")


@dataclass(frozen=True, slots=True)
class GridTokens:
    """`steps` + 1 time tokens on an even grid, both ends included, and the flag."""

    steps: int = 300
    compat: Compat = "fixed"

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return (*(f"<{step}>" for step in range(self.steps + 1)), FLAG)

    def step(self, seconds: float, duration: float) -> int:
        """The official code floors (towards zero); the paper rounds, and so do we."""
        if self.compat == "official":
            return min(int(self.steps * seconds / duration), self.steps)
        return min(max(round(self.steps * seconds / duration), 0), self.steps)

    def encode(self, seconds: float, duration: float) -> str:
        return f"<{self.step(seconds, duration)}>"

    def target(self, seconds: float, duration: float) -> Target:
        return Target(self.encode(seconds, duration))

    def decode(self, answer: str, duration: float) -> Reading:
        """Times two by two in the order of the text."""
        steps = [int(found[1][:9]) for found in TOKEN.finditer(answer)]
        problems = [f"<{step}> is past the grid" for step in steps if step > self.steps]
        seconds = [self.seconds(step, duration) for step in steps if step <= self.steps]
        if len(seconds) % 2:
            problems.append("a time without its partner")
        return inside(list(zip(seconds[::2], seconds[1::2], strict=False)), duration, problems)

    def resolution(self, duration: float) -> float:
        return duration / self.steps

    def seconds(self, step: int, duration: float) -> float:
        return step * duration / self.steps

    def encoded(self, text: str, duration: float) -> str:
        """An annotated text (`From <10.0> to <45.3>.`) with its seconds as tokens."""
        return SECONDS.sub(lambda found: self.encode(float(found[1]), duration), text)

    def spelled(self, text: str, duration: float, before: str = "") -> str:
        """An answer with its tokens as seconds; `before` is what the tokenizer writes before a token (Phi: a blank)."""

        def written(found: re.Match[str]) -> str:
            step = int(found[1])
            if self.compat == "fixed" and step > self.steps:
                return found[0]
            return f"{before}{self.seconds(step, duration):.2f} seconds"

        return TOKEN.sub(written, text)

    def question(self, text: str, duration: float) -> str:
        """A question with the seconds in it as tokens."""
        if self.compat == "official":
            return WHOLE.sub(lambda found: f"<{int(int(found[1]) / duration * self.steps)}>", text)
        return DECIMAL.sub(lambda found: self.encode(float(found[1]), duration), text)


def flagged(question: str, answer: str) -> str:
    """The question, with the flag before it when the answer has a time in it."""
    if SECONDS.search(answer) is None:
        return question
    if question.startswith(f"{IMAGE}\n"):
        return f"{IMAGE} {FLAG}\n{question.removeprefix(IMAGE).lstrip()}"
    return f"{FLAG}\n{question}"
