"""Footage and moments made by hand: each test names what it is about, the rest is the same every time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from momentidx.events import Event, Layer, Moment
from momentidx.footage import AudioStream, Footage, VideoStream
from momentidx.times import Span, StartTimecode

FILM = Fraction(24000, 1001)
NTSC = Fraction(30000, 1001)
PAL = Fraction(25)

HOUR_AT_FILM = 86400
"""01:00:00:00 at 23.976, which counts 24 frames a second."""

PICTURE = VideoStream(index=0, codec="h264", width=1920, height=1080, pixel_format="yuv420p", bit_depth=8)
STEREO = AudioStream(index=1, codec="aac", sample_rate=48000, channels=2, layout="stereo")


def footage(rate: Fraction = PAL, length: int = 1000, *, sound: bool = True, **facts: Any) -> Footage:
    """Footage of `length` frames with one tick a frame, its first picture at 7 ticks."""
    return Footage(
        fingerprint="f1",
        container="mov,mp4,m4a,3gp,3g2,mj2",
        span=Span(7, 7 + length, 1 / rate),
        rate=rate,
        video=PICTURE,
        audio=(STEREO,) if sound else (),
        **facts,
    )


def timecode(frame: int, *, drop_frame: bool = False) -> StartTimecode:
    return StartTimecode(frame, drop_frame, "track")


def moment(
    of: Footage,
    first: int,
    end: int,
    *,
    path: Path = Path("/media/A001.mov"),
    caption: str = "A red door.",
    **facts: Any,
) -> Moment:
    """The moment of frames `first` to `end` (exclusive), counted from the first picture."""
    event = Event(of.grid.span(first, end), caption, edge=Fraction(1, 25))
    return Moment(
        **({"id": 41, "score": 0.75} | facts), event=event, layer=Layer("shotlog", "1"), footage=of, path=path
    )
