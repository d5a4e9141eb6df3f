"""The pictures of one footage from start to end, inside the decoding child."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard
from av.video.frame import VideoFrame

from momentidx.errors import UnusableFootage
from momentidx.footage import Footage
from momentidx.media.container import opened, refuse_if_disk_failed
from momentidx.media.requests import Limits
from momentidx.times import round_half_up

Timed = tuple[int, VideoFrame]
"""A picture and its timestamp."""


class _Stamped(Protocol):
    @property
    def pts(self) -> int | None: ...


F = TypeVar("F", bound=_Stamped)

_log = logging.getLogger(__name__)


def stream_of(container: InputContainer, footage: Footage, limits: Limits) -> av.VideoStream:
    """The footage's picture, ready to be decoded; the other streams are not read."""
    stream = container.streams[footage.video.index]
    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all
    assert isinstance(stream, av.VideoStream)
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = limits.threads
    return stream


def hurrying(stream: av.VideoStream) -> av.VideoStream:
    """The stream, its pictures decoded faster and a little blocky; to be asked for before anything is decoded."""
    stream.codec_context.options = {"skip_loop_filter": "all"}
    return stream


def pictures(path: Path, footage: Footage, limits: Limits) -> Iterator[Timed]:
    """All pictures of a footage in order of time.

    Raises UnusableFootage `undecodable` when nothing decodes, `too-large` when a picture in the
    middle has more pixels than allowed.
    """
    nothing = True
    with opened(path) as container:
        stream = stream_of(container, footage, limits)
        for pts, frame in timed(frames_of(container, stream), footage, footage.span.start):
            nothing = False
            yield pts, within(limits, path, frame)
    if nothing:
        raise undecodable(path)


def frames_of(
    container: InputContainer, stream: av.VideoStream, prepare: Callable[[Packet[av.VideoStream]], None] | None = None
) -> Iterator[VideoFrame]:
    """The frames of a stream from where the container stands; packets that do not decode are passed over.

    `prepare` is called with each packet before it is decoded.
    """
    for packet in packets_of(container, stream):
        if prepare:
            prepare(packet)
        yield from decoded(stream.codec_context, packet)


def packets_of(container: InputContainer, stream: av.VideoStream) -> Iterator[Packet[av.VideoStream]]:
    """The packets of a stream from where the container stands, and an empty one, which makes decoders give the rest."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError as error:
            refuse_if_disk_failed(container)
            _log.debug("reading ends early: %s", error)
            return
        if packet is None:
            return
        yield packet


def decoded(decoder: av.VideoCodecContext, packet: Packet[av.VideoStream] | None) -> list[VideoFrame]:
    """The frames that a packet brings out of the decoder, no packet all the rest; none when it is damaged."""
    try:
        return decoder.decode(packet)
    except MemoryError:
        raise
    except av.FFmpegError as error:  # decoders call damage by many names, such as "operation not permitted"
        _log.debug("a packet does not decode: %s", error)
        return []


def timed(frames: Iterable[F], footage: Footage, first: int | None) -> Iterator[tuple[int, F]]:
    """The frames inside the footage's span whose times go forwards, with their times.

    One without a time follows the one before at the usual distance; `first` is for the first one.
    """
    usual = max(1, round_half_up(1 / (footage.rate * footage.span.base)))
    latest = footage.span.start - 1
    guess = first
    for frame in frames:
        pts = guess if frame.pts is None else frame.pts
        if pts is not None and pts in footage.span and pts > latest:
            yield pts, frame
            latest, guess = pts, pts + usual


def within(limits: Limits, path: Path, frame: VideoFrame) -> VideoFrame:
    """The frame itself. Raises UnusableFootage `too-large` when it has more pixels than allowed."""
    if frame.width * frame.height <= limits.max_pixels:
        return frame
    raise UnusableFootage(
        "too-large",
        f"{path}: a picture in the middle has {frame.width}x{frame.height} pixels, and 'max_pixels' allows "
        f"{limits.max_pixels}. Raise the setting, or make a smaller copy.",
    )


def undecodable(path: Path) -> UnusableFootage:
    return UnusableFootage(
        "undecodable", f"{path}: none of its pictures can be decoded; it is damaged. Copy it again from its source."
    )
