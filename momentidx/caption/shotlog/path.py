"""The camera's path through one shot: the movements between its pictures, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog.following import Followed
from momentidx.caption.shotlog.pairs import WEIGHTS, Move
from momentidx.times import Span

SMOOTHED = 0.6
"""Seconds over which the intended movement is averaged; what is left is shaking."""


@dataclass(frozen=True, slots=True)
class Step:
    """Two neighbouring pictures of one shot and how the camera moved between them."""

    start: int
    end: int
    """Timestamps of the two pictures."""
    move: Move | None
    rests: bool
    """Whether the camera stood, or could not be measured while most of the picture did not change."""


@dataclass(frozen=True)
class Path:
    """N steps of a shot, at least one; figures are 0 where a step could not be measured."""

    shot: Span
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    """(N,) timestamps."""
    rests: NDArray[np.bool_]
    known: NDArray[np.bool_]
    """(N,) whether the step was measured."""
    moved: NDArray[np.float64]
    """(N, 4) the figures of each `Move`."""
    followed: tuple[Followed | None, ...]
    """(N,) what each step shows to stay while the world moves."""

    @classmethod
    def of(cls, shot: Span, steps: Sequence[Step]) -> Path:
        return cls(
            shot=shot,
            start=np.array([step.start for step in steps]),
            end=np.array([step.end for step in steps]),
            rests=np.array([step.rests for step in steps], bool),
            known=np.array([step.move is not None for step in steps], bool),
            moved=np.array([step.move.figures if step.move else (0.0,) * 4 for step in steps]),
            followed=tuple(step.move.followed if step.move else None for step in steps),
        )

    @property
    def seconds(self) -> NDArray[np.float64]:
        """(N,) length of each step."""
        return np.asarray((self.end - self.start) * float(self.shot.base), np.float64)

    @property
    def speed(self) -> NDArray[np.float64]:
        """(N, 4) movement a second."""
        return self.moved / self.seconds[:, None]

    @property
    def smooth(self) -> NDArray[np.float64]:
        """(N, 4) speed averaged over the measured steps around each."""
        reach = max(1, round(SMOOTHED / float(np.median(self.seconds))) // 2)
        kernel = np.ones(2 * reach + 1)

        def around(column: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
            return np.convolve(column, kernel)[reach:-reach]

        count = np.maximum(around(self.known.astype(float)), 1)
        return np.asarray(np.stack([around(column) / count for column in self.speed.T], axis=1), np.float64)

    @property
    def shake(self) -> float:
        """Median departure from the smooth path between two pictures, in longer sides."""
        departs = ((self.speed - self.smooth) * self.seconds[:, None])[self.known, :2]
        return float(np.median(np.hypot(*departs.T)))

    @property
    def excursion(self) -> float:
        """How far the picture's edge gets from itself over the shot, in longer sides."""
        way = np.cumsum(self.moved * WEIGHTS, axis=0)
        return float((way.max(axis=0) - way.min(axis=0)).max())
