"""Exact time: spans of timestamps, frame numbers and timecode labels.

Inside momentidx a time is an integer presentation timestamp (pts) in the time base of its footage,
and a span is half-open: the end is the first timestamp that is no longer inside. Seconds, frame
numbers and timecode are views made at the edge, and only this module makes them.

Frame numbers count from the first picture of the footage (SMPTE ST 12-1 labels are frame counts
since midnight). The label arithmetic, drop-frame included, is OpenTimelineIO's `opentime`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from momentidx.errors import WrongUse

NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch of time, `start <= t < end`, in ticks of `base` seconds."""

    start: int
    """First timestamp inside."""
    end: int
    """First timestamp after the end; always greater than `start`."""
    base: Fraction
    """Seconds per tick (the stream's time base)."""

    def __post_init__(self) -> None:
        if self.base <= 0:
            raise ValueError(f"a time base is positive, not {self.base}")
        if self.start >= self.end:
            raise ValueError(f"a span ends after it starts: [{self.start}, {self.end})")

    @classmethod
    def seconds(cls, start: float | Fraction, end: float | Fraction, base: Fraction = Fraction(1, 1000)) -> Span:
        """The span nearest to two times in seconds."""
        return cls(round_half_up(Fraction(start) / base), round_half_up(Fraction(end) / base), base)

    @property
    def start_seconds(self) -> Fraction:
        return self.start * self.base

    @property
    def end_seconds(self) -> Fraction:
        return self.end * self.base

    @property
    def duration(self) -> Fraction:
        """Length in seconds."""
        return (self.end - self.start) * self.base

    def __contains__(self, pts: int) -> bool:
        return self.start <= pts < self.end

    def covers(self, other: Span) -> bool:
        """Whether `other` lies wholly inside."""
        if self.base is other.base or self.base == other.base:  # asked for every moment exported
            return self.start <= other.start and other.end <= self.end
        return self.start_seconds <= other.start_seconds and other.end_seconds <= self.end_seconds

    def overlap(self, other: Span) -> Fraction:
        """Seconds the two have in common; 0 for neighbours that share an edge."""
        if self.base is other.base or self.base == other.base:  # asked for every pair of answers in one clip
            ticks = min(self.end, other.end) - max(self.start, other.start)
            return ticks * self.base if ticks > 0 else NOTHING
        common = min(self.end_seconds, other.end_seconds) - max(self.start_seconds, other.start_seconds)
        return max(common, NOTHING)

    def tiou(self, other: Span) -> Fraction:
        """Temporal intersection over union, 0 to 1."""
        common = self.overlap(other)
        if not common:
            return NOTHING
        return common / (self.duration + other.duration - common)


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """Where the frames of one footage lie: frame 0 at `first`, then `rate` frames a second.

    For variable-rate footage this is the grid an editing program lays over the file, so a picture's
    number is the nearest slot to its time, as the editing programs count (within one frame).
    """

    first: int
    """Timestamp of the first picture."""
    base: Fraction
    """Seconds per tick."""
    rate: Fraction
    """Frames per second."""

    def frame(self, pts: int) -> int:
        """Number of the frame shown at (nearest to) a timestamp."""
        # round_half_up of (pts - first) * base * rate, in whole numbers: asked for every event shown or exported
        base, rate = self.base, self.rate
        divisor = base.denominator * rate.denominator
        return (2 * (pts - self.first) * base.numerator * rate.numerator + divisor) // (2 * divisor)

    def pts(self, frame: int) -> int:
        """Timestamp nearest to the start of a frame."""
        return self.first + round_half_up(frame / (self.rate * self.base))

    def frames(self, span: Span) -> tuple[int, int]:
        """First frame and first frame after the end; at least one frame long."""
        start = self.frame(span.start)
        return start, max(self.frame(span.end), start + 1)

    def span(self, start_frame: int, end_frame: int) -> Span:
        return Span(self.pts(start_frame), self.pts(end_frame), self.base)


@dataclass(frozen=True, slots=True)
class StartTimecode:
    """The timecode of a footage's first frame and where it was found."""

    frame: int = 0
    """Frames since midnight, as the label counts them."""
    drop_frame: bool = False
    """Read from the separator of the file's own label only, never guessed from the rate."""
    source: str = "none"
    """`track` (a timecode track or stream tag), `container`, or `none`."""


def round_half_up(value: Fraction | int) -> int:
    """Nearest integer; halves go up, so that neighbouring frames never share a timestamp by parity."""
    return (2 * Fraction(value) + 1).__floor__() // 2


@cache  # asked for every edge of every moment; footage comes in a handful of rates
def smpte_rate(rate: Fraction) -> float | None:
    """The timecode rate nearest to a frame rate, as `opentime` spells it, or None.

    A rate more than 0.1 % away from every SMPTE rate (10, 15, 29.5, 120 frames a second) has no
    timecode: editing programs would label its frames differently from each other.
    """
    from opentimelineio.opentime import RationalTime

    nearest = float(RationalTime.nearest_smpte_timecode_rate(float(rate)))
    return nearest if nearest and abs(float(rate) - nearest) <= nearest * 0.001 else None


def timecode(frame: int, rate: Fraction, *, drop_frame: bool = False) -> str | None:
    """The SMPTE label of a frame counted from midnight (`01:02:03:04`, drop-frame `01:02:03;04`).

    None when the rate has no SMPTE form. Labels wrap after 24 hours, as a recorder's do.
    """
    from opentimelineio.opentime import RationalTime, to_timecode

    label_rate = smpte_rate(rate)
    if label_rate is None:
        return None
    if drop_frame and not allows_drop_frame(rate):
        raise ValueError(f"drop-frame timecode exists at 29.97 and 59.94 frames a second, not at {rate_text(rate)}")
    if not drop_frame and frame >= 0:
        # opentime 0.18.1 would wrap 29.97 and 59.94 after as many frames as drop-frame has labels, 86 seconds early.
        frame %= 86_400 * round(label_rate)
        seconds, rest = divmod(frame, round(label_rate))
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{rest:02}"
    return str(to_timecode(RationalTime(frame, label_rate), label_rate, drop_frame=drop_frame))


def frame_of_timecode(label: str, rate: Fraction) -> tuple[int, bool]:
    """Frames since midnight and whether the label is drop-frame.

    Drop-frame is read from the separator alone: `;` (also `,` and `.`, which some programs write
    before the frames) is drop-frame where the rate has it. Raises WrongUse for a label that does not
    exist at this rate, such as `00:01:00;00` in drop-frame or frame 25 at 25 frames a second.
    """
    from opentimelineio.opentime import from_timecode

    match = _TIMECODE.fullmatch(label.strip())
    if match is None:
        raise WrongUse(f"'{label}' is not a timecode. Write it as 01:02:03:04 (drop-frame: 01:02:03;04).")
    label_rate = smpte_rate(rate)
    if label_rate is None:
        raise WrongUse(
            f"{rate_text(rate)} frames a second has no SMPTE timecode. Give seconds (12.5s) or frames (300f)."
        )
    drop_frame = match["mark"] in ";,." and allows_drop_frame(rate)
    parts = [match[name].zfill(2) for name in ("hours", "minutes", "seconds", "frames")]
    plain = ":".join(parts[:3]) + (";" if drop_frame else ":") + parts[3]
    try:
        frame = round_half_up(Fraction(from_timecode(plain, label_rate).value))
    except ValueError as error:
        raise WrongUse(f"'{label}' is not a timecode at {rate_text(rate)} frames a second: {error}.") from error
    # opentime accepts labels that no recorder writes; formatting back shows them.
    if timecode(frame, rate, drop_frame=drop_frame) != plain:
        raise WrongUse(f"The label '{label}' does not exist at {rate_text(rate)} frames a second.")
    return frame, drop_frame


def allows_drop_frame(rate: Fraction) -> bool:
    """Whether drop-frame labels exist for the rate (29.97 and 59.94, SMPTE ST 12-1)."""
    return smpte_rate(rate) in (30000 / 1001, 60000 / 1001)


_TIMECODE = re.compile(
    r"(?P<hours>\d{1,2}):(?P<minutes>\d{1,2}):(?P<seconds>\d{1,2})(?P<mark>[:;,.])(?P<frames>\d{1,3})", re.ASCII
)
_SECONDS = re.compile(r"(\d+(?:\.\d*)?|\.\d+)s", re.ASCII)
_FRAMES = re.compile(r"(\d+)f", re.ASCII)
_PACKED = re.compile(r"\d{8}", re.ASCII)
_OFFSET = re.compile(r"\+(\d+)", re.ASCII)


def parse_frame(text: str, rate: Fraction, start: StartTimecode) -> int:
    """The frame number, from the first picture, of a time as a person types it.

    `01:02:03:04`, `01:02:03;04` and `01020304` are the footage's own timecode; `300f` and `+300` are
    frames and `12.5s` seconds from the first picture. Raises WrongUse for anything else and for a
    timecode before the first picture.
    """
    text = text.strip()
    if match := _FRAMES.fullmatch(text) or _OFFSET.fullmatch(text):
        return int(match[1])
    if match := _SECONDS.fullmatch(text):
        return round_half_up(Fraction(match[1]) * rate)
    label = text
    if _PACKED.fullmatch(text):
        mark = ";" if start.drop_frame else ":"
        label = f"{text[0:2]}:{text[2:4]}:{text[4:6]}{mark}{text[6:8]}"
    elif not _TIMECODE.fullmatch(text):
        raise WrongUse(f"'{text}' is not a time. Write 01:02:03:04, 01020304, 12.5s, 300f or +300.")
    frame, _ = frame_of_timecode(label, rate)
    if frame < start.frame:
        first = timecode(start.frame, rate, drop_frame=start.drop_frame)
        raise WrongUse(f"{label} lies before the first picture, which is {first}.")
    return frame - start.frame


def parse_duration_frames(text: str, rate: Fraction) -> int:
    """A length such as `12f`, `0.5s` or a plain number of frames, in frames."""
    text = text.strip()
    if match := _FRAMES.fullmatch(text) or re.fullmatch(r"(\d+)", text, re.ASCII):
        return int(match[1])
    if match := _SECONDS.fullmatch(text):
        return round_half_up(Fraction(match[1]) * rate)
    raise WrongUse(f"'{text}' is not a length. Write frames (12f) or seconds (0.5s).")


def clock(seconds: Fraction | float) -> str:
    """`0:01:02.345`, for people, where there is no timecode."""
    milliseconds = round_half_up(Fraction(seconds) * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"


def rate_text(rate: Fraction) -> str:
    """`25`, `23.976`, `29.97`: a frame rate as editors write it."""
    return f"{float(rate):.3f}".rstrip("0").rstrip(".")
