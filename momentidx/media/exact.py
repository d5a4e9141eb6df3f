"""The pictures shown at given times, to the frame, inside the decoding child.

A seek is only trusted once a true key frame has come out of the decoder: containers mark pictures
as keys that are none, decoders show half a picture until the next key, and an index may be wrong or
missing. Nothing is counted; every picture is known by its own timestamp.

decord, made for this very task, was measured and is not used: on some files (open groups of pictures,
trimmed copies) it gives other pictures than it says, it knows no edit lists, and it opens files by
name. See `benchmarks/media.py` and `benchmarks/LOG.md`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from functools import cached_property
from itertools import dropwhile
from pathlib import Path

import av
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from momentidx.footage import Footage
from momentidx.media.container import opened
from momentidx.media.decode import Timed, frames_of, stream_of, timed, undecodable
from momentidx.media.frames import Frames
from momentidx.media.pictures import Scaler
from momentidx.media.requests import Limits
from momentidx.times import round_half_up

_NEAR = 3
"""Pictures up to so many before the wanted one are all decoded: one of them is shown then, nearly always."""
_FAR_SECONDS = 4
"""Without an index: how far ahead a picture is looked for by decoding on and not by seeking."""


def exact(path: Path, footage: Footage, times: Sequence[int], width: int, limits: Limits) -> Frames:
    """For each time the last picture that starts at or before it, else the first picture.

    Raises UnusableFootage `undecodable` when there is no picture at all.
    """
    scaler = Scaler(footage.video, width)
    found: dict[int, int] = {}
    images: dict[int, NDArray[np.uint8]] = {}
    with closing(_Reader(path, footage, limits)) as reader:
        for time in sorted(set(times)):
            shown = reader.shown_at(time)
            if shown is None:
                raise undecodable(path)
            found[time], frame = shown
            if found[time] not in images:
                images[found[time]] = scaler(frame)
    pts = [found[time] for time in times]
    empty = np.empty((0, scaler.height, scaler.width, 3), np.uint8)
    return Frames(np.array(pts, np.int64), np.stack([images[time] for time in pts]) if pts else empty)


class _Reader:
    """Moves through one stream: forwards by decoding, far ahead by seeking."""

    def __init__(self, path: Path, footage: Footage, limits: Limits) -> None:
        self._path, self._footage, self._limits = path, footage, limits
        self._span = footage.span
        self._picture = max(1, round_half_up(1 / (footage.rate * footage.span.base)))  # how long it usually lasts
        self._second = int(1 / footage.span.base)
        self._resources = ExitStack()
        self._shown: Timed | None = None
        self._next: Timed | None = None
        self._wanted = self._span.start  # pictures well before this time need not be complete
        self._rewind()

    def close(self) -> None:
        self._resources.close()

    def shown_at(self, time: int) -> Timed | None:
        """The picture shown at a time; times must not go back."""
        self._wanted = time = min(max(time, self._span.start), self._span.end - 1)
        if self._seek_pays(time):
            self._seek(time)
        self._advance(time)
        if self._shown is not None and self._shown[0] < self._passed_over:
            # A gap in the footage: the picture shown may be one of those that were passed over.
            self._wanted = self._span.start
            self._seek(time)
            self._advance(time)
        return self._shown

    def _advance(self, time: int) -> None:
        while self._next is not None and (self._next[0] <= time or self._shown is None):
            self._shown, self._next = self._next, next(self._frames, None)

    def _seek_pays(self, time: int) -> bool:
        if self._next is None or time <= self._next[0]:
            return False
        if len(self._keys) < 2:
            return time - self._next[0] > _FAR_SECONDS * self._second
        # The index has times of decoding; a picture is shown later by as many as are held back for reordering.
        held_back = self._stream.codec_context.reorder_depth * self._picture
        key = bisect_right(self._keys, time - held_back) - 1
        return key >= 0 and self._keys[key] + held_back > self._next[0] + self._picture

    @cached_property
    def _keys(self) -> list[int]:
        """Times of decoding at which the container's index has key frames."""
        return sorted(entry.timestamp for entry in self._stream.index_entries if entry.is_keyframe)

    def _seek(self, time: int) -> None:
        """Stand on a true key frame at or before the time, or else on the first picture."""
        back = 0
        while time - back > self._span.start:
            try:
                self._container.seek(time - back, stream=self._stream)
            except av.FFmpegError:  # there are containers without any means to seek
                break
            self._start(at_key_frame=True)
            if self._next is not None and self._next[0] <= time:
                return
            back = max(2 * back, self._second)
        self._rewind()

    def _rewind(self) -> None:
        # Not by seeking: where there is no index, that may end up behind the first pictures.
        self._resources.close()
        self._container = self._resources.enter_context(opened(self._path))
        self._stream = stream_of(self._container, self._footage, self._limits)
        self._start(at_key_frame=False)

    def _start(self, *, at_key_frame: bool) -> None:
        """Go on reading from where the container stands, which is the start or else before a key frame."""
        self._passed_over = self._span.start - 1
        frames: Iterable[VideoFrame] = frames_of(self._container, self._stream, self._prepare)
        if at_key_frame:
            frames = dropwhile(lambda frame: not frame.key_frame, frames)
        self._frames = timed(frames, self._footage, None if at_key_frame else self._span.start)
        self._shown, self._next = None, next(self._frames, None)

    def _prepare(self, packet: Packet[av.VideoStream]) -> None:
        """Long before the wanted time, decode only what later pictures refer to."""
        hurry = packet.pts is not None and packet.pts < self._wanted - _NEAR * self._picture
        self._stream.codec_context.skip_frame = "NONREF" if hurry else "DEFAULT"
        if hurry:
            self._passed_over = max(self._passed_over, packet.pts or 0)
