"""One function for each target: what its programs want differently from the timeline that was built.

Where a rule was measured or is only reported stands in `docs/export.md`.
"""

from __future__ import annotations

from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Marker, MarkerColor, Timeline

from momentidx.errors import WrongUse
from momentidx.timeline.conform.grid import keep_source_frames, resample
from momentidx.timeline.conform.media import bare_paths, clips, from_zero
from momentidx.timeline.conform.reels import name_reels
from momentidx.timeline.cuts import exact_rate
from momentidx.times import rate_text, smpte_rate

AVID_TAPE_LENGTH = 32


def generic(timeline: Timeline) -> Timeline:
    """OpenTimelineIO as its documentation says, with Premiere's names for the rate and size of a sequence."""
    timeline = _copy(timeline)
    if _mixed(timeline):
        keep_source_frames(timeline)
    facts = timeline.metadata.get("momentidx", {})
    timeline.metadata["PremierePro_OTIO"] = {"MetadataVersion": "1.0"}
    timeline.tracks.metadata["PremierePro_OTIO"] = {
        "VideoFrameRate": timeline.global_start_time.rate,
        "VideoResolution": {"width": facts.get("width", 1920), "height": facts.get("height", 1080)},
        "PixelAspectRatio": 1.0,
        "AudioFrameRate": 48000.0,
    }
    return timeline


def resolve(timeline: Timeline) -> Timeline:
    """OpenTimelineIO as DaVinci Resolve takes it: bare paths, references named by file, captions on the ruler too."""
    timeline = _copy(timeline)
    if _mixed(timeline):
        keep_source_frames(timeline)
    bare_paths(timeline)
    for clip in clips(timeline):
        clip.media_reference.name = clip.name
    record = RationalTime(0, timeline.global_start_time.rate)
    for item in timeline.tracks[0]:
        for marker in item.markers:
            offset = marker.marked_range.start_time - item.source_range.start_time
            moment = marker.metadata.get("momentidx") or item.metadata.get("momentidx", {})
            timeline.tracks.markers.append(
                Marker(
                    marker.name,
                    TimeRange(record + offset, marker.marked_range.duration),
                    MarkerColor.GREEN,
                    {"momentidx": {"id": moment.get("id"), "customData": f"momentidx:{moment.get('id')}"}},
                    marker.comment,
                )
            )
        record += item.duration()
    return timeline


def listing(timeline: Timeline) -> Timeline:
    """Final Cut, tables and captions: clips start on a source frame and last whole frames of the sequence."""
    timeline = _copy(timeline)
    keep_source_frames(timeline)
    return timeline


def fcp7xml(timeline: Timeline) -> Timeline:
    """Final Cut Pro 7: in and out count from the first picture, in frames of the sequence."""
    timeline = _copy(timeline)
    from_zero(timeline)
    resample(timeline)
    return timeline


def mlt(timeline: Timeline) -> Timeline:
    """MLT and Kdenlive: bare paths, and everything in frames of the sequence from the first picture."""
    timeline = fcp7xml(timeline)
    bare_paths(timeline)
    return timeline


def blender(timeline: Timeline) -> Timeline:
    """Blender plays one source frame for each frame of the scene: bare paths, frames from the first picture."""
    timeline = one_rate(timeline, "Blender's sequencer")
    from_zero(timeline)
    bare_paths(timeline)
    return timeline


def edl(timeline: Timeline, reel_length: int) -> Timeline:
    """CMX 3600: one rate with timecode, a short reel for each file."""
    timeline = one_rate(timeline, "An EDL", smpte=True)
    name_reels(timeline, reel_length)
    return timeline


def avid(timeline: Timeline) -> Timeline:
    """ALE and AAF: one rate with timecode, a tape name for each file."""
    timeline = one_rate(timeline, "An Avid log or composition", smpte=True)
    name_reels(timeline, AVID_TAPE_LENGTH)
    return timeline


def one_rate(timeline: Timeline, target: str, *, smpte: bool = False) -> Timeline:
    """A copy, when all footage has the rate of the sequence; else WrongUse."""
    timeline = _copy(timeline)
    rate = timeline.global_start_time.rate
    others = sorted({clip.source_range.duration.rate for clip in clips(timeline)} - {rate})
    if others:
        found = ", ".join(rate_text(exact_rate(other)) for other in others)
        raise WrongUse(
            f"{target} cannot play footage of {found} frames a second at {rate_text(exact_rate(rate))}. "
            "Leave --rate away, which writes a file for each rate, or export FCPXML, MLT or Kdenlive."
        )
    if smpte and smpte_rate(exact_rate(rate)) is None:
        raise WrongUse(
            f"{target} counts in timecode, and {rate_text(exact_rate(rate))} frames a second has none. "
            "Export this footage as .otio, .fcpxml, .mlt or .kdenlive."
        )
    return timeline


def _copy(timeline: Timeline) -> Timeline:
    copy: Timeline = timeline.deepcopy()
    return copy


def _mixed(timeline: Timeline) -> bool:
    """Whether some footage has another rate than the sequence."""
    rate = timeline.global_start_time.rate
    return any(clip.source_range.duration.rate != rate for clip in clips(timeline))
