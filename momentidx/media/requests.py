"""What is asked of the decoding child and what it answers: plain values that load nothing."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from momentidx.media.frames import Frames, Signals
from momentidx.media.stills import Still

if TYPE_CHECKING:  # the child has no use for the settings machinery
    from momentidx.config import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """The settings that a decoding task needs."""

    threads: int
    max_pixels: int
    still_width: int

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(settings.decode_threads, settings.max_pixels, settings.still_width)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The pictures a caller wants to see during a pass."""

    per_second: Fraction
    width: int
    """Of the longer side."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A stretch of a pass."""

    frames: Frames
    """The wanted pictures of the stretch; may be none."""
    signals: Signals
    """The measurements of all its pictures."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a pass knows at its end."""

    borders: tuple[int, ...]
    """First timestamps of all shots but the first."""
    stills: tuple[Still, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a copy that is being made."""

    at: int
    """Where in the copy its bytes belong; earlier ones may be written over."""
    data: bytes
    pts: int
    """How far in the footage the copy has come."""
