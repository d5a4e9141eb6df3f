"""Reel names: how edit lists without paths tell one file from another.

A reel stands for a tape. Two files share one only when both carry it in their own metadata and their
timecodes do not overlap; otherwise a number makes it unique, so that `C0001.MP4` from two cards are two
reels. `AX` and `BL` mean "no reel" and "black" in CMX lists and are never used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from momentidx.timeline.conform.media import with_media
from momentidx.timeline.cuts import CutList, Media
from momentidx.timeline.names import ascii_text

RESERVED = {"AX", "BL"}


@dataclass(frozen=True, slots=True)
class _Tape:
    """What of a reel one file occupies."""

    own: bool
    """Whether the file itself names the reel and has timecode."""
    start: int
    end: int
    """Frames of timecode: where reels matter, all files have one rate."""


def name_reels(cuts: CutList, longest: int) -> CutList:
    """Give every file a unique reel of capital letters, digits and `_`."""
    taken: dict[str, list[_Tape]] = {name: [_Tape(False, 0, 0)] for name in RESERVED}

    def named(media: Media) -> Media:
        return replace(media, facts={**media.facts, "reel": _name(media, longest, taken)})

    return with_media(cuts, named)


def _name(media: Media, longest: int, taken: dict[str, list[_Tape]]) -> str:
    facts = media.facts
    tape = _Tape(
        own=bool(facts.get("reel")) and facts.get("timecode_source") != "none",
        start=media.start,
        end=media.start + media.length,
    )
    stem = media.path.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    wanted = _clean(facts.get("reel") or "") or _clean(stem) or "REEL"
    name, number = wanted[:longest], 1
    while not all(_side_by_side(tape, other) for other in taken.get(name, ())):
        number += 1
        name = wanted[: longest - len(str(number))] + str(number)
    taken.setdefault(name, []).append(tape)
    return name


def _side_by_side(one: _Tape, other: _Tape) -> bool:
    return one.own and other.own and (one.end <= other.start or other.end <= one.start)


def _clean(text: str) -> str:
    return re.sub("[^A-Z0-9_]+", "_", ascii_text(text).upper()).strip("_")
