"""The internal timeline as an OpenTimelineIO file (`.otio`)."""

from __future__ import annotations

from pathlib import Path

from opentimelineio.core import serialize_json_to_string
from opentimelineio.schema import Timeline

from momentidx.timeline.write.files import write_whole


class OtioWriter:
    """Writes `.otio`: everything that the internal timeline holds, for programs that read OpenTimelineIO.

    The serializer is called itself, and not through OTIO's adapters: those would first load and run
    whatever plug-ins the environment names.
    """

    name = "otio"
    suffix = ".otio"

    def write(self, timeline: Timeline, file: Path) -> None:
        """Write a whole file or none. Raises MomentidxError when it cannot be written."""
        write_whole(file, serialize_json_to_string(timeline, indent=2).encode())
