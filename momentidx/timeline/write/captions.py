"""The captions as subtitles over the timeline, from its first frame: SubRip (`.srt`) and WebVTT (`.vtt`)."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from xml.sax.saxutils import escape

from opentimelineio.schema import Timeline

from momentidx.timeline.cuts import cut_list
from momentidx.timeline.names import one_line
from momentidx.timeline.write.files import write_whole
from momentidx.times import round_half_up


class SrtWriter:
    """Writes SubRip."""

    name = "srt"
    suffix = ".srt"
    mixed_rates = True
    most_clips: int | None = None
    alternates = False

    def write(self, timeline: Timeline, file: Path) -> None:
        blocks = [
            f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{text}\n"
            for number, (start, end, text) in enumerate(_subtitles(timeline), start=1)
        ]
        write_whole(file, "\n".join(blocks).encode())


class VttWriter:
    """Writes WebVTT."""

    name = "vtt"
    suffix = ".vtt"
    mixed_rates = True
    most_clips: int | None = None
    alternates = False

    def write(self, timeline: Timeline, file: Path) -> None:
        blocks = [
            f"{_clock(start, '.')} --> {_clock(end, '.')}\n{escape(text)}\n"
            for start, end, text in _subtitles(timeline)
        ]
        write_whole(file, "\n".join(["WEBVTT\n", *blocks]).encode())


def _subtitles(timeline: Timeline) -> list[tuple[Fraction, Fraction, str]]:
    """Start and end in seconds from the first frame, and the caption, which ends a block when it is empty."""
    cuts = cut_list(timeline)
    return [(start / cuts.rate, end / cuts.rate, one_line(mark.caption) or "-") for start, end, _, mark in cuts.marks()]


def _clock(seconds: Fraction, point: str) -> str:
    milliseconds = round_half_up(seconds * 1000)
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{rest:03}"
