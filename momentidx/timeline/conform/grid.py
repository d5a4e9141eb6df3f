"""The grid of the sequence: clips whose footage has another rate take a whole number of its frames.

Two answers to "which frames of the sequence is this clip?", because programs ask differently:

`keep_source_frames`: the clip starts exactly on a source frame and lasts as many frames of the
sequence as show its frames (Final Cut, OpenTimelineIO). OpenTimelineIO has no sequence rate; a
`source_range` with its start in the rate of the media and its duration in the rate of the sequence says
the same and makes all positions whole.

`resample`: positions in the file are counted in frames of the sequence as well (MLT, Final Cut Pro 7).
A program then shows the source frame nearest in time, so the clip is those frames of the sequence
whose nearest source frame belongs to the moment: nothing outside it is ever shown, and where the
sequence is faster than the footage, its first and last frame always are.

Both take the shape that `build.py` makes: a picture track, and under it sound, item for item.
"""

from __future__ import annotations

from fractions import Fraction

from opentimelineio.core import Item
from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Clip, Timeline

from momentidx.timeline.cuts import exact_rate

HALF = Fraction(1, 2)


def keep_source_frames(timeline: Timeline) -> None:
    """Give every item a duration in whole frames of the sequence, its start left in the rate of the media."""
    rate = timeline.global_start_time.rate
    lengths: list[int] = []
    for track in timeline.tracks:
        # Sound lies under its picture: it takes the length that the picture took.
        lengths = lengths or [_length_shown(item, rate) for item in track]
        for length, item in zip(lengths, track, strict=True):
            if item.source_range.duration.rate != rate:
                item.source_range = TimeRange(item.source_range.start_time, RationalTime(length, rate))


def resample(timeline: Timeline) -> None:
    """Count everything in frames of the sequence. The media must start at zero."""
    rate = timeline.global_start_time.rate
    for track in timeline.tracks:
        for item in track:
            if not isinstance(item, Clip) or item.source_range.duration.rate == rate:
                continue
            item.source_range = _nearest(item.source_range, rate)
            for marker in item.markers:
                marker.marked_range = _nearest(marker.marked_range, rate)
    _match_gaps(timeline, rate)


def _length_shown(item: Item, rate: float) -> int:
    """Frames of the sequence from the start of the item until its last source frame ends.

    Rounded up, so that the last source frame is shown, unless the file ends there.
    """
    source = item.source_range
    if source.duration.rate == rate:
        return int(source.duration.value)
    ratio = exact_rate(rate) / exact_rate(source.duration.rate)
    length = -(-Fraction(source.duration.value) * ratio // 1)
    if isinstance(item, Clip):
        media_end = item.media_reference.available_range.end_time_exclusive().value
        length = min(length, (Fraction(media_end) - Fraction(source.start_time.value)) * ratio // 1)
    return max(int(length), 1)


def _nearest(span: TimeRange, rate: float) -> TimeRange:
    """The frames at `rate` whose nearest frame of the span's own rate lies in the span; at least one.

    A frame that lies exactly halfway between two source frames, one inside and one outside, is left
    out: melt shows now the one and now the other.
    """
    ratio = exact_rate(rate) / exact_rate(span.start_time.rate)
    start, end = Fraction(span.start_time.value), Fraction(span.end_time_exclusive().value)
    first = max(int((start - HALF) * ratio // 1) + 1, 0)
    after = int(-(-(end - HALF) * ratio // 1))
    return TimeRange(RationalTime(first, rate), RationalTime(max(after - first, 1), rate))


def _match_gaps(timeline: Timeline, rate: float) -> None:
    """Gaps under silent footage take the length that their picture took."""
    pictures = timeline.tracks[0]
    for track in timeline.audio_tracks():
        for picture, item in zip(pictures, track, strict=True):
            if item.source_range.duration != picture.source_range.duration:
                item.source_range = TimeRange(RationalTime(0, rate), picture.source_range.duration)
