"""A light copy of one footage that any browser plays and steps through, made inside the decoding child.

H.264 in MP4 with one picture for every picture of the footage, each at its exact time (the first one at 0,
in ticks of the footage's own time base), and a key frame every few pictures, so that a player that is sent
to any of them shows it at once. Pictures keep their order and are coded without looking ahead, so that no
time is shifted by an edit list.

The child may not write a file: the copy is given as pieces, for the other side to put where they belong.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Discard
from av.video.frame import VideoFrame

from momentidx.errors import UnusableFootage
from momentidx.footage import Footage
from momentidx.media.container import opened
from momentidx.media.decode import packets_of, pictures
from momentidx.media.pictures import size_within
from momentidx.media.requests import Limits, Piece

_LONG_SIDE = 1280
_KEY_EVERY = 8
_OPTIONS = {"preset": "superfast", "crf": "23", "tune": "fastdecode", "sc_threshold": "0"}
_SOUND_RATE = 48_000
_PIECE_BYTES = 1 << 18
_TELL_EVERY = 50
"""Pictures; also when they take few bytes, the other side hears of it, and may stop the work."""
_BT709, _UNSPECIFIED, _BT601 = 1, 2, 5  # ITU-T H.273 table 4
_LIMITED_RANGE = 1  # AVColorRange
_HD_LINES = 720


def light_copy(path: Path, footage: Footage, limits: Limits) -> Iterator[Piece]:
    """The copy in pieces, with how far it has come. Raises UnusableFootage `no-encoder`, and what `pictures` raises."""
    if "libx264" not in av.codecs_available:
        raise UnusableFootage(
            "no-encoder",
            "A copy that a browser plays cannot be made: FFmpeg was built without libx264. Install PyAV from PyPI.",
        )
    sheet = _Sheet()
    start, base = footage.span.start, footage.span.base
    with av.open(sheet, "w", format="mp4") as output, closing(_sound(path, footage)) as heard:
        video = _video(output, footage, limits)
        audio = output.add_stream("aac", rate=_SOUND_RATE, layout="stereo") if footage.audio else None
        sound = next(heard, None)
        for number, (pts, frame) in enumerate(pictures(path, footage, limits), start=1):
            output.mux(video.encode(_small(frame, video, pts - start, base)))
            while sound is not None and isinstance(audio, AudioStream) and sound[0] <= (pts - start) * base:
                output.mux(audio.encode(sound[1]))
                sound = next(heard, None)
            if sheet.size >= _PIECE_BYTES or number % _TELL_EVERY == 0:
                yield from sheet.pieces(pts)
        output.mux(video.encode(None))
        if isinstance(audio, AudioStream):
            output.mux(audio.encode(None))
    yield from sheet.pieces(footage.span.end)


def picture_times(path: Path, footage: Footage) -> tuple[int, ...]:
    """When each picture is shown, ascending, by what the packets say; nothing is decoded."""
    with opened(path) as container:
        stream = container.streams.video[0]
        for other in container.streams:
            if other.index == footage.video.index:
                assert isinstance(other, av.VideoStream)
                stream = other
            else:
                other.discard = Discard.all
        shown = {
            packet.dts if packet.pts is None else packet.pts
            for packet in packets_of(container, stream)
            if packet.size and not packet.is_discard
        }
    return tuple(sorted(time for time in shown if time is not None and time in footage.span))


def _video(output: av.container.OutputContainer, footage: Footage, limits: Limits) -> av.VideoStream:
    """The stream for the pictures. They lie as they are coded, and turn as the footage's do."""
    stream = output.add_stream("libx264", rate=footage.rate, options=_OPTIONS)
    assert isinstance(stream, av.VideoStream)
    picture = footage.video
    width, height = (max(2, side // 2 * 2) for side in size_within(picture, min(_LONG_SIDE, _long_side(footage))))
    stream.width, stream.height = (width, height) if picture.rotation % 180 == 0 else (height, width)
    stream.pix_fmt = "yuv420p"
    codec = stream.codec_context
    stream.time_base = codec.time_base = footage.span.base
    codec.gop_size, codec.max_b_frames = _KEY_EVERY, 0
    codec.thread_count = limits.threads
    codec.colorspace, codec.color_range = _BT709, _LIMITED_RANGE
    if picture.rotation:
        stream.set_display_rotation(-picture.rotation)
    return stream


def _long_side(footage: Footage) -> int:
    return max(footage.video.width, footage.video.height)


def _small(frame: VideoFrame, stream: av.VideoStream, pts: int, base: Fraction) -> VideoFrame:
    matrix = int(frame.colorspace)
    if matrix == _UNSPECIFIED:
        matrix = _BT709 if frame.height >= _HD_LINES else _BT601
    small = frame.reformat(
        stream.width, stream.height, "yuv420p", src_colorspace=matrix, dst_colorspace=_BT709,
        dst_color_range=_LIMITED_RANGE,
    )  # fmt: skip
    small.pts, small.time_base = pts, base
    small.pict_type = 0  # what the original's pictures were is nothing to go by
    return small


def _sound(path: Path, footage: Footage) -> Generator[tuple[Fraction, AudioFrame], None, None]:
    """Seconds since the first picture and the samples of the first sound track, from the first picture on."""
    if not footage.audio:
        return
    resampler = AudioResampler(format="fltp", layout="stereo", rate=_SOUND_RATE)
    first = footage.span.start_seconds
    with opened(path) as container:
        stream = container.streams[footage.audio[0].index]
        for other in container.streams:
            if other.index != stream.index:
                other.discard = Discard.all
        assert isinstance(stream, AudioStream)
        try:
            for packet in container.demux(stream):
                for frame in _heard(packet):
                    for done in resampler.resample(frame):
                        if done.pts is None or done.time_base is None:
                            continue
                        seconds = done.pts * done.time_base - first
                        if seconds >= 0:
                            done.pts, done.time_base = round(seconds * _SOUND_RATE), Fraction(1, _SOUND_RATE)
                            yield seconds, done
        except av.FFmpegError:  # the rest is silent, as it is to the ear
            return


def _heard(packet: Packet[AudioStream]) -> list[AudioFrame]:
    try:
        return packet.decode()
    except (av.InvalidDataError, av.EOFError):
        return []


class _Sheet:
    """Stands for the file: keeps what is written, and where, until it is taken away."""

    def __init__(self) -> None:
        self.size = 0
        """Bytes that wait to be taken."""
        self._at = self._end = 0
        self._written: list[tuple[int, bytes]] = []

    def write(self, data: bytes) -> int:
        self._written.append((self._at, bytes(data)))
        self._at += len(data)
        self._end = max(self._end, self._at)
        self.size += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._end}[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def pieces(self, pts: int) -> Iterator[Piece]:
        """What was written since this was asked before; all pictures up to `pts` are in it."""
        written, self._written, self.size = self._written, [], 0
        for at, data in written or [(0, b"")]:
            yield Piece(at, data, pts)
