"""Pictures that never travel without their times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from momentidx.times import Span


@dataclass(frozen=True, slots=True)
class Frames:
    """Some pictures of one footage, in order of time."""

    pts: NDArray[np.int64]
    """(T,) true presentation timestamps, in the footage's time base."""
    images: NDArray[np.uint8]
    """(T, H, W, 3) RGB, upright, square pixels."""

    def __post_init__(self) -> None:
        if len(self.pts) != len(self.images):
            raise ValueError(f"{len(self.pts)} times for {len(self.images)} pictures")

    def __len__(self) -> int:
        return len(self.pts)


@dataclass(frozen=True, slots=True)
class Signals:
    """What was measured on every single picture during a pass; arrays of one length."""

    pts: NDArray[np.int64]
    """(N,) timestamps of all pictures of the footage, in order."""
    luma: NDArray[np.float32]
    """(N,) mean luma, 0 (black) to 255."""
    spread: NDArray[np.float32]
    """(N,) standard deviation of luma: near 0 for a picture of one brightness."""
    change: NDArray[np.float32]
    """(N,) difference to the picture before, 0 to 255; 0 for the first."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A stretch of sound without a gap."""

    pts: int
    """When it begins, in the footage's time base (which is the picture's)."""
    samples: NDArray[np.float32]
    """(N,) mono, -1 to 1."""


class FrameSource(Protocol):
    """The pictures of one footage, and its sound, read in a child process.

    `watch` is the one pass over everything; its by-products `shots` and `signals` are complete
    once the pass has been drained, and asking for them earlier runs a pass. Every method raises
    UnusableFootage when the pictures cannot be read.
    """

    def watch(self, *, per_second: Fraction | int, width: int) -> Iterator[Frames]:
        """The footage from start to end in batches, about `per_second` pictures a second.

        Pictures are true frames (no blends): the first one at or after each tick. All have the same
        size, `width` pixels for a landscape picture (a portrait one gets that height).
        """
        ...

    def at(self, pts: Sequence[int], *, width: int) -> Frames:
        """The pictures shown at these times (the last one that starts at or before each)."""
        ...

    def sound(self, *, rate: int) -> Iterator[Sound]:
        """The first sound track from start to end, `rate` samples a second; nothing where there is none."""
        ...

    @property
    def shots(self) -> Sequence[Span]:
        """The shots: they touch, and together cover the footage's span."""
        ...

    @property
    def signals(self) -> Signals: ...
