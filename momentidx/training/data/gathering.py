"""Reading annotations: what fits becomes a sample, what does not is left out with a reason, a wrong format ends it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from momentidx.errors import UnusableFootage, WrongUse
from momentidx.training.data.media import Media
from momentidx.training.data.tasks import Timed, turns
from momentidx.training.samples import Sample, Turn

SLACK = 1.0
"""Seconds by which an annotated time may lie past the end of its video; it is moved there."""
LEFT_OUT = 0.01


@dataclass(frozen=True, slots=True)
class Reading:
    """How annotations become samples."""

    media: Media
    seed: int = 0
    dense: float = 0.2
    as_json: bool = False

    def turns(self, name: str, events: Sequence[Timed]) -> tuple[Turn, ...]:
        """The same for the same clip and seed."""
        return turns(events, Random(f"{self.seed} {name}"), self.dense, as_json=self.as_json)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a file gave."""

    samples: tuple[Sample, ...]
    left_out: tuple[str, ...] = ()
    """A sentence for each item that gave nothing."""
    absent: int = 0
    """Items about files that are not there."""

    def __add__(self, other: Gathered) -> Gathered:
        return Gathered(
            self.samples + other.samples, self.left_out + other.left_out, self.absent + other.absent
        )  # fmt: skip

    def whole(self, *, skip: bool = False, present_only: bool = False) -> tuple[Sample, ...]:
        """The samples. Raises WrongUse when something was left out, or, with `skip`, more than one in a hundred."""
        if self.absent and not present_only:
            raise WrongUse(
                f"{self.absent} of {self.absent + len(self.samples) + len(self.left_out)} items are about files that "
                "are not in --media. Bring them, or take what is there (--present-only)."
            )
        allowed = max(1, math.ceil(LEFT_OUT * (len(self.samples) + len(self.left_out)))) if skip else 0
        if len(self.left_out) > allowed:
            more = "" if skip else " Repair them, or let up to one in a hundred be left out (--skip-unreadable)."
            raise WrongUse(
                f"{len(self.left_out)} of {len(self.samples) + len(self.left_out)} items cannot be used: "
                f"{' '.join(self.left_out[:3])}{more}"
            )
        return self.samples


@dataclass(slots=True)
class Gathering:
    """Samples and what was left out, while a file is read."""

    samples: list[Sample] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    absent: int = 0

    def take(self, name: str, make: Callable[[], Sample]) -> None:
        """Keep what is made, or why nothing was."""
        try:
            self.samples.append(make())
        except (UnusableFootage, ValueError) as error:
            if isinstance(error, UnusableFootage) and error.code == "missing":
                self.absent += 1
                return
            self.left_out.append(f"{name}: {error}".rstrip(".") + ".")

    def done(self) -> Gathered:
        return Gathered(tuple(self.samples), tuple(self.left_out), self.absent)


def timed(events: Iterable[tuple[float, float, str]], duration: float) -> list[Timed]:
    """Checked: each a sentence and a stretch of the clip. Raises ValueError."""
    held = []
    for start, end, sentence in events:
        words = " ".join(sentence.split())
        if not words:
            raise ValueError("a caption is empty")
        if not (0 <= start < end <= duration + SLACK and start < duration):
            raise ValueError(f"{start:g} to {end:g} s is no stretch of a clip of {duration:g} s")
        held.append(Timed(float(start), float(min(end, duration)), words))
    return held


class Item:
    """One entry of a file, its fields asked for by name and kind; what is wrong is said with where it stands."""

    def __init__(self, told: Any, where: str) -> None:
        self.told, self.where = told, where
        if not isinstance(told, dict):
            raise WrongUse(f"{where}: an object was expected, not {shown(told)}.")

    def get(self, name: str, *kinds: type) -> Any:
        """Raises WrongUse when the field is missing or of another kind."""
        if name not in self.told:
            raise WrongUse(f"{self.where}: the field '{name}' is missing (there are {', '.join(self.told)}).")
        value = self.told[name]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise WrongUse(f"{self.where}: the field '{name}' should be a {wanted}, not {shown(value)}.")
        return value

    def pair(self, name: str) -> tuple[float, float]:
        """Two numbers."""
        return pair(self.get(name, list), f"{self.where}, '{name}'")


def pair(value: Any, where: str) -> tuple[float, float]:
    match value:
        case [int() | float() as first, int() | float() as second]:
            return float(first), float(second)
    raise WrongUse(f"{where}: two numbers were expected, not {shown(value)}.")


def shown(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)[:60]


def items(path: Path) -> list[Item]:
    """A JSON list of objects, or one object a line. Raises WrongUse with the line."""
    text = text_of(path)
    if text.lstrip()[:1] == "[":
        return [Item(told, f"{path}, item {number}") for number, told in enumerate(parsed(text, path), 1)]
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    return [Item(parsed(line, path, number), f"{path}, line {number}") for number, line in lines]


def mapping(path: Path) -> dict[str, Any]:
    """A JSON object. Raises WrongUse."""
    return dict(Item(parsed(text_of(path), path), str(path)).told)


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{path} cannot be read: {error}.") from error


def parsed(text: str, path: Path, line: int = 1) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise WrongUse(f"{path}, line {line + error.lineno - 1}: no JSON ({error.msg}).") from error
    except RecursionError as error:
        raise WrongUse(f"{path}, line {line}: lists in lists without end.") from error
