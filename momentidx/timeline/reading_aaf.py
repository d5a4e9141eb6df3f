"""A composition in an Advanced Authoring Format file becomes plain values. For a limited process only.

Walked with pyaaf2 itself. A clip of a composition names a place in a master clip, that one a place in a
file, and that one a place on a tape, whose timecode it then is; each step may count in a rate of its own.
Where a file comes from no tape it counts from its first picture.

A transition becomes a cut where the file says its cut would be. Effects and retimes are looked through
(a constant `SpeedRatio` is kept as a speed), and of alternatives the selected one is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import aaf2
from aaf2 import components as parts
from aaf2.essence import TapeDescriptor
from aaf2.misc import ConstantValue
from aaf2.mobid import MobID
from aaf2.mobs import CompositionMob, SourceMob

from momentidx.timeline.foreign import ForeignClip, ForeignItem, ForeignTimeline, ForeignTrack
from momentidx.timeline.names import plain_path
from momentidx.timeline.write.aaf import FOOTAGE_COMMENT

DEEPEST = 50
"""Segments within segments, and mobs from a clip to its tape; real files have some ten."""
KINDS = {"Picture": "Video", "Sound": "Audio", "LegacySound": "Audio"}


def read_aaf(file: Path, *, ours: bool = False) -> ForeignTimeline:
    """The first composition at the top level; raises what pyaaf2 raises, and ValueError.

    Of a file that we wrote (`ours`) only the pictures are read, which is faster.
    """
    with aaf2.open(str(file)) as document:
        tops = [*document.content.toplevel(), *document.content.compositionmobs()]
        composition = next((mob for mob in tops if isinstance(mob, CompositionMob)), None)
        if composition is None:
            raise ValueError("there is no composition in it")
        return _Composition(composition, {"Picture"} if ours else set(KINDS)).read()


@dataclass
class _Source:
    """What is found on the way from a clip to its tape. Times are seconds."""

    position: Fraction = Fraction(0)
    """Of the first frame of what the clip names, counted on the tape or in what was reached last."""
    name: str | None = None
    fingerprint: str | None = None
    url: str | None = None
    reel: str | None = None
    begins: Fraction = Fraction(0)
    """The file's first picture, counted as `position`."""
    length: Fraction = Fraction(0)
    """Of the file; 0 when nothing says it."""


class _Composition:
    def __init__(self, mob: Any, kinds: set[str]) -> None:
        self.mob = mob
        self.kinds = kinds
        self.lost: Counter[str] = Counter()
        self.sources: dict[tuple[MobID, int], _Source | None] = {}
        """What was followed already, by mob and slot; None is another composition."""

    def read(self) -> ForeignTimeline:
        slots = [slot for slot in self.mob.slots if _kind(slot.segment) in self.kinds]
        if not slots:
            raise ValueError("there is no picture or sound in it")
        if self.kinds == set(KINDS):
            self.lost["marker"] = sum(len(_marks(slot)) for slot in self.mob.slots)
        rate = _rate(next((slot for slot in slots if _kind(slot.segment) == "Picture"), slots[0]))
        code = _timecode(self.mob)
        tracks = tuple(self._track(slot) for slot in slots)
        if not any(item.clip for track in tracks for item in track.items):
            raise ValueError("there is no clip in it")
        return ForeignTimeline(
            name=str(self.mob.name or ""),
            rate=rate,
            start=Fraction(code.start) / rate if code else Fraction(0),
            drop_frame=bool(code.drop) if code else None,
            tracks=tracks,
            lost=tuple(
                f"{count} {what}{'' if count == 1 else 's'}" for what, count in sorted(self.lost.items()) if count
            ),
        )

    def _track(self, slot: Any) -> ForeignTrack:
        rate, kind = _rate(slot), KINDS[_kind(slot.segment)]
        return ForeignTrack(str(slot.name or ""), kind, True, tuple(self._items(_sequence(slot.segment), rate)))

    def _items(self, components: Iterable[Any], rate: Fraction) -> Iterator[ForeignItem]:
        """Items in order. A transition shortens its neighbours, which overlap under it, to a cut."""
        before: ForeignItem | None = None
        skip = Fraction(0)
        for component in components:
            if isinstance(component, parts.Transition):
                self.lost["transition"] += 1
                length, cut = component.length / rate, (component.cutpoint or 0) / rate
                if before:
                    before = replace(before, length=before.length - (length - cut))
                skip = cut
                continue
            if before and before.length > 0:
                yield before
            before, skip = _later(self._item(component, component.length / rate, rate), skip), Fraction(0)
        if before and before.length > 0:
            yield before

    def _item(self, segment: Any, length: Fraction, rate: Fraction) -> ForeignItem:
        """What one segment shows, looked for inside whatever it is wrapped in."""
        speed = 1.0
        for _ in range(DEEPEST):
            if isinstance(segment, parts.SourceClip):
                return self._clip(segment, length, rate, speed)
            if isinstance(segment, parts.OperationGroup):
                ratio = _speed_ratio(segment)
                self.lost["effect"] += ratio is None
                speed *= 1.0 if ratio is None else 0.0 if ratio == segment.length else float(1 / ratio)
                inside = list(segment.segments)
            elif isinstance(segment, parts.Selector):
                inside = [segment["Selected"].value]
            elif isinstance(segment, parts.EssenceGroup):
                inside = list(segment["Choices"].value)[:1]
            elif isinstance(segment, parts.NestedScope):
                inside = list(segment.slots)[-1:]
            elif isinstance(segment, parts.Sequence):
                inside = list(segment.components)
            else:  # filler, and what we do not know
                return ForeignItem("", length, None)
            if len(inside) != 1:
                self.lost["nested sequence"] += len(inside) > 1
                return ForeignItem("", length, None)
            (segment,) = inside
        raise ValueError(f"its segments are nested more than {DEEPEST} deep")

    def _clip(self, segment: Any, length: Fraction, rate: Fraction, speed: float) -> ForeignItem:
        key = segment.mob_id, segment.slot_id
        if key not in self.sources:  # finding a mob is slow
            self.sources[key] = None if isinstance(segment.mob, CompositionMob) else _follow(segment)
        source = self.sources[key]
        if source is None:
            self.lost["nested sequence"] += 1
            return ForeignItem(str(segment.mob.name or ""), length, None)
        clip = ForeignClip(
            start=source.position + segment.start / rate,
            rate=rate,
            speed=speed,
            media=(source.begins, source.length),
            reel=source.reel,
            url=source.url,
            file_name=plain_path(source.url).replace("\\", "/").rsplit("/", 1)[-1] if source.url else source.name,
            fingerprint=source.fingerprint,
        )
        return ForeignItem(source.name or "", length, clip)


def _follow(segment: Any) -> _Source:
    """From a clip through master clip and file to the tape."""
    found = _Source()
    for _ in range(DEEPEST):
        mob = segment.mob
        if mob is None:
            return found
        found.name = found.name or (str(mob.name) if mob.name else None)
        found.fingerprint = found.fingerprint or _comment(mob, FOOTAGE_COMMENT)
        slot = mob.slot_at(segment.slot_id)
        if isinstance(mob, SourceMob) and isinstance(mob.descriptor, TapeDescriptor):
            found.reel = str(mob.name) if mob.name else None
        elif isinstance(mob, SourceMob):
            found.url = _url(mob.descriptor) or found.url  # the last is what the others were made of
            found.begins, found.length = Fraction(0), slot.segment.length / _rate(slot)
        code = _timecode(mob) if isinstance(mob, SourceMob) else None
        if code is not None:
            begins = Fraction(code.start) / _rate(slot)
            found.position, found.begins = found.position + begins, found.begins + begins
            return found
        inside = [one for one in _sequence(slot.segment) if isinstance(one, parts.SourceClip)]
        if len(inside) != 1 or inside[0].mob is None:
            return found
        (segment,) = inside
        offset = segment.start / _rate(slot)
        found.position, found.begins = found.position + offset, found.begins + offset
    raise ValueError(f"a clip comes from more than {DEEPEST} others")


def _later(item: ForeignItem, skip: Fraction) -> ForeignItem:
    """An item without its beginning."""
    clip = item.clip and replace(item.clip, start=item.clip.start + skip * Fraction(item.clip.speed))
    return replace(item, length=item.length - skip, clip=clip)


def _sequence(segment: Any) -> list[Any]:
    return list(segment.components) if isinstance(segment, parts.Sequence) else [segment]


def _kind(segment: Any) -> str:
    return str(getattr(segment, "media_kind", None))


def _rate(slot: Any) -> Fraction:
    rate = Fraction(slot.edit_rate)
    if rate <= 0:
        raise ValueError("a track in it has no rate")
    return rate


def _timecode(mob: Any) -> Any:
    """The timecode that a mob carries itself, or None."""
    found = (part for slot in mob.slots for part in _sequence(slot.segment))
    return next((part for part in found if isinstance(part, parts.Timecode)), None)


def _marks(slot: Any) -> list[Any]:
    return [part for part in _sequence(slot.segment) if isinstance(part, parts.CommentMarker)]


def _comment(mob: Any, name: str) -> str | None:
    value = dict(mob.comments.items()).get(name)
    return str(value) if value else None


def _url(descriptor: Any) -> str | None:
    locators = list(descriptor.getvalue("Locator", None) or ())
    url = locators[0].getvalue("URLString", None) if locators else None
    return str(url) if url else None


def _speed_ratio(group: Any) -> Fraction | None:
    """Frames shown for each frame of the source, where an effect is a constant retime."""
    for parameter in group.parameters:
        if isinstance(parameter, ConstantValue) and parameter.name == "SpeedRatio":
            return Fraction(parameter.value) or None
    return None
