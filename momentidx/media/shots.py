"""Where one shot ends and the next begins.

`ShotDetector` looks at every picture. `unsettled` says, from the sizes of packets and the key pictures
alone, which stretches of a footage it need not see: a picture that shows something new takes many
bytes, about as many as a key picture of the same thing, whichever encoder made it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from momentidx.media.compare import Picture
from momentidx.media.cuts import FLASH_SECONDS, LEAST, NEIGHBOURS, STRONG, UNLIKE, CutDetector
from momentidx.media.gradual import DissolveDetector, FadeDetector, without_cuts

_QUIET = 0.3
"""A stretch shows nothing new whose packets are all smaller than this share of the key pictures around it, ..."""
_QUIET_BESIDE = 0.2
"""... and a cut at a key picture is certain when its neighbours are smaller than this share of it."""


class ShotDetector:
    """Fed every picture once, small. Keeps about a second of them, however long the footage is."""

    def __init__(self, start: int, base: Fraction) -> None:
        self._cuts = CutDetector(base)
        self._fades = FadeDetector(base)
        self._dissolves = DissolveDetector(start, base)

    def feed(self, picture: Picture) -> None:
        self._cuts.feed(picture)
        self._fades.feed(picture)
        self._dissolves.feed(picture)

    @property
    def is_open(self) -> bool:
        """Whether it takes more pictures to know where the latest border is."""
        return self._dissolves.is_open

    def borders(self) -> tuple[int, ...]:
        """The first timestamps of all shots but the first; no picture may be fed afterwards."""
        self._cuts.finish()
        self._dissolves.finish()
        cuts = self._cuts.cuts
        fades = without_cuts(self._fades.middles, cuts)
        dissolves = without_cuts(self._dissolves.middles, [*cuts, *fades])
        return tuple(sorted([*cuts, *fades, *dissolves]))


@dataclass(frozen=True, slots=True)
class Key:
    """A key picture, and how it compares with the one before."""

    number: int
    """Of its packet, counted from the start of the stream."""
    group: int
    """Packets from the last key packet on, whether that one was looked at or not."""
    pts: int
    is_empty: bool
    difference: float
    likeness: float

    @classmethod
    def of(cls, number: int, group: int, picture: Picture, before: Picture | None) -> Key:
        apart = (picture.difference(before), picture.likeness(before)) if before else (0.0, 1.0)
        return cls(number, group, picture.pts, picture.is_empty, *apart)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a footage that begins at a key picture."""

    first: int
    """Number of its first packet."""
    end: int
    """Number of the last packet it needs, which is a key picture's; of all packets when it goes on to the end."""
    start: int
    last: int | None
    """Timestamps of its first picture and its last, which is a key picture too; None: to the end."""


def unsettled(keys: Sequence[Key], sizes: Sequence[int], base: Fraction) -> tuple[list[int], list[Stretch]]:
    """The cuts that are certain without a look, and the stretches of which every picture has to be seen.

    `sizes` are the bytes of all packets, in the order of decoding. The pictures after the last key
    picture always have to be seen.
    """
    flash = int(FLASH_SECONDS / base)
    longest = max((key.group for key in keys), default=0)
    cuts: list[int] = []
    stretches: list[Stretch] = []
    for index, key in enumerate(keys):
        after = keys[index + 1] if index + 1 < len(keys) else None
        if after and not key.is_empty and not after.is_empty:
            smaller = min(sizes[key.number], sizes[after.number])
            largest = max(sizes[key.number + 1 : after.number], default=0)
            is_short, is_quiet = after.pts - key.pts <= flash, largest < _QUIET * smaller
            if after.difference < LEAST and (is_quiet or is_short):
                continue
            goes_on = index + 2 < len(keys) and keys[index + 2].pts - after.pts > flash
            by_choice = after.group < longest  # a key picture that comes early marks a cut
            unlike = after.difference >= STRONG and after.likeness < UNLIKE
            if by_choice and unlike and is_quiet and goes_on and not is_short and _stands_out(after.number, sizes):
                cuts.append(after.pts)
                continue
        end, last = (after.number, after.pts) if after else (len(sizes), None)
        if stretches and stretches[-1].last == key.pts:
            stretches[-1] = replace(stretches[-1], end=end, last=last)
        else:
            stretches.append(Stretch(key.number, end, key.pts, last))
    return cuts, stretches


def _stands_out(number: int, sizes: Sequence[int]) -> bool:
    beside = [*sizes[number - NEIGHBOURS - 1 : number], *sizes[number + 1 : number + NEIGHBOURS + 2]]
    return max(beside, default=0) < _QUIET_BESIDE * sizes[number]
