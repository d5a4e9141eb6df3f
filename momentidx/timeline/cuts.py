"""A timeline as every edit list knows it: which frames of which file are shown, and when. In whole numbers.

The writers of formats that are not OpenTimelineIO read a conformed timeline through this view, so that
each of them only says how its format spells a number. Nothing is rounded here: a position that is not
a whole frame means that the timeline was not put onto the grid of its sequence (`conform/grid.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from opentimelineio.opentime import RationalTime
from opentimelineio.schema import Clip, ExternalReference, Timeline, Track

from momentidx import times
from momentidx.errors import MomentidxError
from momentidx.timeline.names import plain_path


@dataclass(frozen=True, slots=True)
class Media:
    """One file."""

    url: str
    """A `file://` URL or a bare path, as the target wants it."""
    rate: Fraction
    start: int
    """Frame number of the first picture: its timecode, or 0 when the target counts from there."""
    length: int
    """Frames."""
    facts: Mapping[str, Any]
    """What `build.py` knew of the file: reel, picture size, sound, drop-frame, ..."""

    @property
    def path(self) -> str:
        return plain_path(self.url)

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def drop_frame(self) -> bool:
        return bool(self.facts.get("drop_frame")) and times.allows_drop_frame(self.rate)

    @property
    def channels(self) -> int:
        return int(self.facts.get("audio_channels") or 0)

    def timecode(self, frame: int) -> str | None:
        """The label of a frame, counted as `start` is."""
        return times.timecode(frame, self.rate, drop_frame=self.drop_frame)


@dataclass(frozen=True, slots=True)
class Mark:
    """A caption over a stretch of a cut's source, counted as the cut's `start` is."""

    name: str
    comment: str
    start: int
    end: int
    facts: Mapping[str, Any]
    """The moment, as `find --json` tells it; empty when the timeline is not ours."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One clip on the timeline."""

    name: str
    media: Media
    rate: Fraction
    """What `start` counts in: the media's rate, or the sequence's when the target wants that."""
    start: int
    """First source frame."""
    record: int
    """First frame on the timeline, from the timeline's first frame."""
    length: int
    """Frames on the timeline."""
    marks: tuple[Mark, ...]
    sound: bool
    """Whether its sound plays as well."""

    @property
    def record_end(self) -> int:
        return self.record + self.length

    @property
    def end(self) -> int:
        """First source frame after the cut, where source and sequence count alike."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class CutList:
    """The cuts of a timeline's picture track, and the sequence they lie in."""

    name: str
    query: str | None
    rate: Fraction
    start: int
    """Frame number of the first frame: its timecode."""
    drop_frame: bool
    width: int
    height: int
    length: int
    cuts: tuple[Cut, ...]

    @property
    def sound(self) -> bool:
        return any(cut.sound for cut in self.cuts)

    def timecode(self, frame: int) -> str | None:
        """The label of a frame, counted from the timeline's first frame."""
        return times.timecode(self.start + frame, self.rate, drop_frame=self.drop_frame)

    def mark_frames(self, cut: Cut, mark: Mark) -> tuple[int, int]:
        """A mark as frames from the timeline's first frame, inside its cut and at least one frame long."""
        ratio = self.rate / cut.rate
        start = cut.record + times.round_half_up((mark.start - cut.start) * ratio)
        end = cut.record + times.round_half_up((mark.end - cut.start) * ratio)
        start = min(max(start, cut.record), cut.record_end - 1)
        return start, max(min(end, cut.record_end), start + 1)

    def marks(self) -> list[tuple[int, int, Cut, Mark]]:
        """All marks in the order of the timeline, with their frames."""
        return [(*self.mark_frames(cut, mark), cut, mark) for cut in self.cuts for mark in cut.marks]


def cut_list(timeline: Timeline) -> CutList:
    """Read a timeline whose clips lie on whole frames of its sequence."""
    facts = timeline.metadata.get("momentidx", {})
    start = timeline.global_start_time or RationalTime(0, timeline.duration().rate)
    pictures = timeline.video_tracks()[0]
    heard = {id_ for track in timeline.audio_tracks() for id_ in _links(track)}
    known: dict[str, Media] = {}
    record, cuts = 0, []
    for item in pictures:
        length = _whole(item.duration())
        if isinstance(item, Clip):
            cuts.append(_cut(item, record, length, known, heard))
        record += length
    return CutList(
        name=timeline.name,
        query=facts.get("query"),
        rate=exact_rate(start.rate),
        start=_whole(start),
        drop_frame=bool(facts.get("drop_frame")),
        width=int(facts.get("width") or 1920),
        height=int(facts.get("height") or 1080),
        length=record,
        cuts=tuple(cuts),
    )


@cache
def exact_rate(rate: float) -> Fraction:
    """The fraction that a rate was before OpenTimelineIO made it a float (29.97... is 30000/1001)."""
    for largest in (1001, 1_000_000):
        fraction = Fraction(rate).limit_denominator(largest)
        if float(fraction) == rate:
            return fraction
    return Fraction(rate)


def _links(track: Track) -> list[Any]:
    return [item.metadata.get("momentidx", {}).get("link") for item in track if isinstance(item, Clip)]


def _cut(clip: Clip, record: int, length: int, known: dict[str, Media], heard: set[Any]) -> Cut:
    metadata = clip.metadata
    facts = metadata.get("momentidx", {})
    start = clip.source_range.start_time
    return Cut(
        name=clip.name,
        media=_media(clip, known),
        rate=exact_rate(start.rate),
        start=_whole(start),
        record=record,
        length=length,
        marks=tuple(_mark(marker, facts) for marker in clip.markers),
        sound="link" in facts and facts["link"] in heard,
    )


def _media(clip: Clip, known: dict[str, Media]) -> Media:
    reference = clip.media_reference
    if not isinstance(reference, ExternalReference) or reference.available_range is None:
        raise MomentidxError(f"The clip {clip.name} points to no file of known length. Relink it, or export it again.")
    url = reference.target_url
    if url not in known:
        available = reference.available_range
        metadata = reference.metadata
        known[url] = Media(
            url,
            exact_rate(available.duration.rate),
            _whole(available.start_time),
            _whole(available.duration),
            dict(metadata.get("momentidx", {})),
        )
    return known[url]


def _mark(marker: Any, clip_facts: Mapping[str, Any]) -> Mark:
    marked, metadata = marker.marked_range, marker.metadata
    start = _whole(marked.start_time)
    own = metadata.get("momentidx")
    return Mark(marker.name, marker.comment, start, start + _whole(marked.duration), dict(own or clip_facts))


def _whole(time: RationalTime) -> int:
    frame: int = round(time.value)
    if frame != time.value:
        raise ValueError(f"{time} is not a whole frame: the timeline was not put onto the grid of its sequence")
    return frame
