"""Frame rate and span of a footage, decided from the times of its packets.

Headers lie about both: a broken copy claims the length it should have had, a phone claims 30 frames
a second and writes what it can. So packets are looked at, all of them in a short file and samples
from head to tail in a long one, and this module decides what they mean. It opens no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import median_low

from momentidx.times import FrameGrid, Span, round_half_up

COMMON = (
    *(Fraction(rate) for rate in (5, 6, 8, 10, 12, 15, 18, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)),
    *(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120)),
    Fraction(25, 2),
)
"""Rates that cameras and editing programs use."""

_CUT = 4
"""Pictures at the very end of a file that may lack neighbours: codecs send some pictures late."""
_FASTEST = 1000
_OFF_GRID = 0.1
"""How far, in frames, a picture of constant rate may lie from its slot: capture jitter, not a missing frame."""


@dataclass(frozen=True, slots=True)
class Packets:
    """Times of the video packets of one footage."""

    windows: Sequence[Sequence[int]]
    """Runs of consecutive pictures, sorted, in ticks: from the head, from between, from the tail."""
    last_duration: int
    """Ticks that the last picture is said to last; 0 when nothing is said."""
    complete: bool
    """Whether the one window holds all packets."""
    base: Fraction
    """Seconds per tick."""
    claims: Sequence[Fraction]
    """Frame rates that the container claims, the best first."""


@dataclass(frozen=True, slots=True)
class Timing:
    span: Span
    rate: Fraction
    variable: bool
    pictures: int | None
    """How many pictures the packets hold, where all were seen."""


def decide(packets: Packets) -> Timing:
    """Rate, span and number of pictures."""
    first, last = packets.windows[0][0], packets.windows[-1][-1]
    rate = constant_rate(packets)
    variable = rate is None
    if rate is None:
        rate = nominal_rate(packets)
    grid = FrameGrid(first, packets.base, rate)
    slot = 1 / (rate * packets.base)
    if packets.last_duration > 0 and (variable or 1 < abs(packets.last_duration - slot) < slot):
        end = last + packets.last_duration  # cut within a frame by an edit list, or of variable length
    else:
        end = last + round_half_up(slot) if variable else grid.pts(grid.frame(last) + 1)
    pictures = None
    if packets.complete:  # codecs with hidden pictures send several packets for one that is shown
        times = packets.windows[0]
        pictures = len(set(times)) if variable else len({grid.frame(time) for time in times})
    return Timing(Span(first, max(end, last + 1), packets.base), rate, variable, pictures)


def constant_rate(packets: Packets) -> Fraction | None:
    """The rate on whose grid every picture lies, without a gap; None for variable rate."""
    from_steps = [1 / (step * packets.base)] if (step := _usual_step(packets)) else []
    for claim in (*packets.claims, *from_steps, *(_nearest(rate) for rate in from_steps)):
        rate = _standard(claim)
        if 0 < rate <= _FASTEST and all(_on_grid(window, packets, rate) for window in packets.windows):
            return rate
    return None


def nominal_rate(packets: Packets) -> Fraction:
    """For variable rate: the container's own rate if the pictures' distances are multiples of its frames.

    Otherwise the common rate nearest to the usual distance between pictures.
    """
    steps = _steps(packets)
    for claim in packets.claims:
        if 0 < claim <= max(COMMON):
            lengths = [float(step * packets.base * claim) for step in steps]
            fitting = [length for length in lengths if round(length) and abs(length - round(length)) <= _OFF_GRID]
            if len(fitting) >= 0.9 * len(lengths):
                return _standard(claim)
    usual = _usual_step(packets)
    return _nearest(1 / (usual * packets.base)) if usual else Fraction(1)


def _on_grid(window: Sequence[int], packets: Packets, rate: Fraction) -> bool:
    first = packets.windows[0][0]
    scale = float(packets.base * rate)
    allowed = min(max(_OFF_GRID, 1.01 * scale), 0.45)  # containers round times to ticks
    positions = [(time - first) * scale for time in window]
    slots = [round(position) for position in positions]
    whole = slots[:-_CUT] if window is packets.windows[-1] else slots
    return all(abs(position - slot) <= allowed for position, slot in zip(positions, slots, strict=True)) and all(
        later - earlier <= 1 for earlier, later in pairwise(whole)
    )


def _steps(packets: Packets) -> list[int]:
    return [later - earlier for window in packets.windows for earlier, later in pairwise(window) if later > earlier]


def _usual_step(packets: Packets) -> int:
    """The usual distance between pictures; for a single picture, its own length. 0 when unknown."""
    steps = _steps(packets)
    return median_low(steps) if steps else max(packets.last_duration, 0)


def _nearest(rate: Fraction) -> Fraction:
    return min(COMMON, key=lambda common: abs(common - rate))


def _standard(rate: Fraction) -> Fraction:
    """30000/1001 for 2997/100: a common rate that was written down in decimals."""
    nearest = _nearest(rate)
    return nearest if abs(rate - nearest) <= nearest / 100_000 else rate
