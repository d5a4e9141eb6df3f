"""A timeline of unknown origin, as plain values: what `reading.py` found in a file and `relink.py` works on."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class ForeignClip:
    """A piece of footage as another program names it. Times are seconds, exact, in that program's own counting."""

    start: Fraction
    """Where it begins in its file."""
    rate: Fraction
    """The frame rate that `start` was counted in."""
    speed: float
    """1 plays as recorded; 0 stands still."""
    media: tuple[Fraction, Fraction] | None
    """Where its file begins, in the same counting, and how long it is (0: not said); None when nothing is said."""
    reel: str | None
    url: str | None
    file_name: str | None
    fingerprint: str | None
    """Our own mark, when the timeline came from momentidx."""


@dataclass(frozen=True, slots=True)
class ForeignItem:
    """One thing on a track: a clip, or (`clip` is None) nothing that we carry."""

    name: str
    length: Fraction
    """Seconds on the timeline."""
    clip: ForeignClip | None


@dataclass(frozen=True, slots=True)
class ForeignTrack:
    name: str
    kind: str
    """`Video` or `Audio`."""
    enabled: bool
    items: tuple[ForeignItem, ...]


@dataclass(frozen=True, slots=True)
class ForeignTimeline:
    name: str
    rate: Fraction
    """Frames a second of the sequence."""
    start: Fraction
    """Seconds, counted as the sequence's timecode."""
    drop_frame: bool | None
    """None when the file does not say."""
    tracks: tuple[ForeignTrack, ...]
    lost: tuple[str, ...]
    """What is in the file and not here, as `3 transitions`."""
