"""What a grounding figure depends on besides the model: switches, and the settings that papers were counted with.

Found by reading and running the published evaluations; each preset says whose.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from momentidx.errors import WrongUse
from momentidx.evaluation.reading import Span

PAIR_OF_DIGITS = re.compile(r"(\d\d) (?:to|and) (\d\d)")
INTEGER = re.compile(r"\d+")
PAIR_OF_TIMES = re.compile(r"(\d+(?:\.\d+)?)\D{0,12}?(?:to|and|-|–)\D{0,3}?(\d+(?:\.\d+)?)", re.IGNORECASE)
YES_NO: dict[str, object] = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Conventions:
    """The defaults are the preset `clean`."""

    reads: Literal["times", "digits", "integers"] = "times"
    """What of an answer in words is the span: the first two numbers with "to", "and" or "-" between them; the first
    two such pairs of digits; or all integers, when there are exactly two."""
    grid: int = 0
    """How many steps the numbers of an answer in words divide the video into; 0: they are seconds."""
    round_iou: bool = False
    """tIoU is rounded to two decimals before it is compared, so that 0.495 reaches 0.5."""
    on_unparsed: Literal["zero", "whole", "drop"] = "zero"
    """An answer without a span counts 0, counts as the whole video, or is left out."""
    on_missing: Literal["zero", "drop"] = "zero"
    """A query, or a video to be described, without any answer counts 0, or is left out."""
    on_reversed: Literal["as_is", "swap", "zero"] = "swap"
    """An end before its start stays (no truth overlaps it), changes places with it, or counts 0."""
    quantise_reference: bool = False
    """The truth is rounded down to the grid."""
    end_plus_one: bool = False
    """An event of a dense caption in words lasts until the end of its last step: (k + 1) D / grid."""


PRESETS = {
    "clean": Conventions(),
    "vtimellm": Conventions("digits", 100, round_iou=True, on_missing="drop", on_reversed="as_is", end_plus_one=True),
    "momentor": Conventions(grid=299),
    "grounded_videollm": Conventions(
        "integers", 300, on_unparsed="whole", on_reversed="as_is", quantise_reference=True
    ),
}
"""`vtimellm`: its published evaluation programs. `grounded_videollm`: the evaluation in its authors' development
repository. `momentor`: no program was published; the time grid of arXiv 2402.11435, the rest clean."""

SWITCHES: dict[str, dict[str, object]] = {
    "reads": {value: value for value in ("times", "digits", "integers")},
    "round_iou": YES_NO,
    "on_unparsed": {value: value for value in ("zero", "whole", "drop")},
    "on_missing": {value: value for value in ("zero", "drop")},
    "on_reversed": {value: value for value in ("as_is", "swap", "zero")},
    "quantise_reference": YES_NO,
    "end_plus_one": YES_NO,
}
"""What each takes; `grid` takes a number."""


def conventions(preset: str, switches: Sequence[str] = ()) -> Conventions:
    """A preset, and `name=value` for what differs from it. Raises WrongUse."""
    if preset not in PRESETS:
        raise WrongUse(f"There is no preset '{preset}'. There are {', '.join(PRESETS)}.")
    chosen: dict[str, object] = {}
    for switch in switches:
        name, _, value = switch.partition("=")
        if name == "grid" and value.isdecimal():
            chosen[name] = int(value)
        elif value in SWITCHES.get(name, ()):
            chosen[name] = SWITCHES[name][value]
        elif name in SWITCHES or name == "grid":
            takes = " or ".join(SWITCHES.get(name, ["a whole number"]))
            raise WrongUse(f"The switch '{name}' takes {takes}, not '{value}'.")
        else:
            raise WrongUse(f"There is no switch '{name}'. There are grid, {', '.join(SWITCHES)}.")
    return replace(PRESETS[preset], **chosen)  # type: ignore[arg-type]  # checked above


def span_in(answer: str, how: Conventions) -> Span | None:
    """The numbers of an answer in words: steps of the grid, or seconds. None when it has no span."""
    if how.reads == "integers":
        numbers = INTEGER.findall(answer)
        return (float(numbers[0]), float(numbers[1])) if len(numbers) == 2 else None
    found = (PAIR_OF_DIGITS if how.reads == "digits" else PAIR_OF_TIMES).search(answer)
    return (float(found[1]), float(found[2])) if found else None
