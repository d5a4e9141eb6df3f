"""A timeline as every edit list knows it: which frames of which file are shown, and when. In whole numbers.

The writers of formats that are not OpenTimelineIO read a timeline through this view, so that each of
them only says how its format spells a number. What one format wants differently is a pass over these
values (`conform/targets.py`).

The cuts lie on the grid of the sequence. One of another rate starts exactly on a source frame and lasts
as many frames of the sequence as show its frames (`frames_that_show`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from opentimelineio.core import Item
from opentimelineio.opentime import RationalTime
from opentimelineio.schema import Clip, ExternalReference, Marker, Timeline, Track

from momentidx import times
from momentidx.errors import MomentidxError
from momentidx.timeline.facts import Facts, each_marker, facts_of, remarks
from momentidx.timeline.names import one_line, plain_path


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
    """The whole caption, and below it what a person made of the moment."""
    color: str
    """`GREEN`, ...: one of OpenTimelineIO's names."""
    start: int
    end: int
    facts: Mapping[str, Any]
    """The moment, as `find --json` tells it, and what a person made of it; empty when the timeline is not ours."""

    @property
    def caption(self) -> str:
        """The caption alone."""
        told: str | None = self.facts.get("caption")
        return self.comment if told is None else told

    @property
    def remark(self) -> str:
        """What a person made of the moment, on one line; often empty."""
        return one_line("; ".join(remarks(self.facts)))

    @property
    def title(self) -> str:
        """Name and remark, for programs whose markers are one text."""
        return f"{self.name} ({remark})" if (remark := self.remark) else self.name


@dataclass(frozen=True, slots=True)
class Cut:
    """One clip on the timeline."""

    name: str
    media: Media
    rate: Fraction
    """What `start` and `end` count in: the media's rate, or the sequence's when the target wants that."""
    start: int
    """First source frame."""
    end: int
    """First source frame after the cut."""
    record: int
    """First frame on the timeline, from the timeline's first frame."""
    length: int
    """Frames on the timeline."""
    marks: tuple[Mark, ...]
    sound: bool
    """Whether its sound plays as well."""
    alternates: tuple[Cut, ...] = ()
    """Other takes for the same place, which do not play: the better one first, none longer than this one."""

    @property
    def record_end(self) -> int:
        return self.record + self.length


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch of the timeline on which nothing plays. What is missing there stands in its name and marks."""

    name: str
    rate: Fraction
    record: int
    length: int
    marks: tuple[Mark, ...] = ()
    """Counted from the beginning of the hole."""

    @property
    def start(self) -> int:
        return 0

    @property
    def record_end(self) -> int:
        return self.record + self.length


@dataclass(frozen=True, slots=True)
class CutList:
    """What lies on a timeline's picture track, without a space between, and the sequence it lies in."""

    name: str
    query: str | None
    rate: Fraction
    start: int
    """Frame number of the first frame: its timecode."""
    drop_frame: bool
    width: int
    height: int
    items: tuple[Cut | Hole, ...]

    @property
    def cuts(self) -> list[Cut]:
        return [item for item in self.items if isinstance(item, Cut)]

    @property
    def length(self) -> int:
        return self.items[-1].record_end if self.items else 0

    @property
    def sound(self) -> bool:
        return any(cut.sound for cut in self.cuts)

    @property
    def media(self) -> list[Media]:
        """Every file once, also those that only alternates play."""
        found = [one.media for cut in self.cuts for one in (cut, *cut.alternates)]
        return list({media.url: media for media in found}.values())

    def lanes(self) -> list[list[Cut]]:
        """The alternates as tracks: the first, the second, ... of each cut."""
        most = max((len(cut.alternates) for cut in self.cuts), default=0)
        return [[cut.alternates[rank] for cut in self.cuts if rank < len(cut.alternates)] for rank in range(most)]

    def timecode(self, frame: int) -> str | None:
        """The label of a frame, counted from the timeline's first frame."""
        return times.timecode(self.start + frame, self.rate, drop_frame=self.drop_frame)

    def mark_frames(self, item: Cut | Hole, mark: Mark) -> tuple[int, int]:
        """A mark as frames from the timeline's first frame, inside its item and at least one frame long."""
        first, after = mark.start - item.start, mark.end - item.start
        if item.rate is not self.rate:  # it nearly always is: rates are kept by `exact_rate`
            ratio = self.rate / item.rate
            first, after = times.round_half_up(first * ratio), times.round_half_up(after * ratio)
        start, end = item.record + first, item.record + after
        start = min(max(start, item.record), item.record_end - 1)
        return start, max(min(end, item.record_end), start + 1)

    def marks(self) -> list[tuple[int, int, Cut | Hole, Mark]]:
        """All marks of what plays, and of holes, in the order of the timeline, with their frames."""
        return [(*self.mark_frames(item, mark), item, mark) for item in self.items for mark in item.marks]


def cut_list(timeline: Timeline) -> CutList:
    """Read a timeline. Its second and further picture tracks are alternates when they do not play."""
    facts = Facts(timeline)
    start = timeline.global_start_time or RationalTime(0, timeline.duration().rate)
    rate = exact_rate(start.rate)
    links = (Facts(item).get("link") for track in timeline.audio_tracks() for item in track if isinstance(item, Clip))
    read = _Reader(rate, set(links) - {None})
    pictures, *more = timeline.video_tracks()
    above: dict[int, list[Cut]] = defaultdict(list)
    for track in more:
        if not track.enabled:
            for cut in read.items(track):
                if isinstance(cut, Cut):
                    above[cut.record].append(cut)
    return CutList(
        name=timeline.name,
        query=facts.get("query"),
        rate=rate,
        start=_whole(start),
        drop_frame=bool(facts.get("drop_frame")),
        width=int(facts.get("width") or 1920),
        height=int(facts.get("height") or 1080),
        items=tuple(
            replace(item, alternates=tuple(above[item.record]))
            if isinstance(item, Cut) and item.record in above
            else item
            for item in read.items(pictures)
        ),
    )


def keywords(mark: Mark) -> list[str]:
    """What a person made of a moment, as words to search for."""
    rating = mark.facts.get("rating")
    stars = [f"{rating} star{'' if rating == 1 else 's'}"] if rating else []
    return [*stars, *(mark.facts.get("labels") or [])]


def file_length(media: Media, rate: Fraction) -> int:
    """Length of a whole file in frames of a sequence; at least one."""
    return max(times.round_half_up(media.length * rate / media.rate), 1)


def frames_that_show(frames: int, ratio: Fraction, left: int | None) -> int:
    """How many frames of the sequence show so many source frames, from the start of the first; at least one.

    `ratio` is the rate of the sequence over that of the source. Rounded up, so that the last source frame
    is shown, unless the file ends before: `left` source frames are there.
    """
    length = -(-frames * ratio // 1)
    if left is not None:
        length = min(length, left * ratio // 1)
    return max(int(length), 1)


@cache
def exact_rate(rate: float) -> Fraction:
    """The fraction that a rate was before OpenTimelineIO made it a float (29.97... is 30000/1001)."""
    for largest in (1001, 1_000_000):
        fraction = Fraction(rate).limit_denominator(largest)
        if float(fraction) == rate:
            return fraction
    return Fraction(rate)


class _Reader:
    """Reads tracks; every file is one object, however often it is played."""

    def __init__(self, rate: Fraction, heard: set[Any]) -> None:
        self.rate = rate
        self.heard = heard
        self.known: dict[str, Media] = {}

    def items(self, track: Track) -> Iterator[Cut | Hole]:
        record = 0
        for item in track:
            found = self._cut(item, record) if isinstance(item, Clip) else self._hole(item, record)
            record = found.record_end
            yield found

    def _hole(self, gap: Item, record: int) -> Hole:
        length = _whole(gap.source_range.duration)
        return Hole(gap.name, self.rate, record, length, tuple(_mark(marker, gap) for marker in each_marker(gap)))

    def _cut(self, clip: Clip, record: int) -> Cut:
        media, source = self._media(clip), clip.source_range
        start, plays = _whole(source.start_time), _whole(source.duration)
        length = plays
        if media.rate != self.rate:
            ratio, left = self.rate / media.rate, media.start + media.length - start
            if exact_rate(source.duration.rate) == media.rate:
                length = frames_that_show(plays, ratio, left)
            else:  # it lies on the grid already, and shows of each moment the source frame that began last
                plays = int((plays - 1) / ratio) + 1
        return Cut(
            name=clip.name,
            media=media,
            rate=media.rate,
            start=start,
            end=start + plays,
            record=record,
            length=length,
            marks=tuple(_mark(marker, clip) for marker in each_marker(clip)),
            sound=Facts(clip).get("link") in self.heard,
        )

    def _media(self, clip: Clip) -> Media:
        reference = clip.media_reference
        if not isinstance(reference, ExternalReference) or reference.available_range is None:
            raise MomentidxError(
                f"The clip {clip.name} points to no file of known length. Relink it, or export it again."
            )
        url = reference.target_url
        if url not in self.known:
            available = reference.available_range
            self.known[url] = Media(
                url,
                exact_rate(available.duration.rate),
                _whole(available.start_time),
                _whole(available.duration),
                dict(Facts(reference)),
            )
        return self.known[url]


def _mark(marker: Marker, item: Item) -> Mark:
    marked = marker.marked_range
    start = _whole(marked.start_time)
    end = start + _whole(marked.duration)
    return Mark(marker.name, marker.comment, marker.color, start, end, facts_of(marker, item))


def _whole(time: RationalTime) -> int:
    frame: int = round(time.value)
    if frame != time.value:
        raise ValueError(f"{time} is not a whole frame: the timeline was not put onto the grid of its sequence")
    return frame
