"""The grid of the sequence: clips whose footage has another rate take a whole number of its frames.

Two answers to "which frames of the sequence is this clip?", because programs ask differently:

A clip starts exactly on a source frame and lasts as many frames of the sequence as show its frames
(Final Cut, OpenTimelineIO). That is how a cut list is read. For OpenTimelineIO files, which have no
sequence rate, `keep_source_frames` says the same with a `source_range` whose start is in the rate of the
media and whose duration is in the rate of the sequence, which makes all positions whole.

`resample`: positions in the file are counted in frames of the sequence as well (MLT, Final Cut Pro 7).
A program then shows the source frame nearest in time, so the clip is those frames of the sequence
whose nearest source frame belongs to the moment: nothing outside it is ever shown, and where the
sequence is faster than the footage, its first and last frame always are.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from opentimelineio.core import Item
from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Clip, Timeline

from momentidx.timeline.cuts import Cut, CutList, Hole, exact_rate, frames_that_show

HALF = Fraction(1, 2)


def keep_source_frames(timeline: Timeline) -> None:
    """Give every item a duration in whole frames of the sequence, its start left in the rate of the media.

    Takes the shape that `build.py` makes: a picture track, and under it sound, item for item.
    """
    rate = timeline.global_start_time.rate
    lengths: list[int] = []
    for track in timeline.tracks:
        # Sound lies under its picture: it takes the length that the picture took.
        lengths = lengths or [_length_shown(item, rate) for item in track]
        for length, item in zip(lengths, track, strict=True):
            if item.source_range.duration.rate != rate:
                item.source_range = TimeRange(item.source_range.start_time, RationalTime(length, rate))


def _length_shown(item: Item, rate: float) -> int:
    source = item.source_range
    frames: int = round(source.duration.value)
    left: int | None = None
    if source.duration.rate == rate:
        return frames
    if isinstance(item, Clip):
        left = round(item.media_reference.available_range.end_time_exclusive().value - source.start_time.value)
    ratio = exact_rate(rate) / exact_rate(source.duration.rate)
    return frames_that_show(frames, ratio, left)


def resample(cuts: CutList) -> CutList:
    """Count everything in frames of the sequence. The media must start at zero."""
    items: list[Cut | Hole] = []
    record = 0
    for item in cuts.items:
        item = replace(item, record=record)
        if isinstance(item, Cut):
            cut = _resampled(item, cuts.rate)
            below = (replace(other, record=record) for other in item.alternates)
            above = (_resampled(other, cuts.rate, longest=cut.length) for other in below)
            item = replace(cut, alternates=tuple(above))
        items.append(item)
        record = item.record_end
    return replace(cuts, items=tuple(items))


def _resampled(cut: Cut, rate: Fraction, longest: int | None = None) -> Cut:
    """A cut, or an alternate that is no longer than what it lies above."""
    if cut.rate != rate:
        start, end = _nearest(cut.start, cut.end, rate / cut.rate)
        marks = []
        for mark in cut.marks:
            first, after = _nearest(mark.start, mark.end, rate / cut.rate)
            marks.append(replace(mark, start=first, end=after))
        cut = replace(cut, rate=rate, start=start, end=end, length=end - start, marks=tuple(marks))
    if longest is not None and cut.length > longest:
        cut = replace(cut, end=cut.start + longest, length=longest)
    return cut


def _nearest(start: int, end: int, ratio: Fraction) -> tuple[int, int]:
    """The frames whose nearest source frame lies from `start` to `end`; at least one.

    A frame that lies exactly halfway between two source frames, one inside and one outside, is left
    out: melt shows now the one and now the other.
    """
    first = max(int((start - HALF) * ratio // 1) + 1, 0)
    after = int(-(-(end - HALF) * ratio // 1))
    return first, max(after, first + 1)
