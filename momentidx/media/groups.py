"""Groups of pictures decoded side by side, inside the decoding child.

A codec's own threads wait for each other, and cost up to a quarter more than one. What lies between
two key pictures can be decoded by itself, so here each group goes to one of several decoders with a
thread of its own. What comes out is small, and comes in order of time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Self

from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from momentidx.footage import Footage
from momentidx.media.container import opened
from momentidx.media.decode import decoded, hurrying, packets_of, stream_of, within
from momentidx.media.pictures import Plane, planar, small_planes
from momentidx.media.requests import Limits

_PIECE = 50
"""Packets that a decoder is given at a time."""
_AHEAD_PACKETS, _AHEAD_BYTES = 600, 32 << 20
"""No more than this waits to be decoded, or was decoded and waits to be looked at."""


class Small(NamedTuple):
    """A picture as it is compared."""

    pts: int | None
    planes: Plane
    """See `momentidx.media.compare.Picture`."""


class _Piece(NamedTuple):
    packets: int
    size: int
    pictures: Future[list[Small]]


class Groups:
    """Reads a footage once, from start to end. A context manager: leaving it ends the threads.

    `keys` are the numbers of the packets of true key pictures. Without any, the footage is one group.
    """

    def __init__(self, path: Path, footage: Footage, limits: Limits, keys: Sequence[int]) -> None:
        self._path, self._limits = path, limits
        self._keys = frozenset(keys)
        many = limits.threads if len(keys) > 1 else 1
        each = replace(limits, threads=limits.threads // many)
        self._resources = ExitStack()
        containers = [self._resources.enter_context(opened(path)) for _ in range(many)]
        streams = [hurrying(stream_of(container, footage, each)) for container in containers]
        self._decoders = [stream.codec_context for stream in streams]
        self._threads = [ThreadPoolExecutor(1) for _ in streams]
        for thread in self._threads:  # before the containers are closed
            self._resources.callback(thread.shutdown, cancel_futures=True)
        self._packets = enumerate(packet for packet in packets_of(containers[0], streams[0]) if packet.size)
        self._next = next(self._packets, None)
        self._turn = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._resources.close()

    def pictures(self, first: int, soon: int, end: int | None) -> Iterator[Small]:
        """The pictures of the packets from `first` on and before `end`; ask in order of time.

        Up to the key packet `soon`, and with its picture, decoders work ahead; later only as is asked for.
        Around key packets a picture may come twice.
        """
        waiting: deque[_Piece] = deque()
        for piece in self._pieces(first, soon, end):
            waiting.append(piece)
            reached = self._next is None or self._next[0] > soon
            while waiting and (reached or _is_much(waiting)):
                yield from waiting.popleft().pictures.result()

    def _pieces(self, first: int, soon: int, end: int | None) -> Iterator[_Piece]:
        """The packets, on their way to the decoders."""
        self._threads[self._turn].submit(self._decoders[self._turn].flush_buffers)  # the last asker may have left early
        held: list[Packet[VideoStream]] = []
        begun = False
        while self._next and (end is None or self._next[0] < end):
            number, packet = self._next
            self._next = next(self._packets, None)
            if number < first:
                continue
            if begun and number in self._keys:
                # Pictures sent after a key picture and shown before it need this group's pictures, and the key.
                leading = list(self._leading(packet))
                yield self._decode([*held, packet, *leading] if leading or number == soon else held, ends=True)
                held = [packet, *leading]
            else:
                held.append(packet)
            begun = True
            if len(held) >= _PIECE:
                yield self._decode(held, ends=False)
                held = []
        yield self._decode(held, ends=True)

    def _leading(self, key: Packet[VideoStream]) -> Iterator[Packet[VideoStream]]:
        while self._next and (self._next[1].pts or 0) < (key.pts or 0):
            yield self._next[1]
            self._next = next(self._packets, None)

    def _decode(self, packets: list[Packet[VideoStream]], *, ends: bool) -> _Piece:
        """Have the packets decoded by the decoder whose turn it is; the turn ends with the group."""
        decoder, thread = self._decoders[self._turn], self._threads[self._turn]
        if ends:
            self._turn = (self._turn + 1) % len(self._decoders)
        size = sum(packet.size for packet in packets)
        return _Piece(len(packets), size, thread.submit(self._smalls, decoder, packets, ends=ends))

    def _smalls(self, decoder: VideoCodecContext, packets: list[Packet[VideoStream]], *, ends: bool) -> list[Small]:
        smalls = []
        for packet in [*packets, None] if ends else packets:
            for frame in decoded(decoder, packet):
                frame = planar(within(self._limits, self._path, frame))
                smalls.append(Small(frame.pts, small_planes(frame)))
        if ends:
            decoder.flush_buffers()
        return smalls


def _is_much(waiting: Iterable[_Piece]) -> bool:
    packets, size = sum(piece.packets for piece in waiting), sum(piece.size for piece in waiting)
    return packets > _AHEAD_PACKETS or size > _AHEAD_BYTES
