"""Moments become one internal timeline, the source of every file that momentidx exports.

It is made of OpenTimelineIO objects and holds what is exactly true of the footage; what one editing
program wants differently is a later pass over it. The choices, with their reasons:

*Media time is the file's own timecode.* `available_range` starts at the timecode of the first frame
(0 where the file has none: `timecode_source` is then `none`) and `source_range` counts in the same
space. Programs that find timecode in a file cut to wrong frames, or refuse, when it starts at zero.
After midnight the count goes on; only labels wrap.

*Rates are each medium's own*, spelled as `opentime` spells SMPTE rates where one exists and as they
are where none does (10 frames a second). Both parts of a `source_range` are in that rate, so source
frames are exact whatever else is on the timeline. OpenTimelineIO has no sequence rate and positions
are sums of durations: with one rate they are whole frames, with several they are not, and programs
round them differently. `rates` tells the caller before that happens.

*Offline media keeps its `ExternalReference`* with the last known path, and the clip says `online:
false`. A `MissingReference` has no place for the path, so that mounting the drive again would not
bring the clip back; editing programs know by themselves how to show a file that is not there.

*Nothing depends on the clock*: the same moments give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Clip, ExternalReference, Gap, Marker, MarkerColor, Timeline, Track, TrackKind

from momentidx import __version__
from momentidx.errors import MomentidxError
from momentidx.events import Moment
from momentidx.footage import Footage
from momentidx.timeline.names import media_url, one_line, safe_text
from momentidx.times import frame_of_timecode, parse_duration_frames, round_half_up, smpte_rate

MARKER_NAME_LENGTH = 60


def build(moments: Sequence[Moment], *, name: str, query: str | None = None, handles: str = "0f") -> Timeline:
    """A timeline of the moments, one after the other, in the order given.

    `handles` is the length that a clip shows before and after its moment (`12f`, `0.5s`), less where
    the file begins or ends; it is text because half a second is a different number of frames for each
    rate. Editing programs lay footage of variable rate onto a grid of their own, within one frame of
    ours, so such a clip gets one frame more on both sides.

    Raises WrongUse for handles that are not a length, and MomentidxError when there is no moment, or
    one that does not lie in its footage.
    """
    if not moments:
        raise MomentidxError("There is nothing to put on a timeline: no moment was found.")
    video, audio = Track("Video 1", kind=TrackKind.Video), Track("Audio 1", kind=TrackKind.Audio)
    for link, moment in enumerate(moments, start=1):
        frames = _frames(moment)
        picture = _clip(moment, frames, handles, _provenance(moment, query) | {"link": link})
        # Where there is no sound a gap of the same length keeps what follows in sync.
        audio.append(picture.deepcopy() if moment.footage.audio else Gap(duration=picture.duration()))
        picture.markers.append(_marker(moment, frames))
        video.append(picture)
    start, facts = _record_start(moments)
    timeline = Timeline(name=one_line(name), global_start_time=start)
    timeline.metadata["momentidx"] = {"version": __version__, "query": query and safe_text(query)} | facts
    timeline.tracks.append(video)
    if any(moment.footage.audio for moment in moments):
        timeline.tracks.append(audio)
    return timeline


def rates(moments: Sequence[Moment]) -> tuple[Fraction, ...]:
    """The different frame rates of the moments, highest first.

    With more than one, positions on the timeline are not whole frames (see above): say so, or make a
    timeline for each rate. The highest is the sequence rate, as it is for OpenTimelineIO's `duration`.
    """
    found = {_media_rate(moment.footage): moment.footage.rate for moment in moments}
    return tuple(found[rate] for rate in sorted(found, reverse=True))


def _clip(moment: Moment, frames: tuple[int, int], handles: str, facts: dict[str, Any]) -> Clip:
    footage, (first, end) = moment.footage, frames
    length = footage.length_frames
    pad = parse_duration_frames(handles, footage.rate) + footage.variable_rate
    return Clip(
        # The file's name: it is what editors know the footage by, and what programs relink by.
        name=one_line(moment.path.name),
        media_reference=ExternalReference(media_url(moment.path), _media_range(footage, 0, length)),
        source_range=_media_range(footage, max(first - pad, 0), min(end + pad, length)),
        metadata={"momentidx": facts},
    )


def _marker(moment: Moment, frames: tuple[int, int]) -> Marker:
    """The caption, over the moment itself: where it begins and ends however long the handles are."""
    caption = moment.event.caption
    return Marker(
        name=one_line(caption, MARKER_NAME_LENGTH),
        marked_range=_media_range(moment.footage, *frames),
        color=MarkerColor.GREEN,  # not red, which means offline media to many editors
        comment=safe_text(caption),
    )


def _provenance(moment: Moment, query: str | None) -> dict[str, Any]:
    """The moment as `find --json` tells it, and what a later pass must know of the footage."""
    footage = moment.footage
    facts = moment.to_json() | {
        "query": query,
        "edge_seconds": float(moment.event.edge),
        "media_start_timecode": footage.timecode(0),
        "drop_frame": footage.start.drop_frame,
        "timecode_source": footage.start.source,
        "variable_rate": footage.variable_rate,
    }
    return {key: safe_text(value) if isinstance(value, str) else value for key, value in facts.items()}


def _frames(moment: Moment) -> tuple[int, int]:
    """The moment's frames, inside the media.

    A moment shorter than half a frame at the very end rounds to the frame after the last: the last
    frame is meant.
    """
    footage, span = moment.footage, moment.event.span
    if not footage.span.covers(span):
        raise MomentidxError(
            f"{moment.path}: a moment ('{one_line(moment.event.caption, MARKER_NAME_LENGTH)}') lies outside the "
            "footage. Index the file again."
        )
    (start, end), length = moment.frames, footage.length_frames
    return min(start, length - 1), min(end, length)


def _media_range(footage: Footage, start: int, end: int) -> TimeRange:
    """Frames counted from the first picture, as a range in media time."""
    rate = _media_rate(footage)
    return TimeRange(RationalTime(footage.start.frame + start, rate), RationalTime(end - start, rate))


def _media_rate(footage: Footage) -> float:
    return smpte_rate(footage.rate) or float(footage.rate)


def _record_start(moments: Sequence[Moment]) -> tuple[RationalTime, dict[str, Any]]:
    """Where the timeline starts, one hour in as editors expect, and the label of that frame.

    OpenTimelineIO does not know drop-frame; here the sequence counts in drop-frame when all footage
    of its rate does, so that its labels run like the sources' own.
    """
    rate = max(_media_rate(moment.footage) for moment in moments)
    leading = [moment.footage for moment in moments if _media_rate(moment.footage) == rate]
    if smpte_rate(leading[0].rate) is None:
        return RationalTime(round_half_up(3600 * leading[0].rate), rate), {"start_timecode": None, "drop_frame": False}
    label = "01:00:00;00" if all(footage.start.drop_frame for footage in leading) else "01:00:00:00"
    frame, drop_frame = frame_of_timecode(label, leading[0].rate)
    return RationalTime(frame, rate), {"start_timecode": label, "drop_frame": drop_frame}
