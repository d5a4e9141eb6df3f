"""One function for each target: what its programs want differently from the timeline that was built.

OpenTimelineIO files are timelines again; the other formats get a cut list. Formats without a function here
(Final Cut, tables, captions) take the cut list as it is. Where a rule was measured or is only reported stands
in `docs/export.md`.
"""

from __future__ import annotations

from dataclasses import replace

from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Marker, Timeline

from momentidx.errors import WrongUse
from momentidx.timeline.conform.grid import keep_source_frames, resample
from momentidx.timeline.conform.media import bare_paths, clips, from_zero, plain_name
from momentidx.timeline.conform.reels import name_reels
from momentidx.timeline.cuts import Cut, CutList, cut_list
from momentidx.timeline.facts import copies_with, each_marker, facts_of
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
    for clip in clips(timeline):
        reference = clip.media_reference
        reference.target_url, reference.name = plain_name(reference.target_url), clip.name
    timeline.tracks.markers.extend(_on_the_ruler(timeline))
    return timeline


def _on_the_ruler(timeline: Timeline) -> list[Marker]:
    """The markers of the picture track's items, from the first frame of the timeline."""
    record, found, ids = RationalTime(0, timeline.global_start_time.rate), [], []
    for item in timeline.tracks[0]:
        for marker in each_marker(item):
            found.append((marker, record + (marker.marked_range.start_time - item.source_range.start_time)))
            ids.append(facts_of(marker, item).get("id"))
        record += item.duration()
    copies = copies_with(Marker(), [{"id": id_, "customData": f"momentidx:{id_}"} for id_ in ids])
    for copy, (marker, start) in zip(copies, found, strict=True):
        copy.name, copy.comment, copy.color = marker.name, marker.comment, marker.color
        copy.marked_range = TimeRange(start, marker.marked_range.duration)
    return copies


def fcp7xml(timeline: Timeline) -> CutList:
    """Final Cut Pro 7: in and out count from the first picture, in frames of the sequence."""
    return resample(from_zero(cut_list(timeline)))


def mlt(timeline: Timeline) -> CutList:
    """MLT and Kdenlive: bare paths, and everything in frames of the sequence from the first picture."""
    return bare_paths(fcp7xml(timeline))


def blender(timeline: Timeline) -> CutList:
    """Blender plays one source frame for each frame of the scene: bare paths, frames from the first picture."""
    return bare_paths(from_zero(one_rate(cut_list(timeline), "Blender's sequencer")))


def edl(timeline: Timeline, reel_length: int) -> CutList:
    """CMX 3600: one rate with timecode, a short reel for each file."""
    return name_reels(one_rate(cut_list(timeline), "An EDL", smpte=True), reel_length)


def avid(timeline: Timeline) -> CutList:
    """ALE and AAF: one rate with timecode, a tape name for each file."""
    return name_reels(one_rate(cut_list(timeline), "An Avid log or composition", smpte=True), AVID_TAPE_LENGTH)


def one_rate(cuts: CutList, target: str, *, smpte: bool = False) -> CutList:
    """The cuts without alternates of another rate; raises WrongUse when what plays has another."""
    others = sorted({cut.media.rate for cut in cuts.cuts} - {cuts.rate})
    if others:
        raise WrongUse(
            f"{target} cannot play footage of {', '.join(map(rate_text, others))} frames a second at "
            f"{rate_text(cuts.rate)}. Leave --rate away, which writes a file for each rate, or export FCPXML, "
            "MLT or Kdenlive."
        )
    if smpte and smpte_rate(cuts.rate) is None:
        raise WrongUse(
            f"{target} counts in timecode, and {rate_text(cuts.rate)} frames a second has none. "
            "Export this footage as .otio, .fcpxml, .mlt or .kdenlive."
        )

    def fitting(cut: Cut) -> Cut:
        return replace(cut, alternates=tuple(other for other in cut.alternates if other.media.rate == cuts.rate))

    return replace(cuts, items=tuple(fitting(item) if isinstance(item, Cut) else item for item in cuts.items))


def _copy(timeline: Timeline) -> Timeline:
    copy: Timeline = timeline.deepcopy()
    return copy


def _mixed(timeline: Timeline) -> bool:
    """Whether some footage has another rate than the sequence."""
    rate = timeline.global_start_time.rate
    return any(clip.source_range.duration.rate != rate for clip in clips(timeline))
