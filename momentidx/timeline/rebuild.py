"""A relinked timeline, made of the same objects as `build.py` makes, so that every writer takes it.

Clips point to our footage as built timelines do: the file's own timecode, `available_range` the whole
file. Positions stay what they were, in frames of the sequence; a source range starts in the rate of
its file and lasts in the rate of the sequence, which are the same unless rates are mixed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from opentimelineio.core import Item
from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Clip, Gap, LinearTimeWarp, MissingReference, Timeline, Track, TrackKind

from momentidx import __version__
from momentidx.errors import MomentidxError, WrongUse
from momentidx.footage import Footage
from momentidx.timeline.build import References, media_range, media_rate
from momentidx.timeline.foreign import ForeignItem, ForeignTimeline
from momentidx.timeline.names import one_line
from momentidx.timeline.relink import Link
from momentidx.times import allows_drop_frame, rate_text, round_half_up, timecode


def rebuild(foreign: ForeignTimeline, links: Sequence[Link]) -> Timeline:
    """The timeline with every relinked clip on its footage; the others stay as clips without media.

    Raises MomentidxError when nothing was relinked.
    """
    media = [link.medium.footage for link in links if link.medium]
    if not media:
        raise MomentidxError("No clip of the timeline could be relinked, so there is nothing to write.")
    rate = foreign.rate
    start = RationalTime(round_half_up(foreign.start * rate), media_rate(rate))
    timeline = Timeline(name=one_line(foreign.name), global_start_time=start)
    timeline.metadata["momentidx"] = _sequence(foreign, media, start)
    references, pending = References(), iter(links)
    pairs: dict[tuple[object, ...], int] = {}
    for place, track in enumerate(foreign.tracks, start=1):
        made = Track(one_line(track.name) or f"{track.kind} {place}", kind=track.kind)
        made.enabled = track.enabled
        for item, at, length in _on_frames(track.items, rate):
            duration = RationalTime(length, start.rate)
            link = next(pending) if item.clip else None
            made.append(_item(item, link, duration, references, pairs, at))
        timeline.tracks.append(made)
    return timeline


def picture_track(timeline: Timeline) -> Timeline:
    """The first picture track, its sound below it and gaps for what has no media: what any format can hold.

    Raises WrongUse when the footage has several frame rates, which only OpenTimelineIO keeps exact here.
    """
    pictures = next((track for track in timeline.tracks if track.kind == TrackKind.Video), None)
    if pictures is None:
        raise WrongUse("The timeline has no picture track; it can be written as .otio only.")
    rates = {item.source_range.start_time.rate for item in pictures if isinstance(item, Clip)}
    others = sorted(rates - {timeline.global_start_time.rate})
    if others:
        raise WrongUse(
            f"The timeline plays footage of {', '.join(rate_text(Fraction(rate)) for rate in others)} frames a second "
            f"at {rate_text(Fraction(timeline.global_start_time.rate))}; relinked, it can be written as .otio only."
        )
    heard = {
        clip.metadata["momentidx"].get("link")
        for track in timeline.audio_tracks()
        for clip in track
        if isinstance(clip, Clip) and "momentidx" in clip.metadata
    }
    made: Timeline = timeline.deepcopy()
    del made.tracks[:]
    video, audio = Track("Video 1", kind=TrackKind.Video), Track("Audio 1", kind=TrackKind.Audio)
    for item in pictures:
        usable = isinstance(item, Clip) and not isinstance(item.media_reference, MissingReference)
        video.append(item.deepcopy() if usable else Gap(name=item.name, duration=item.duration()))
        sounds = usable and item.metadata["momentidx"].get("link") in heard
        audio.append(item.deepcopy() if sounds else Gap(duration=item.duration()))
    made.tracks.append(video)
    if any(isinstance(item, Clip) for item in audio):
        made.tracks.append(audio)
    return made


def _on_frames(items: Sequence[ForeignItem], rate: Fraction) -> Iterator[tuple[ForeignItem, int, int]]:
    """Items with their first frame and length; rounding never adds up. Nothing is shorter than a frame."""
    end = Fraction(0)
    for item in items:
        at, end = end, end + item.length
        first, after = round_half_up(at * rate), round_half_up(end * rate)
        if after > first:
            yield item, first, after - first
        elif item.clip:
            raise MomentidxError(
                f"The clip {one_line(item.name)} is shorter than a frame. Remove it from the timeline."
            )


def _item(
    item: ForeignItem,
    link: Link | None,
    duration: RationalTime,
    references: References,
    pairs: dict[tuple[object, ...], int],
    at: int,
) -> Item:
    if item.clip is None or link is None:
        return Gap(name=one_line(item.name), duration=duration)
    if link.medium is None or link.frames is None:
        rate = media_rate(item.clip.rate)
        source = TimeRange(RationalTime(round_half_up(item.clip.start * item.clip.rate), rate), duration)
        return Clip(one_line(link.name), MissingReference(), source, metadata={"momentidx": {"relinked": link.state}})
    footage, path = link.medium.footage, link.medium.paths[0]
    first = media_range(footage, *link.frames).start_time
    # Picture and sound of one piece, so that writers keep them together.
    number = pairs.setdefault((footage.fingerprint, link.frames, at), len(pairs) + 1)
    clip = Clip(
        one_line(link.name),
        references.of(footage, path)[0],
        TimeRange(first, duration),
        metadata={"momentidx": {"link": number, "relinked_by": list(link.by)}},
    )
    if item.clip.speed != 1:
        clip.effects.append(LinearTimeWarp(time_scalar=item.clip.speed))
    return clip


def _sequence(foreign: ForeignTimeline, media: Sequence[Footage], start: RationalTime) -> dict[str, Any]:
    leading = [footage for footage in media if media_rate(footage.rate) == media_rate(foreign.rate)]
    drop_frame = foreign.drop_frame
    if drop_frame is None:
        drop_frame = bool(leading) and all(footage.start.drop_frame for footage in leading)
    drop_frame = drop_frame and allows_drop_frame(foreign.rate)
    size = (leading or media)[0].video
    return {
        "version": __version__,
        "query": None,
        "rate": f"{foreign.rate.numerator}/{foreign.rate.denominator}",
        "start_timecode": timecode(round(start.value), foreign.rate, drop_frame=drop_frame),
        "drop_frame": drop_frame,
        "width": size.width,
        "height": size.height,
    }
