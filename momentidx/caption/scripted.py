"""Answers from a file: a captioner for tests and demos, with everything real but the model.

The file is JSON: what happens, in seconds from the footage's first picture, and answers to questions.

    {"events": [{"start": 0, "end": 2.5, "caption": "A red door opens."}],
     "footage": {"<fingerprint>": [{"start": 1, "end": 2, "caption": "Only in this one."}]},
     "answers": {"Is it raining?": "No."}}
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from momentidx.caption.chat import Clip, Reply, Request, Sight, Task
from momentidx.caption.stitch import alike
from momentidx.errors import WrongUse

UNKNOWN = "That cannot be seen."


class Line(BaseModel):
    """One event of the script."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: float = Field(ge=0)
    end: float = Field(gt=0)
    caption: str


class Script(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: tuple[Line, ...] = ()
    """Of every footage that `footage` does not name."""
    footage: Mapping[str, tuple[Line, ...]] = {}
    answers: Mapping[str, str] = {}


class ScriptedChat:
    """Tells of each clip what the script says of that stretch, as a model would: in the clip's own seconds."""

    step = Fraction(1, 1000)

    def __init__(self, script: Script, sight: Sight) -> None:
        self._script, self.sight = script, sight
        self.version = hashlib.sha256(script.model_dump_json().encode()).hexdigest()[:12]

    @classmethod
    def read(cls, file: Path, sight: Sight) -> ScriptedChat:
        """The script in a file. Raises WrongUse, saying what is wrong with it."""
        try:
            return cls(Script.model_validate_json(file.read_bytes()), sight)
        except OSError as error:
            raise WrongUse(f"{file}: the script cannot be read: {error.strerror}. Set 'scripted_answers'.") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise WrongUse(f"{file}: {where}: {first['msg']}. docs/captioners.md shows what is meant.") from error

    def replies(self, requests: Iterable[Request]) -> Iterator[Reply]:
        for request in requests:
            yield Reply(self._answer(request) if request.task is Task.ANSWER else self._told(request))

    def _answer(self, request: Request) -> str:
        known = {question.casefold(): answer for question, answer in self._script.answers.items()}
        return known.get(request.words.casefold(), UNKNOWN)

    def _told(self, request: Request) -> str:
        """The events of the clip, a line each; or of those the ones that sound most like the words."""
        lines = [(line, *_inside(line, request.clip)) for line in self._lines(request.clip)]
        lines = [told for told in lines if told[1] < told[2]]
        if request.task is Task.LOCATE:
            best = max((alike(line.caption, request.words) for line, _, _ in lines), default=0)
            lines = [told for told in lines if 0 < best == alike(told[0].caption, request.words)]
        return "\n".join(f"{start:.3f} - {end:.3f}: {line.caption}" for line, start, end in lines) or "none"

    def _lines(self, clip: Clip) -> tuple[Line, ...]:
        return self._script.footage.get(clip.footage, self._script.events)


def _inside(line: Line, clip: Clip) -> tuple[float, float]:
    return max(line.start - clip.start, 0.0), min(line.end - clip.start, clip.duration)
