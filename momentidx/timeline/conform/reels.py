"""Reel names: how edit lists without paths tell one file from another.

A reel stands for a tape. Two files share one only when both carry it in their own metadata and their
timecodes do not overlap; otherwise a number makes it unique, so that `C0001.MP4` from two cards are two
reels. `AX` and `BL` mean "no reel" and "black" in CMX lists and are never used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from opentimelineio.schema import Clip, Timeline

from momentidx.timeline.names import ascii_text, plain_path

RESERVED = {"AX", "BL"}


@dataclass(frozen=True, slots=True)
class _Tape:
    """What of a reel one file occupies."""

    own: bool
    """Whether the file itself names the reel and has timecode."""
    start: float
    end: float
    """Seconds of timecode."""


def name_reels(timeline: Timeline, longest: int) -> None:
    """Give every file on the picture track a unique reel of capital letters, digits and `_`, in its metadata."""
    taken: dict[str, list[_Tape]] = {name: [_Tape(False, 0, 0)] for name in RESERVED}
    named: dict[str, str] = {}
    for clip in timeline.tracks[0].find_clips():
        url = clip.media_reference.target_url
        if url not in named:
            named[url] = _name(clip, longest, taken)
        clip.media_reference.metadata.setdefault("momentidx", {})["reel"] = named[url]


def _name(clip: Clip, longest: int, taken: dict[str, list[_Tape]]) -> str:
    reference = clip.media_reference
    facts = reference.metadata.get("momentidx", {})
    available = reference.available_range
    tape = _Tape(
        own=bool(facts.get("reel")) and facts.get("timecode_source") != "none",
        start=available.start_time.to_seconds(),
        end=available.end_time_exclusive().to_seconds(),
    )
    stem = plain_path(reference.target_url).replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
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
