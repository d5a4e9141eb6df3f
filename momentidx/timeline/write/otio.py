"""OpenTimelineIO files (`.otio`): one for programs that follow its documentation, one for DaVinci Resolve."""

from __future__ import annotations

from pathlib import Path

from opentimelineio.core import serialize_json_to_string
from opentimelineio.schema import Timeline

from momentidx.timeline.conform.targets import generic, resolve
from momentidx.timeline.write.files import replacing

PIECE = 1 << 20


class OtioWriter:
    """Writes everything that the internal timeline holds, for Premiere, Hiero and whatever reads OpenTimelineIO.

    The serializer is called itself, and not through OTIO's adapters: those would first load and run
    whatever plug-ins the environment names.
    """

    name = "otio"
    suffix = ".otio"
    mixed_rates = False
    most_clips: int | None = None
    alternates = True

    def write(self, timeline: Timeline, file: Path) -> None:
        _write(file, otio_text(generic(timeline)))


class ResolveWriter:
    """Writes the shape that DaVinci Resolve is reported to import: bare paths and captions on the timeline's ruler."""

    name = "otio-resolve"
    suffix = ".otio"
    mixed_rates = False
    most_clips: int | None = None
    alternates = True

    def write(self, timeline: Timeline, file: Path) -> None:
        _write(file, otio_text(resolve(timeline)))


def otio_text(timeline: Timeline) -> str:
    return str(serialize_json_to_string(timeline, indent=2))


def _write(file: Path, text: str) -> None:
    """Piece by piece: a long timeline is 60 MB of text, which as bytes would be as much again."""
    with replacing(file) as part, part.open("w", encoding="utf-8", newline="") as stream:
        for start in range(0, len(text), PIECE):
            stream.write(text[start : start + PIECE])
