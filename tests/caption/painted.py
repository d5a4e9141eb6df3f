"""A frame source whose pictures are painted in memory, and the footage it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.footage import Footage, VideoStream
from momentidx.media.frames import Frames, Signals, Sound
from momentidx.times import Span

Picture = NDArray[np.uint8]


class Painted:
    """Picture `n` lies at tick `START + n`, a tick being one frame; `cuts` are the first frames of later shots.

    Pictures are kept small: little that is tested asks for more than `SIDE` pixels.
    """

    START, SIDE = 1000, 320

    def __init__(
        self, pictures: Iterable[Picture], rate: Fraction | int = 25, cuts: Sequence[int] = (), side: int = SIDE
    ) -> None:
        self._pictures = [_sized(picture, side) for picture in pictures]
        self._count = len(self._pictures)
        self._rate, self._cuts = Fraction(rate), cuts
        self._signals: Signals | None = None

    @property
    def footage(self) -> Footage:
        video = VideoStream(0, "h264", 640, 360, "yuv420p", 8)
        span = Span(self.START, self.START + self._count, 1 / self._rate)
        return Footage("painted", "mov", span, self._rate, video)

    def watch(self, *, per_second: Fraction | int, width: int) -> Iterator[Frames]:
        measured: list[tuple[float, float, float]] = []
        before: NDArray[np.float32] | None = None
        due = Fraction(0)
        for number, picture in enumerate(self._pictures):
            small = _sized(picture, width)
            grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
            measured.append((grey.mean(), grey.std(), 0 if before is None else np.abs(grey - before).mean()))
            before = grey
            if number >= due * self._rate:
                yield Frames(np.array([self.START + number]), small[None])
            while number >= due * self._rate:
                due += 1 / Fraction(per_second)
        self._signals = Signals(self.START + np.arange(self._count), *np.array(measured, np.float32).T)

    def at(self, pts: Sequence[int], *, width: int) -> Frames:
        return Frames(np.array(pts), np.stack([_sized(self._pictures[time - self.START], width) for time in pts]))

    def sound(self, *, rate: int) -> Iterator[Sound]:
        """None; `rate` is not needed for that."""
        del rate
        return iter(())

    @property
    def shots(self) -> Sequence[Span]:
        edges = [self.START + frame for frame in (0, *self._cuts, self._count)]
        return [Span(start, end, 1 / self._rate) for start, end in pairwise(edges)]

    @property
    def signals(self) -> Signals:
        assert self._signals is not None, "the captioner asked before it had drained its pass"
        return self._signals


def _sized(picture: Picture, side: int) -> Picture:
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
