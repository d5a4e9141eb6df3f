"""OpenTimelineIO media linker `momentidx`: finds the file of a clip among indexed footage.

The footage is a file that `momentidx footage list --json > footage.jsonl` wrote, named by the argument
`footage` or the environment variable MOMENTIDX_FOOTAGE. A clip is relinked when exactly one footage

- has the fingerprint that the clip carries, or lies at the path that it names; or
- has its name (file name, with or without ending, or reel) *and* holds its timecode.

Two candidates are reported and never guessed between. What was decided, and why, stands in
`clip.metadata["momentidx"]["relink"]`; what was not linked is also logged as a warning.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Clip, ExternalReference

from momentidx_otio.footage import Footage, NoFootageList, folded, footage_list
from momentidx_otio.media import day_frames, file_name, path_of

ENVIRONMENT = "MOMENTIDX_FOOTAGE"
REEL_LENGTH = 8
"""CMX lists cut reels to eight letters, so that such a reel may be the beginning of a name."""
REELS = (("cmx_3600", "reel"), ("ALE", "Tape"), ("momentidx", "reel"))
AAF_COMMENT = "momentidx footage"
"""Where momentidx's own AAF files carry the fingerprint."""
log = logging.getLogger(__name__)


# OpenTimelineIO calls this with its arguments by name.
def link_media_reference(in_clip: Clip, media_linker_argument_map: Mapping[str, Any]) -> ExternalReference | None:
    """The reference of the one footage that the clip shows; None leaves the clip as it is. Raises NoFootageList."""
    file = media_linker_argument_map.get("footage") or os.environ.get(ENVIRONMENT)
    if not file:
        raise NoFootageList(
            f"The media linker 'momentidx' needs footage=FILE or {ENVIRONMENT}, a file made by "
            "'momentidx footage list --json'."
        )
    found, by = _candidates(in_clip, footage_list(Path(file)))
    placed = [(footage, place) for footage in found if (place := _place(in_clip, footage)) is not None]
    if len(placed) == 1:
        footage, moved = placed[0]
        _report(in_clip, "linked", by, [footage])
        _move(in_clip, moved)
        return footage.reference()
    status = "several candidates" if placed else "outside the footage" if found else "not found"
    _report(in_clip, status, by, [footage for footage, _ in placed] or found)
    log.warning("%s: %s %s", in_clip.name, status, in_clip.metadata["momentidx"]["relink"]["candidates"])
    return None


def _candidates(clip: Clip, footage: tuple[Footage, ...]) -> tuple[list[Footage], str]:
    """Footage that may be the clip's by the strongest evidence there is, and what that is."""
    reference = clip.media_reference
    prints = {part.metadata.get("momentidx", {}).get("footage") for part in (clip, reference)}
    prints |= {clip.metadata.get("AAF", {}).get("UserComments", {}).get(AAF_COMMENT)}
    prints -= {None}
    if found := [item for item in footage if item.fingerprint in prints]:
        return found, "fingerprint"
    url = getattr(reference, "target_url", None)
    if found := [item for item in footage if url and path_of(url) in item.paths]:
        return found, "path"
    names = {folded(name) for name in (clip.name, reference.name, file_name(path_of(url or ""))) if name}
    if found := [item for item in footage if names & item.names]:
        return found, "name and timecode"
    reels = {folded(str(reel)) for reel in _reels(clip)}
    found = [item for item in footage if any(_is_reel(reel, item) for reel in reels)]
    return found, "reel and timecode" if found else "nothing"


def _reels(clip: Clip) -> Iterator[object]:
    for part in (clip, clip.media_reference):
        for owner, key in REELS:
            if reel := part.metadata.get(owner, {}).get(key):
                yield reel


def _is_reel(reel: str, footage: Footage) -> bool:
    if reel in footage.names:
        return True
    return len(reel) == REEL_LENGTH and any(name.startswith(reel) for name in footage.names)


def _place(clip: Clip, footage: Footage) -> RationalTime | None:
    """How far the clip's positions must be moved to count in the footage's timecode; None when it does not fit.

    A clip whose own reference says where its media begins may count from zero. Any other counts in
    timecode, whose labels begin again after 24 hours.
    """
    source, own = clip.source_range, clip.media_reference.available_range
    if source is None:
        return RationalTime(0, footage.rate)
    if own is not None:
        moves = [footage.available.start_time - own.start_time]
        if own.start_time.value and abs(moves[0].to_seconds()) > 0.5 / footage.rate:
            return None  # the file that the clip means has another timecode
    elif round(source.start_time.rate) == round(footage.rate):
        day = day_frames(footage.rate, drop_frame=footage.drop_frame)
        moves = [RationalTime(0, footage.rate), RationalTime(day, footage.rate)]
    else:
        return None
    return next((move for move in moves if _inside(source, move, footage)), None)


def _inside(source: TimeRange, move: RationalTime, footage: Footage) -> bool:
    """Whether the moved range lies in the footage, to half a frame."""
    first = float((source.start_time + move - footage.available.start_time).to_seconds()) * footage.rate
    length = float(source.duration.to_seconds()) * footage.rate
    return first > -0.5 and first + length < footage.length + 0.5


def _move(clip: Clip, by: RationalTime) -> None:
    if not by.value or clip.source_range is None:
        return
    clip.source_range = _moved(clip.source_range, by)
    for marker in clip.markers:
        marker.marked_range = _moved(marker.marked_range, by)


def _moved(span: TimeRange, by: RationalTime) -> TimeRange:
    return TimeRange(span.start_time + by.rescaled_to(span.start_time.rate), span.duration)


def _report(clip: Clip, status: str, by: str, candidates: list[Footage]) -> None:
    """Leave the decision on the clip, where a later step or a person can read it."""
    facts = dict(clip.metadata.get("momentidx", {}))
    facts["relink"] = {"status": status, "by": by, "candidates": [item.paths[0] for item in candidates]}
    clip.metadata["momentidx"] = facts
