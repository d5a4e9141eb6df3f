"""What models are asked, as text files beside this module, and how times are written for them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from string import Template

from momentidx.caption.answers import plain
from momentidx.caption.chat import Task

TOKENS = {Task.DESCRIBE: 1024, Task.LOCATE: 128, Task.ANSWER: 256}
"""The longest answers."""
THOUGHT_TOKENS = 1024
"""What models that think first may need more."""


@dataclass(frozen=True, slots=True)
class TimeText:
    """One way to write a time from the start of a clip."""

    name: str
    step: Fraction
    """The smallest difference it can tell, in seconds."""

    def write(self, seconds: float) -> str:
        """`12.5 seconds` (below one: `0.25 seconds`), `12 seconds` or `00:12`."""
        if self.name == "clock":
            return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"
        if self.step == 1:
            return f"{int(seconds)} seconds"
        return f"{seconds:.1f} seconds" if seconds >= 1 else f"{seconds:.2f} seconds"  # a clip may be one picture long

    def example(self) -> str:
        """A stretch of time, as it is to be answered."""
        start, end = self.write(3.0), self.write(7.5)
        return f"{start} - {end}" if self.name == "clock" else f"{start.removesuffix(' seconds')} - {end}"


SECONDS = TimeText("seconds", Fraction(1, 10))
WHOLE_SECONDS = TimeText("whole seconds", Fraction(1))
CLOCK = TimeText("clock", Fraction(1))


@dataclass(frozen=True, slots=True)
class Prompts:
    """The texts for one kind of model: files in `prompts/` without their ending."""

    times: TimeText = SECONDS
    describe: str = "describe"
    locate: str = "locate"
    answer: str = "answer"
    thinks: bool = False
    """Whether it thinks before it answers."""

    def text(self, task: Task, words: str, duration: float) -> str:
        """What is asked; the user's words on one line, whatever was in them."""
        return Template(self._file(task)).substitute(
            duration=self.times.write(duration), words=plain(words), example=self.times.example()
        )

    def tokens(self, task: Task) -> int:
        return TOKENS[task] + (THOUGHT_TOKENS if self.thinks else 0)

    @property
    def version(self) -> str:
        """Changes with the texts and with how times are written."""
        told = "\n".join([self.times.name, str(self.thinks), *map(self._file, Task)])
        return hashlib.sha256(told.encode()).hexdigest()[:8]

    def _file(self, task: Task) -> str:
        name = {Task.DESCRIBE: self.describe, Task.LOCATE: self.locate, Task.ANSWER: self.answer}[task]
        return (files("momentidx.caption") / "prompts" / f"{name}.txt").read_text(encoding="utf-8").strip()


PLAIN = Prompts()
