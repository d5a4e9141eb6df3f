"""Somebody else's timeline on our footage: which clip is which file, decided by evidence and never by guess.

A clip is a file, in this order:

1. by *fingerprint*, when the timeline came from momentidx;
2. by *path*, when it names a file exactly where an indexed one lies;
3. by *reel* and *name*: the footage that has both, or, when none has both, either.

In the third case its timecode must agree: what the clip plays lies inside the footage, in the footage's
own timecode. One file that fits is the clip's; two are both told, and the clip stays unlinked. Numbers
count as the other program counted them: from its own start of the file, where it says one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from momentidx.footage import Footage
from momentidx.timeline.build import media_rate
from momentidx.timeline.foreign import ForeignClip, ForeignItem, ForeignTimeline
from momentidx.timeline.names import ascii_text, plain_path
from momentidx.times import allows_drop_frame, rate_text, round_half_up

SHORTEST_CUT_REEL = 8
"""Reels in an EDL are cut off at eight letters or more; a shorter one is whole."""
NO_REEL = {"", "AX", "BL"}


@dataclass(frozen=True, slots=True)
class Medium:
    """One indexed footage and where it lies, the best place first."""

    footage: Footage
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """What became of one clip."""

    track: str
    number: int
    """Of the track's clips, from 1."""
    name: str
    by: tuple[str, ...]
    """The evidence: `fingerprint`, `path`, `reel`, `name`, `timecode`."""
    medium: Medium | None
    frames: tuple[int, int] | None
    """What it plays, counted from the first picture; the end is exclusive."""
    candidates: tuple[Path, ...]
    """What it might be, when that is not one."""
    reason: str
    """Why it was not linked; empty when it was."""

    @property
    def state(self) -> str:
        if self.medium is not None:
            return "relinked"
        return "ambiguous" if len(self.candidates) > 1 else "missing"


def relink(timeline: ForeignTimeline, media: Sequence[Medium]) -> list[Link]:
    """A link for each clip, by track and then in order."""
    index = _Index(media)
    return [
        _link(index, item, item.clip, track.name or f"{track.kind} {place}", number)
        for place, track in enumerate(timeline.tracks, start=1)
        for number, item in enumerate((item for item in track.items if item.clip), start=1)
        if item.clip
    ]


def _link(index: _Index, item: ForeignItem, clip: ForeignClip, track: str, number: int) -> Link:
    by, candidates = index.candidates(item, clip)
    sure = by in (("fingerprint",), ("path",))
    if not sure and by and (clip.media is None or clip.media[0]):
        by = (*by, "timecode")
    fitting: list[tuple[Medium, tuple[int, int]]] = []
    reasons: list[str] = []
    for medium in candidates:
        try:
            fitting.append((medium, _frames(clip, item.length, medium.footage, sure=sure)))
        except _DoesNotFit as why:
            reasons.append(f"{medium.paths[0]}: {why}")
    named = item.name or clip.file_name or clip.reel or "(no name)"
    if len(fitting) == 1:
        ((medium, frames),) = fitting
        return Link(track, number, named, by, medium, frames, (), "")
    if fitting:
        paths = tuple(medium.paths[0] for medium, _ in fitting)
        return Link(track, number, named, by, None, None, paths, f"{len(paths)} clips fit equally well")
    if not candidates:
        reasons = [f"no indexed clip has {_wanted(item, clip)}"]
    return Link(track, number, named, by, None, None, (), "; ".join(reasons))


def _wanted(item: ForeignItem, clip: ForeignClip) -> str:
    names = dict.fromkeys(name for name in (clip.file_name, item.name) if name)
    parts = ([f"the reel {clip.reel}"] if clip.reel else []) + [f"the name {name}" for name in names]
    return " or ".join(parts) or "its reel or name, because it has neither"


class _Index:
    """The footage by everything that a timeline may call it."""

    def __init__(self, media: Sequence[Medium]) -> None:
        self._media = media
        self._by_fingerprint = {medium.footage.fingerprint: medium for medium in media}
        self._by_path = {str(path): medium for medium in media for path in medium.paths}
        self._names: dict[str, set[int]] = {}
        self._reels: list[tuple[str, int]] = []
        for number, medium in enumerate(media):
            for path in medium.paths:
                for name in (path.name, path.stem):
                    self._names.setdefault(name.casefold(), set()).add(number)
            reels = {medium.footage.reel or "", *(path.stem for path in medium.paths)}
            self._reels += [(_clean(reel), number) for reel in reels if _clean(reel) not in NO_REEL]

    def candidates(self, item: ForeignItem, clip: ForeignClip) -> tuple[tuple[str, ...], list[Medium]]:
        """Which footage the clip may be, and by what evidence."""
        if clip.fingerprint in self._by_fingerprint:
            return ("fingerprint",), [self._by_fingerprint[clip.fingerprint]]
        if clip.url and plain_path(clip.url) in self._by_path:
            return ("path",), [self._by_path[plain_path(clip.url)]]
        named = {n for name in (item.name, clip.file_name) if name for n in self._names.get(name.casefold(), ())}
        reeled = set(self._of_reel(_clean(clip.reel or "")))
        both = named & reeled
        kinds = [kind for kind, found in (("reel", reeled), ("name", named)) if both or found]
        return tuple(kinds), [self._media[number] for number in sorted(both or named | reeled)]

    def _of_reel(self, reel: str) -> Iterator[int]:
        if reel in NO_REEL:
            return
        for known, number in self._reels:
            if known == reel or (len(reel) >= SHORTEST_CUT_REEL and known.startswith(reel)):
                yield number


def _clean(reel: str) -> str:
    """A reel as edit lists spell it: capitals, digits and `_`."""
    return re.sub("[^A-Z0-9_]+", "_", ascii_text(reel).upper()).strip("_")


class _DoesNotFit(Exception):
    """Why a clip cannot be a footage."""


def _frames(clip: ForeignClip, length: Fraction, footage: Footage, *, sure: bool) -> tuple[int, int]:
    """What the clip plays of the footage, counted from the first picture; raises _DoesNotFit.

    `sure`: the footage is known to be the clip's, so that the other program may count its timecode as it likes.
    """
    rate, own_start = footage.rate, Fraction(footage.start.frame) / footage.rate
    if clip.media is not None:
        begins, lasts = clip.media
        if not sure and begins not in (0, own_start) and abs(begins - own_start) * rate >= Fraction(1, 2):
            raise _DoesNotFit(f"it begins at {footage.timecode(0)}, and the timeline says another timecode")
        if not sure and lasts and abs(lasts - footage.duration) * rate > 1:
            raise _DoesNotFit(f"it is {footage.length_frames} frames long, and the timeline says another length")
    elif media_rate(clip.rate) != media_rate(rate):
        raise _DoesNotFit(f"it has {rate_text(rate)} frames a second, and the timeline counts {rate_text(clip.rate)}")
    else:
        begins = own_start
    first = round_half_up((clip.start - begins) * rate)
    if first < 0 and clip.media is None:
        first += _day_frames(footage)  # labels start again at midnight; the file goes on
    end = first + max(round_half_up(length * rate * Fraction(abs(clip.speed))), 1)
    if clip.speed < 0:
        first, end = first + 1 - (end - first), first + 1
    if first < 0 or end > footage.length_frames:
        held, played = ((0, footage.length_frames), (first, end))
        raise _DoesNotFit(f"it holds {_labels(footage, held)}, and the clip plays {_labels(footage, played)}")
    return first, end


def _labels(footage: Footage, frames: tuple[int, int]) -> str:
    possible = footage.start.frame + frames[0] >= 0
    labels = [(footage.timecode(frame) if possible else None) or f"frame {frame}" for frame in frames]
    return " to ".join(labels)


def _day_frames(footage: Footage) -> int:
    """Labels in 24 hours (SMPTE ST 12-1: drop-frame leaves out 2 of 1800, but for every tenth minute)."""
    nominal = round(footage.rate)
    dropped = 24 * 54 * 2 * nominal // 30 if footage.start.drop_frame and allows_drop_frame(footage.rate) else 0
    return 86_400 * nominal - dropped
