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
round them differently. `rates` tells the caller before that happens, and the pass for a program that
takes several rates puts them onto the grid of the sequence (`conform/grid.py`).

*Offline media keeps its `ExternalReference`* with the last known path, and the clip says `online:
false`. A `MissingReference` has no place for the path, so that mounting the drive again would not
bring the clip back; editing programs know by themselves how to show a file that is not there.

*Nothing depends on the clock*: the same moments give the same bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Clip, ExternalReference, Gap, Marker, MarkerColor, Timeline, Track, TrackKind

from momentidx import __version__
from momentidx.errors import MomentidxError, WrongUse
from momentidx.events import Moment
from momentidx.footage import Footage
from momentidx.timeline.facts import KEY, copies_with, remarks
from momentidx.timeline.names import media_url, one_line, safe_text
from momentidx.times import (
    allows_drop_frame,
    frame_of_timecode,
    parse_duration_frames,
    rate_text,
    round_half_up,
    smpte_rate,
    timecode,
)

MARKER_NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Layout:
    """How the moments lie on the timeline. Lengths are text: half a second is another number of frames at each rate."""

    handles: str = "0f"
    """What a clip shows before and after its moment (`12f`, `0.5s`); less where the file begins or ends."""
    gap: str = "0f"
    """Black between clips, in frames of the sequence."""
    start: str | None = None
    """Timecode of the first frame, by default one hour; `;` means drop-frame."""
    drop_frame: bool | None = None
    """Whether the sequence counts in drop-frame; None: when all footage of its rate does."""
    rate: Fraction | None = None
    """Frames a second of the sequence; None: the highest of the footage."""
    audio: bool = True
    """Whether the sound comes along."""
    whole_files: bool = False
    """Each file once and whole, in the order of the first moment, with a marker for each moment."""


def build(moments: Sequence[Moment], *, name: str, query: str | None = None, layout: Layout | None = None) -> Timeline:
    """A timeline of the moments, one after the other, in the order given.

    Editing programs lay footage of variable rate onto a grid of their own, within one frame of ours,
    so such a clip gets one frame more on both sides than its handles.

    Raises WrongUse for a layout that makes no sense, and MomentidxError when there is no moment, or
    one that does not lie in its footage.
    """
    if not moments:
        raise MomentidxError("There is nothing to put on a timeline: no moment was found.")
    layout = layout or Layout()
    start, facts = _sequence(moments, layout)
    pause = RationalTime(parse_duration_frames(layout.gap, Fraction(facts["rate"])), start.rate)
    media = References()
    shots = _whole_files(moments, media, query) if layout.whole_files else _cuts(moments, media, query, layout)
    video, audio = Track("Video 1", kind=TrackKind.Video), Track("Audio 1", kind=TrackKind.Audio)
    for shot, picture in zip(shots, _pictures(shots), strict=True):
        if video and pause.value:
            video.append(Gap(duration=pause))
            audio.append(Gap(duration=pause))
        video.append(picture)
        # Where there is no sound a gap of the same length keeps what follows in sync.
        audio.append(_sound(shot) if shot.footage.audio else Gap(duration=shot.plays.duration))
    timeline = Timeline(name=one_line(name), global_start_time=start)
    timeline.metadata[KEY] = {"version": __version__, "query": query and safe_text(query)} | facts
    timeline.tracks.append(video)
    if layout.audio and any(moment.footage.audio for moment in moments):
        timeline.tracks.append(audio)
    return timeline


def rates(moments: Sequence[Moment]) -> tuple[Fraction, ...]:
    """The different frame rates of the moments, highest first.

    With more than one, positions on the timeline are not whole frames (see above): say so, or make a
    timeline for each rate. The highest is the sequence rate, as it is for OpenTimelineIO's `duration`.
    """
    found = {media_rate(moment.footage.rate): moment.footage.rate for moment in moments}
    return tuple(found[rate] for rate in sorted(found, reverse=True))


@cache
def media_rate(rate: Fraction) -> float:
    """A frame rate as `opentime` spells it: two spellings of one SMPTE rate (2997/100, 30000/1001) are one."""
    return smpte_rate(rate) or float(rate)


@dataclass(frozen=True, slots=True)
class _Shot:
    """What becomes a clip on the picture track, and one under it."""

    link: int
    """The same number on the picture and the sound."""
    name: str
    footage: Footage
    picture: ExternalReference
    sound: ExternalReference
    plays: TimeRange
    markers: tuple[Marker, ...]
    facts: dict[str, Any]
    """The metadata of the picture; what is known of the file and the moment is not said again of the sound."""


class References:
    """One media reference for each file, which its clips share: in a file, and in a copy, each has its own again."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[ExternalReference, ExternalReference]] = {}

    def of(self, footage: Footage, path: Path) -> tuple[ExternalReference, ExternalReference]:
        """For the picture, and, without what is known of the file, for the sound."""
        key = footage.fingerprint, str(path)
        if key not in self._known:
            url, whole = media_url(path), media_range(footage, 0, footage.length_frames)
            facts = {KEY: _media_facts(footage)}
            self._known[key] = ExternalReference(url, whole, facts), ExternalReference(url, whole)
        return self._known[key]


def _cuts(moments: Sequence[Moment], media: References, query: str | None, layout: Layout) -> list[_Shot]:
    """One shot for each moment, its caption a marker over the moment itself."""
    found = []
    for link, moment in enumerate(moments, start=1):
        footage, (first, end) = moment.footage, _frames(moment)
        pad = parse_duration_frames(layout.handles, footage.rate) + footage.variable_rate
        plays = media_range(footage, max(first - pad, 0), min(end + pad, footage.length_frames))
        # The file's name: it is what editors know the footage by, and what programs relink by.
        name, marker, facts = one_line(moment.path.name), _marker(moment, (first, end)), _provenance(moment, query)
        found.append(_Shot(link, name, footage, *media.of(footage, moment.path), plays, (marker,), facts))
    return found


def _whole_files(moments: Sequence[Moment], media: References, query: str | None) -> list[_Shot]:
    """One shot for each file, with a marker and its provenance for each moment."""
    files: dict[str, list[Moment]] = defaultdict(list)
    for moment in moments:
        files[moment.footage.fingerprint].append(moment)
    found = []
    for link, (best, *more) in enumerate(files.values(), start=1):
        markers = []
        for moment in (best, *more):
            markers.append(_marker(moment, _frames(moment)))
            markers[-1].metadata[KEY] = _provenance(moment, query)
        picture, sound = media.of(best.footage, best.path)
        name, facts = one_line(best.path.name), {"online": best.online}
        found.append(_Shot(link, name, best.footage, picture, sound, picture.available_range, tuple(markers), facts))
    return found


def _pictures(shots: Sequence[_Shot]) -> list[Clip]:
    """A clip for each shot."""
    clips = copies_with(Clip(), [{"link": shot.link} | shot.facts for shot in shots])
    for clip, shot in zip(clips, shots, strict=True):
        clip.name, clip.source_range, clip.media_reference = shot.name, shot.plays, shot.picture
        clip.markers.extend(shot.markers)
    return clips


def _sound(shot: _Shot) -> Clip:
    clip = Clip(shot.name, shot.sound, shot.plays)
    clip.metadata[KEY] = {"link": shot.link}
    return clip


def _marker(moment: Moment, frames: tuple[int, int]) -> Marker:
    """The caption, over the moment itself: where it begins and ends however long the handles are.

    The comment goes on with what a person made of it, so that every format that has comments carries that.
    """
    caption, remark = moment.event.caption, moment.remark
    comment = [caption, *remarks({"note": remark.note, "rating": remark.rating, "labels": remark.labels})]
    return Marker(
        name=one_line(caption, MARKER_NAME_LENGTH),
        marked_range=media_range(moment.footage, *frames),
        color=MarkerColor.GREEN,  # not red, which means offline media to many editors
        comment=safe_text("\n".join(filter(None, comment))),
    )


def _provenance(moment: Moment, query: str | None) -> dict[str, Any]:
    """The moment as `find --json` tells it, what was asked, how sure its edges are, and what a person made of it."""
    remark = moment.remark
    facts = moment.to_json() | {
        "query": remark.query or query,
        "edge_seconds": float(moment.event.edge),
        "note": remark.note,
        "rating": remark.rating,
        "labels": list(remark.labels),
    }
    return {key: _safe(value) for key, value in facts.items()}


def _safe(value: Any) -> Any:
    """JSON values with every text as a timeline can carry it."""
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, list):
        return [_safe(each) for each in value]
    if isinstance(value, dict):
        return {key: _safe(each) for key, each in value.items()}
    return value


def _media_facts(footage: Footage) -> dict[str, Any]:
    """What a later pass must know of the file, and OpenTimelineIO has no field for."""
    picture, sound = footage.video, footage.audio
    return {
        "footage": footage.fingerprint,
        "start_frame": footage.start.frame,
        "start_timecode": footage.timecode(0),
        "drop_frame": footage.start.drop_frame,
        "timecode_source": footage.start.source,
        "variable_rate": footage.variable_rate,
        "reel": footage.reel and safe_text(footage.reel),
        "width": picture.width,
        "height": picture.height,
        "sample_aspect": f"{picture.sample_aspect.numerator}/{picture.sample_aspect.denominator}",
        "audio_channels": sum(stream.channels for stream in sound),
        "audio_rate": sound[0].sample_rate if sound else None,
    }


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


def media_range(footage: Footage, start: int, end: int) -> TimeRange:
    """Frames counted from the first picture, as a range in media time."""
    rate = media_rate(footage.rate)
    return TimeRange(RationalTime(footage.start.frame + start, rate), RationalTime(end - start, rate))


def _sequence(moments: Sequence[Moment], layout: Layout) -> tuple[RationalTime, dict[str, Any]]:
    """Where the timeline starts, and the rate, label and picture size that OpenTimelineIO has no field for.

    One hour in, as editors expect. The sequence counts in drop-frame when all footage of its rate
    does, so that its labels run like the sources' own.
    """
    rate = layout.rate or rates(moments)[0]
    leading = [moment.footage for moment in moments if media_rate(moment.footage.rate) == media_rate(rate)]
    size = (leading or [moments[0].footage])[0].video
    frame, label, drop_frame = _start(rate, layout, leading)
    return RationalTime(frame, media_rate(rate)), {
        "rate": f"{rate.numerator}/{rate.denominator}",
        "start_timecode": label,
        "drop_frame": drop_frame,
        "width": size.width,
        "height": size.height,
    }


def _start(rate: Fraction, layout: Layout, leading: Sequence[Footage]) -> tuple[int, str | None, bool]:
    """Frame number, label and counting of the first frame."""
    if smpte_rate(rate) is None and layout.start is None:
        return round_half_up(3600 * rate), None, False
    if layout.drop_frame and not allows_drop_frame(rate):
        raise WrongUse(f"Drop-frame exists at 29.97 and 59.94 frames a second, not at {rate_text(rate)}. Use --ndf.")
    drop_frame = layout.drop_frame
    if drop_frame is None and layout.start is None:
        drop_frame = bool(leading) and all(footage.start.drop_frame for footage in leading)
    label = layout.start or "01:00:00:00"
    if drop_frame is not None:  # else the separator of the label says it
        label = label[:-3] + (";" if drop_frame else ":") + label[-2:]
    frame, drop_frame = frame_of_timecode(label, rate)
    return frame, timecode(frame, rate, drop_frame=drop_frame), drop_frame
