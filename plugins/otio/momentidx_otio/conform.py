"""OpenTimelineIO hook script `momentidx_conform`: what some adapters need before they write.

It is attached to no hook: a hook of ours would otherwise run in every program of the environment that
writes a timeline. Attach it to `pre_adapter_write` yourself, and name the target with the hook argument
`momentidx_target`; without the argument a timeline stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentimelineio.exceptions import OTIOError
from opentimelineio.opentime import TimeRange
from opentimelineio.schema import Clip, ExternalReference, Timeline

from momentidx_otio.media import file_name, path_of

FROM_ZERO = {"mlt", "kdenlive", "ges"}
"""These adapters write source positions as frames from the first picture."""
BARE_PATHS = {"mlt", "kdenlive", "resolve"}
"""These programs take a bare path; some of them do not decode a URL."""


class NoSuchTarget(OTIOError):  # type: ignore[misc]
    """The hook argument names no target."""


# OpenTimelineIO calls this with its arguments by name.
def hook_function(in_timeline: Timeline, argument_map: Mapping[str, Any] | None = None) -> Timeline:
    """A copy of the timeline as the target wants it. Raises NoSuchTarget."""
    target = (argument_map or {}).get("momentidx_target")
    if target is None:
        return in_timeline
    if target not in FROM_ZERO | BARE_PATHS:
        known = ", ".join(sorted(FROM_ZERO | BARE_PATHS))
        raise NoSuchTarget(f"There is no target '{target}' to conform to. Targets: {known}.")
    timeline = in_timeline.deepcopy()
    for clip in timeline.find_clips():
        if target in FROM_ZERO:
            _from_zero(clip)
        if target in BARE_PATHS and isinstance(clip.media_reference, ExternalReference):
            path = path_of(clip.media_reference.target_url)
            clip.media_reference.target_url = path
            clip.media_reference.name = file_name(path)
    return timeline


def _from_zero(clip: Clip) -> None:
    """Count source positions from the first picture."""
    available = clip.media_reference.available_range
    if available is None:
        return
    if clip.source_range is not None:
        clip.source_range = _earlier(clip.source_range, available)
    for marker in clip.markers:
        marker.marked_range = _earlier(marker.marked_range, available)
    clip.media_reference.available_range = _earlier(available, available)


def _earlier(span: TimeRange, available: TimeRange) -> TimeRange:
    return TimeRange(span.start_time - available.start_time, span.duration)
