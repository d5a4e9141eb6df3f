"""Which frames of a clip each seed looks at: (frames, rate, span, count) to numbers and seconds.

Frame numbers count pictures from 0 and `fps` is the average rate of the container, as the seeds do;
footage of variable rate is asked for by `seconds`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from momentidx.models.compat import Compat


@dataclass(frozen=True, slots=True)
class Sample:
    """The frames to look at."""

    indices: tuple[int, ...]
    seconds: tuple[float, ...]
    """Of each frame, from the start of the file."""
    duration: float
    """Seconds that the whole sample stands for: times are told relative to it."""


def linspace_inclusive(
    frames: int, fps: float, count: int = 100, span: tuple[float, float] | None = None, compat: Compat = "fixed"
) -> Sample:
    """VTimeLLM: evenly spaced from the first frame to the last, truncated; short clips repeat frames."""
    if span is None:
        first, last, duration = 0, frames - 1, frames / fps
    else:
        first, last = max(int(fps * span[0]), 0), min(int(fps * span[1]), frames - 1)
        duration = span[1] - span[0]
    if compat == "fixed":
        last = max(last, 0)
        first = min(first, last)
    # In double precision: integer arithmetic differs by one in rare entries.
    indices = np.trunc(np.linspace(first, last, count)).astype(int).tolist()
    return Sample(tuple(indices), tuple(index / fps for index in indices), duration)


def uniform_seconds(frames: int, fps: float, count: int = 300) -> Sample:
    """Momentor: evenly spaced seconds, both ends included, rounded half to even. Frame i lies on anchor i."""
    duration = frames / fps
    step = duration / (count - 1)
    seconds = tuple(number * step for number in range(count))
    return Sample(tuple(min(round(fps * second), frames - 1) for second in seconds), seconds, duration)


def interval_midpoint(frames: int, fps: float, count: int = 96, span: tuple[float, float] | None = None) -> Sample:
    """Grounded-VideoLLM: the middle of `count` equal intervals; a short clip is seen once, its last frame repeats."""
    offset, length, duration = 0, frames, frames / fps
    if span is not None:
        duration = span[1] - span[0]
        offset, length = int(span[0] * fps), int(duration * fps)
    if length < count:
        places = [min(number, max(length - 1, 0)) for number in range(count)]
    else:
        bounds = np.trunc(np.linspace(0, length, count + 1)).astype(int)
        places = ((bounds[:-1] + bounds[1:] - 1) // 2).tolist()
    indices = tuple(offset + place for place in places)
    return Sample(indices, tuple(index / fps for index in indices), duration)


def keyframes(count: int = 96, segments: int = 12) -> tuple[int, ...]:
    """Grounded-VideoLLM's spatial stream: which samples it sees, the middle one of each segment."""
    length = count // segments
    return tuple(segment * length + length // 2 for segment in range(segments))
