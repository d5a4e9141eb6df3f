"""Looking over the packets of one stream, inside the decoding child: their times, and a first picture.

Packets say when pictures are shown without being decoded. A short file is read to its end; of a long
one the head, the tail and some places between, so that a probe costs the same for an hour.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import dropwhile
from typing import Any, NamedTuple

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame

from momentidx.media.timing import Packets

_HEAD_PACKETS = 1500
_HEAD_BYTES = 24 << 20
"""A file whose pictures fit into this is read to the end; of a longer one, samples."""
_WINDOW_PACKETS = 100
_TAIL_PACKETS = 3000
_REORDERED = 16  # pictures that H.264 and H.265 may send later than others that are shown after them


class _Seen(NamedTuple):
    """A packet, without its bytes."""

    time: int
    """When it is shown; for the few containers that do not say so, when it is decoded."""
    duration: int
    key: bool
    corrupt: bool


class Survey:
    """What the packets of a stream say, and the first picture that decodes."""

    def __init__(self, container: InputContainer, stream: av.VideoStream) -> None:
        assert stream.time_base is not None
        self.container, self.stream, self.base = container, stream, stream.time_base
        self.last_duration = 0
        packets: list[Packet[Any]] = []
        seen, self.complete = self._take(_HEAD_PACKETS, packets)
        head = self._times(seen, self.complete)
        self.windows = [head]
        self.encrypted = bool(packets) and packets[0].has_sidedata("encryption_info")
        self.picture = self._first_picture(packets) if head and not self.encrypted else None
        """The first picture that decodes; None when none of the head does."""
        if self.picture and not self.complete:
            self.windows += self._samples(head[0])

    def packets(self, picture: VideoFrame) -> Packets:
        """What was seen from the first picture that decodes; nobody can show what lies before it."""
        start = self.windows[0][0] if picture.pts is None else picture.pts
        windows = [[time for time in window if time >= start] for window in self.windows]
        stream = self.stream
        return Packets(
            [window for window in windows if window] or [[start]],
            self.last_duration,
            self.complete,
            self.base,
            [rate for rate in (stream.base_rate, stream.average_rate, stream.guessed_rate) if rate],
        )

    def _take(self, most: int | None, kept: list[Packet[Any]] | None = None) -> tuple[list[_Seen], bool]:
        """The next packets that have a time, and whether the file ended there.

        Up to `most` and a certain number of bytes; with None the last ones of all that follow.
        """
        seen: deque[_Seen] = deque(maxlen=_TAIL_PACKETS)
        size = 0
        for packet in self._following():
            time = packet.dts if packet.pts is None else packet.pts
            if time is not None and not packet.is_discard:
                seen.append(_Seen(time, packet.duration or 0, packet.is_keyframe, packet.is_corrupt))
            if kept is not None:
                kept.append(packet)
            size += packet.size
            if most is not None and (len(seen) >= most or size >= _HEAD_BYTES):
                return list(seen), False
        while seen and seen[-1].corrupt:  # the file was cut within this picture
            seen.pop()
        return list(seen), True

    def _following(self) -> Iterator[Packet[Any]]:
        with suppress(av.InvalidDataError):  # from there on the file makes no sense
            for packet in self.container.demux(self.stream):
                if packet.size:  # PyAV ends with an empty one
                    yield packet

    def _times(self, seen: list[_Seen], ended: bool) -> list[int]:
        """Presentation times in order, without those whose neighbours may still follow."""
        if ended and seen:
            self.last_duration = max(seen).duration
        held_back = 0 if ended or not self.stream.codec_context.has_b_frames else _REORDERED
        times = sorted(packet.time for packet in seen)
        return times[: len(times) - held_back]

    def _first_picture(self, packets: list[Packet[Any]]) -> VideoFrame | None:
        """The first that decodes. Nearly always the first packet is also the first to be shown."""
        if self.windows[0][0] in (packets[0].pts, packets[0].dts):
            for packet in (packets[0], None):
                if pictures := self._decode(packet):
                    return pictures[0]
            self.stream.codec_context.flush_buffers()
        for packet in (*packets, None):
            if pictures := self._decode(packet):
                return pictures[0]
        return None

    def _decode(self, packet: Packet[Any] | None) -> list[VideoFrame]:
        try:
            return self.stream.decode(packet)
        except MemoryError:
            raise
        except av.FFmpegError:
            return []

    def _samples(self, first: int) -> list[list[int]]:
        """Windows between head and tail, and the tail."""
        tail = self._tail(first)
        if not tail:
            return []
        places = (first + (tail[-1] - first) * quarter // 4 for quarter in (1, 2, 3))
        between = (self._window(place, _WINDOW_PACKETS) for place in places)
        return [*(window for window in between if window and first < window[0] and window[-1] < tail[-1]), tail]

    def _tail(self, first: int) -> list[int]:
        """The last pictures that are really there: look ever further back until some can be read."""
        claimed = self.stream.duration or int(Fraction(self.container.duration or 0, av.time_base) / self.base)
        back = Fraction(1, 2)
        while back * 4 < claimed * self.base:
            if times := self._window(first + claimed - int(back / self.base), None):
                return times
            back *= 4
        return self._window(first, None)

    def _window(self, pts: int, most: int | None) -> list[int]:
        """Times from the first keyframe at or near `pts` on; what depends on pictures before it is left out."""
        try:
            self.container.seek(pts, stream=self.stream)
        except av.FFmpegError:  # not every container can be entered everywhere
            return []
        seen, ended = self._take(most)
        seen = list(dropwhile(lambda packet: not packet.key, seen))
        return [time for time in self._times(seen, ended) if time >= seen[0].time]
