"""How a target finds a file and counts its frames: paths instead of URLs, positions from the first picture."""

from __future__ import annotations

from collections.abc import Iterator

from opentimelineio.opentime import TimeRange
from opentimelineio.schema import Clip, Timeline

from momentidx.errors import MomentidxError
from momentidx.timeline.names import one_line, plain_path, safe_text


def clips(timeline: Timeline) -> Iterator[Clip]:
    """The clips of all tracks."""
    for track in timeline.tracks:
        for item in track:
            if isinstance(item, Clip):
                yield item


def bare_paths(timeline: Timeline) -> None:
    """Name files by path, for programs that take a `file://` URL for an odd file name.

    Raises MomentidxError for a name that is not text (not UTF-8, control characters): only a URL can spell it.
    """
    for clip in clips(timeline):
        reference = clip.media_reference
        path = plain_path(reference.target_url)
        if safe_text(path) != path:
            raise MomentidxError(
                f"{one_line(path)}: this format writes file names as they are, and this one is not plain text. "
                "Rename the file and index it again, or export as .otio, .fcpxml or .xml, which can name it."
            )
        reference.target_url = path


def from_zero(timeline: Timeline) -> None:
    """Count the frames of every file from its first picture instead of in its timecode."""
    for clip in clips(timeline):
        reference = clip.media_reference
        available = reference.available_range
        zero = available.start_time
        reference.available_range = TimeRange(duration=available.duration, start_time=zero - zero)
        source = clip.source_range
        clip.source_range = TimeRange(source.start_time - zero, source.duration)
        for marker in clip.markers:
            marked = marker.marked_range
            marker.marked_range = TimeRange(marked.start_time - zero, marked.duration)
