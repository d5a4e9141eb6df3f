"""Footage: what we know of one media file's content, as a frozen value.

Everything here is a fact read from the file by `media/probe.py`; nothing is guessed from its name.
The value crosses folders and is stored in the library as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction
from functools import lru_cache
from typing import Any, Self

from momentidx import times
from momentidx.times import FrameGrid, Span, StartTimecode


@dataclass(frozen=True, slots=True)
class VideoStream:
    """The picture, as the container and codec describe it."""

    index: int
    """Stream number in the container."""
    codec: str
    width: int
    """Pixels as shown: after rotation, before sample aspect."""
    height: int
    pixel_format: str
    bit_depth: int
    rotation: int = 0
    """Degrees clockwise that a player turns the coded picture: 0, 90, 180 or 270."""
    sample_aspect: Fraction = Fraction(1)
    """Width of a pixel over its height."""
    interlaced: bool = False
    transfer: str | None = None
    """Transfer characteristic when declared (`bt709`, `smpte2084` = PQ, `arib-std-b67` = HLG)."""


@dataclass(frozen=True, slots=True)
class AudioStream:
    """One sound track."""

    index: int
    codec: str
    sample_rate: int
    channels: int
    layout: str
    """Channel layout by FFmpeg's name: `mono`, `stereo`, `5.1`, ..."""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Footage:
    """One piece of footage, recognised by its content wherever the file lies."""

    fingerprint: str
    """Identity of the content (`media/identity.py`)."""
    container: str
    """FFmpeg's demuxer name."""
    span: Span
    """From the first picture to the end of the last one, in the video stream's time base."""
    rate: Fraction
    """Frames per second: exact for constant rate, the container's nominal rate for variable rate."""
    video: VideoStream
    variable_rate: bool = False
    frame_count: int | None = None
    """Number of pictures where the container makes it knowable without decoding, else None."""
    audio: tuple[AudioStream, ...] = ()
    start: StartTimecode = StartTimecode()
    reel: str | None = None
    camera: str | None = None
    """Make and model, when the file says so."""
    created: str | None = None
    """Creation date and time as the file states it (ISO 8601)."""
    warnings: tuple[str, ...] = ()
    """What is odd about the file but does not stop it from being used."""

    @property
    def grid(self) -> FrameGrid:
        return FrameGrid(self.span.start, self.span.base, self.rate)

    @property
    def duration(self) -> Fraction:
        """Seconds from the first picture to the end of the last."""
        return self.span.duration

    @property
    def length_frames(self) -> int:
        """Length on the frame grid: what an editing program shows as the clip's duration."""
        start, end = self.grid.frames(self.span)
        return end - start

    def seconds(self, pts: int) -> Fraction:
        """Seconds since the first picture; frame numbers count from there as well."""
        return (pts - self.span.start) * self.span.base

    def timecode(self, frame: int) -> str | None:
        """Source timecode of a frame number; None when the rate has no SMPTE form."""
        return times.timecode(self.start.frame + frame, self.rate, drop_frame=self.start.drop_frame)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, exact: fractions as `num/den` text."""
        facts: dict[str, Any] = _plain(self)
        return facts

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        span, video, start = facts["span"], facts["video"], facts["start"]
        return cls(
            **{
                **facts,
                "span": Span(span["start"], span["end"], _fraction(span["base"])),
                "rate": _fraction(facts["rate"]),
                "video": VideoStream(**{**video, "sample_aspect": _fraction(video["sample_aspect"])}),
                "audio": tuple(AudioStream(**stream) for stream in facts["audio"]),
                "start": StartTimecode(**start),
                "warnings": tuple(facts["warnings"]),
            }
        )


@lru_cache(maxsize=1_000)  # footage has few different rates, and reading one is most of the work here
def _fraction(text: str) -> Fraction:
    return Fraction(text)


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value
