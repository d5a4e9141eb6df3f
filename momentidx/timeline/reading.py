"""Timelines of unknown origin become plain values. For a process that may die of them, and only there.

OpenTimelineIO's JSON reader ends the process on deep files (0.18.1), and a small XML file can unfold
without bound. So `read` runs in a child with limits, whose environment names no more plug-ins, and
what comes back are the values of `foreign.py`. No path or URL in a file is ever opened: they are text.

Effects other than a constant speed, transitions, markers, generators and nested sequences are not
carried; `lost` says what there was.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from opentimelineio import adapters
from opentimelineio.core import deserialize_json_from_string
from opentimelineio.exceptions import OTIOError
from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import (
    Clip,
    ExternalReference,
    Gap,
    LinearTimeWarp,
    SerializableCollection,
    Timeline,
    Track,
    Transition,
)

from momentidx.errors import UnusableFootage
from momentidx.timeline.cuts import exact_rate
from momentidx.timeline.foreign import ForeignClip, ForeignItem, ForeignTimeline, ForeignTrack
from momentidx.timeline.names import plain_path

ENDINGS = (".edl", ".otio", ".xml", ".aaf")
MOST_BYTES = 64 * 2**20
DEEPEST = 200
"""Brackets within brackets of JSON, tags within tags of XML; a timeline of nested sequences has some dozens."""


def read(file: Path, edl_rate: Fraction | None, *, ours: bool = False) -> ForeignTimeline:
    """The first timeline of a CMX 3600 EDL, a Final Cut Pro 7 XML, an OpenTimelineIO or an AAF file.

    An EDL does not say its frame rate, so `edl_rate` does. Raises UnusableFootage for a file that
    cannot be read as its ending says. To be called in a limited process, but for an AAF of `ours`, of
    which the pictures are read.
    """
    ending = file.suffix.lower()
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ValueError(f"it is larger than {MOST_BYTES >> 20} MB")
        if ending == ".aaf":
            return _aaf(file, ours)
        text = file.read_text("utf-8", "replace").removeprefix("\N{BYTE ORDER MARK}")
        if ending == ".edl":
            return _values(_edl(text, edl_rate or Fraction(25)), says_drop_frame(text))
        return _values(_otio(text) if ending == ".otio" else _fcp7xml(text), None)
    except (OSError, OTIOError, ArithmeticError, ValueError, LookupError, TypeError, AttributeError) as error:
        _refuse(file, str(error) or type(error).__name__)  # the adapters trip over oddities in all these ways
    except (SyntaxError, RecursionError) as error:  # SyntaxError is what bad XML raises
        _refuse(file, str(error))


def _aaf(file: Path, ours: bool) -> ForeignTimeline:
    from aaf2.exceptions import AAFError

    from momentidx.timeline.reading_aaf import read_aaf

    try:
        return read_aaf(file, ours=ours)
    except (AAFError, AssertionError, NotImplementedError, struct.error) as error:
        raise ValueError(str(error) or type(error).__name__) from error


def says_drop_frame(edl: str) -> bool | None:
    """Whether an EDL says that it counts in drop-frame; None when it says nothing, or both."""
    said = {match[1] is None for match in re.finditer(r"^FCM:\s*(NON-)?DROP FRAME", edl, re.MULTILINE | re.IGNORECASE)}
    return said.pop() if len(said) == 1 else None


def _refuse(file: Path, why: str) -> NoReturn:
    raise UnusableFootage("not-a-timeline", f"{file}: this is no timeline that can be read: {' '.join(why.split())}.")


def _edl(text: str, rate: Fraction) -> Timeline:
    from otio_cmx3600_adapter import cmx_3600

    timeline = cmx_3600.read_from_string(text, rate=RationalTime.nearest_smpte_timecode_rate(float(rate)))
    for clip in timeline.find_clips():
        if clip.name.isdecimal():  # the number of the event, where the list names no clip
            clip.name = ""
    # Each track begins where its own first event is recorded; the adapter tells it as a negative start, but for 0.
    zero = RationalTime(0, float(rate))
    begins = [-track.source_range.start_time if track.source_range else zero for track in timeline.tracks]
    first = min(begins, default=zero)
    for track, begin in zip(timeline.tracks, begins, strict=True):
        track.source_range = None
        if begin > first:
            track.insert(0, Gap(duration=begin - first))
    timeline.global_start_time = first
    return timeline


def _fcp7xml(text: str) -> Timeline:
    depth = deepest = 0
    for tag in re.finditer(r"<(/?)[A-Za-z][^>]*?(/?)>", text):
        depth += -1 if tag[1] else 0 if tag[2] else 1
        deepest = max(deepest, depth)
    _shallow(deepest)
    # The module itself: reading through `adapters` would run the hooks and linkers that are installed.
    return _first(adapters.from_name("fcp_xml").module().read_from_string(text))


def _otio(text: str) -> Timeline:
    depth = deepest = 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text):
        if token[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in "]}":
            depth -= 1
    _shallow(deepest)
    return _first(deserialize_json_from_string(text))


def _shallow(depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError(f"it is nested {depth} deep, and at most {DEEPEST} are read")


def _first(found: Any) -> Timeline:
    if isinstance(found, SerializableCollection):
        found = next((child for child in found if isinstance(child, Timeline)), None)
    if not isinstance(found, Timeline):
        raise ValueError("there is no timeline in it")
    return found


def _values(timeline: Timeline, drop_frame: bool | None) -> ForeignTimeline:
    if not timeline.find_clips():
        raise ValueError("there is no clip in it")
    lost: Counter[str] = Counter(marker=len(timeline.tracks.markers))
    tracks = tuple(_track(track, lost) for track in timeline.tracks)
    start = timeline.global_start_time
    ours = timeline.metadata.get("momentidx")
    return ForeignTimeline(
        name=timeline.name,
        rate=exact_rate((start or timeline.duration()).rate),
        start=_seconds(start) if start else Fraction(0),
        drop_frame=bool(ours["drop_frame"]) if ours and "drop_frame" in ours else drop_frame,
        tracks=tracks,
        lost=tuple(f"{number} {kind}{'' if number == 1 else 's'}" for kind, number in sorted(lost.items()) if number),
    )


def _track(track: Track, lost: Counter[str]) -> ForeignTrack:
    lost["marker"] += len(track.markers)
    lost["trim of a track"] += track.source_range is not None
    return ForeignTrack(track.name, str(track.kind), track.enabled, tuple(_items(track, lost)))


def _items(track: Track, lost: Counter[str]) -> Iterator[ForeignItem]:
    for item in track:
        if isinstance(item, Transition):
            lost["transition"] += 1
            continue
        lost["marker"] += len(item.markers)
        length = _seconds(item.duration())
        if not isinstance(item, Clip):
            lost["nested sequence"] += not isinstance(item, Gap)
            yield ForeignItem(item.name, length, None)
        elif type(item.media_reference).__name__ == "GeneratorReference":
            lost["generator"] += 1
            yield ForeignItem(item.name, length, None)
        else:
            warps = [effect for effect in item.effects if isinstance(effect, LinearTimeWarp)]
            lost["effect"] += len(item.effects) - len(warps[:1])
            yield ForeignItem(item.name, length, _clip(item, warps[0].time_scalar if warps else 1.0))


def _clip(clip: Clip, speed: float) -> ForeignClip:
    reference = clip.media_reference
    metadata = reference.metadata
    ours = metadata.get("momentidx", {})
    available = reference.available_range
    start = clip.trimmed_range().start_time
    url = reference.target_url if isinstance(reference, ExternalReference) else None
    return ForeignClip(
        start=_seconds(start),
        rate=exact_rate(start.rate),
        speed=float(speed),
        media=_span(available) if available else None,
        reel=_text(ours.get("reel") or _reel(clip)),
        url=_text(url),
        file_name=re.split(r"[/\\]", plain_path(url))[-1] if url else _text(reference.name),
        fingerprint=_text(ours.get("footage")),
    )


def _reel(clip: Clip) -> Any:
    """The reel as EDL and Final Cut Pro 7 XML write it."""
    own = clip.metadata.get("cmx_3600", {}).get("reel")
    return own or clip.media_reference.metadata.get("fcp_xml", {}).get("timecode", {}).get("reel", {}).get("name")


def _text(value: Any) -> str | None:
    return str(value) if value else None


def _span(span: TimeRange) -> tuple[Fraction, Fraction]:
    return _seconds(span.start_time), _seconds(span.duration)


def _seconds(time: RationalTime) -> Fraction:
    return Fraction(time.value) / exact_rate(time.rate)
