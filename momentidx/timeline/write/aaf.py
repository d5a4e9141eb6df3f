"""Advanced Authoring Format (`.aaf`) for Avid: experimental, walked by pyaaf2 and by no Avid here.

Written with pyaaf2 itself: the community adapter makes a new master clip for every use of a file and
wrong drop-frame flags, and writes no markers, so that most of its output would have to be written again.

A composition plays master clips; each master clip has a file (with its URL) that comes from a tape (the
reel, with its timecode). Their ids are made from the footage's fingerprint: the same file is the same
master clip in every export.
"""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from struct import Struct
from typing import Any

import aaf2
from aaf2.mobid import MobID
from opentimelineio.schema import Timeline

from momentidx.timeline.conform.targets import avid
from momentidx.timeline.cuts import CutList, Media
from momentidx.timeline.names import one_line
from momentidx.timeline.write.files import replacing

DAY_SECONDS = 24 * 3600
LENGTH, START, SOURCE, POSITION, COMMENT = 0x0202, 0x1201, 0x1101, 0x0601, 0x0602
"""Numbers of properties in the AAF object specification."""
INT64 = Struct("<q")
PICTURE = 1
"""Number of the slot that holds the picture, in every object."""
FOOTAGE_COMMENT = "momentidx footage"
"""The comment of a master clip that says which content it is."""


class AafWriter:
    """Writes a composition with picture, sound and markers. The media is linked in the editing program."""

    name = "aaf"
    suffix = ".aaf"
    mixed_rates = False
    most_clips: int | None = None
    alternates = False

    def write(self, timeline: Timeline, file: Path) -> None:
        cuts = avid(timeline)
        with replacing(file) as part, aaf2.open(str(part), "w") as document:
            _Composition(document, cuts).write()


class _Composition:
    def __init__(self, document: Any, cuts: CutList) -> None:
        self.make = document.create
        self.mobs = document.content.mobs
        self.cuts = cuts
        self.rate = str(cuts.rate)
        self.forms: dict[tuple[int, bool], Any] = {}
        self.channels = max((_channels(cut.media) for cut in cuts.cuts if cut.sound), default=0)

    def write(self) -> None:
        cuts = self.cuts
        masters = {cut.media.url: cut.media for cut in cuts.cuts}
        ids = {url: self._master(media) for url, media in masters.items()}
        composition = self.make.CompositionMob(one_line(cuts.name))
        composition.usage = "Usage_TopLevel"
        composition.comments["momentidx query"] = cuts.query or ""
        picture = composition.create_empty_sequence_slot(self.rate, slot_id=PICTURE, media_kind="picture")
        _number(picture, PICTURE)
        self._fill(picture.segment, ids, PICTURE, "picture")
        for channel in range(1, self.channels + 1):
            sound = composition.create_empty_sequence_slot(self.rate, slot_id=PICTURE + channel, media_kind="sound")
            _number(sound, PICTURE + channel)
            self._fill(sound.segment, ids, PICTURE + channel, "sound")
        self._timecode(composition, cuts.start, cuts.length, cuts.drop_frame)
        self._markers(composition)
        # Last: what is appended to an object inside the file is written one by one, which is far slower.
        self.mobs.append(composition)

    def _fill(self, sequence: Any, ids: dict[str, MobID], slot: int, kind: str) -> None:
        """Clips and, where nothing plays, filler."""
        forms = {url: self.make.SourceClip(0, 0, master, slot, kind) for url, master in ids.items()}
        end, found = 0, []
        for cut in self.cuts.cuts:
            if kind == "sound" and not (cut.sound and slot - PICTURE <= _channels(cut.media)):
                continue
            if cut.record > end:
                found.append(self.make.Filler(kind, cut.record - end))
            start = cut.start - cut.media.start
            found.append(_like(forms[cut.media.url], {START: INT64.pack(start), LENGTH: INT64.pack(cut.length)}))
            end = cut.record_end
        if end < self.cuts.length:
            found.append(self.make.Filler(kind, self.cuts.length - end))
        sequence.components.extend(found)
        sequence.length = self.cuts.length

    def _master(self, media: Media) -> MobID:
        """The master clip of a file, its file and its tape."""
        tape = self._mob(self.make.SourceMob(media.facts["reel"]), media, "tape")
        tape.descriptor = self.make.TapeDescriptor()
        day = DAY_SECONDS * media.rate.numerator // media.rate.denominator
        length = max(day, media.start + media.length)
        self._slots(tape, media, 0, length)
        self._timecode(tape, 0, length, media.drop_frame)

        file = self._mob(self.make.SourceMob(one_line(media.name)), media, "file")
        file.descriptor = self._descriptor(media)
        self._slots(file, media, media.start, media.length, tape.mob_id)

        master = self._mob(self.make.MasterMob(one_line(media.name)), media, "master")
        master.comments[FOOTAGE_COMMENT] = media.facts.get("footage") or ""
        self._slots(master, media, 0, media.length, file.mob_id)
        identity: MobID = master.mob_id
        return identity

    def _mob(self, mob: Any, media: Media, role: str) -> Any:
        """Name a mob by what it stands for, so that the next export names it alike."""
        digest = hashlib.sha256(f"{media.facts.get('footage')} {media.url} {role}".encode()).digest()
        identity = MobID.new()
        identity.material = uuid.UUID(bytes=digest[:16])
        mob.mob_id = identity
        self.mobs.append(mob)
        return mob

    def _slots(self, mob: Any, media: Media, start: int, length: int, source: MobID | None = None) -> None:
        """The picture, then a slot for each sound channel that we use; all play the same slot of the source."""
        told = {START: INT64.pack(start), LENGTH: INT64.pack(length)} | ({SOURCE: source.bytes_le} if source else {})
        slots = []
        for number in range(PICTURE, PICTURE + _channels(media) + 1):
            slot = self._slot(number, bool(source)).copy()
            _tell(slot.segment, told)
            slots.append(slot)
        mob.slots.extend(slots)

    def _slot(self, number: int, plays: bool) -> Any:
        """A slot to copy, which plays another mob or none."""
        if (number, plays) in self.forms:
            return self.forms[number, plays]
        slot = self.forms[number, plays] = self.make.TimelineMobSlot(number, edit_rate=self.rate)
        kind = "picture" if number == PICTURE else "sound"
        slot.segment = self.make.SourceClip(slot_id=number if plays else 0, media_kind=kind)
        _number(slot, number)
        return slot

    def _timecode(self, mob: Any, start: int, length: int, drop_frame: bool) -> None:
        rate = self.cuts.rate
        slot = mob.create_timeline_slot(self.rate)
        slot.segment = self.make.Timecode(-(-rate.numerator // rate.denominator), drop_frame, length)
        slot.segment.start = start
        slot["PhysicalTrackNumber"].value = 1

    def _descriptor(self, media: Media) -> Any:
        width, height = media.facts.get("width") or 1920, media.facts.get("height") or 1080
        descriptor = self.make.CDCIDescriptor()
        descriptor["SampleRate"].value = self.rate
        descriptor["Length"].value = media.length
        descriptor["StoredWidth"].value = width
        descriptor["StoredHeight"].value = height
        descriptor["FrameLayout"].value = "FullFrame"
        descriptor["ImageAspectRatio"].value = f"{width}/{height}"
        descriptor["VideoLineMap"].value = [42, 0]
        descriptor["ComponentWidth"].value = 8
        descriptor["HorizontalSubsampling"].value = 2
        locator = self.make.NetworkLocator()
        locator["URLString"].value = media.url
        descriptor["Locator"].append(locator)
        return descriptor

    def _markers(self, composition: Any) -> None:
        marks = self.cuts.marks()
        if not marks:
            return
        slot = self.make.EventMobSlot()
        slot.slot_id = PICTURE + self.channels + 10
        slot.edit_rate = self.rate
        slot["PhysicalTrackNumber"].value = 1  # of the picture, on which the markers are
        slot.segment = self.make.Sequence(media_kind="DescriptiveMetadata")
        form = self.make.DescriptiveMarker()
        form["Position"].value = 0
        form["Comment"].value = ""
        form["DescribedSlots"].value = {PICTURE}
        found = []
        for start, end, _, mark in marks:
            comment = f"{mark.comment}\0".encode("utf-16le")
            told = {POSITION: INT64.pack(start), COMMENT: comment, LENGTH: INT64.pack(end - start)}
            found.append(_like(form, told))
        slot.segment.components.extend(found)
        composition.slots.append(slot)


def _like(form: Any, told: dict[int, bytes]) -> Any:
    """A copy in which some properties have other values: pyaaf2 copies far quicker than it makes."""
    made = form.copy()
    _tell(made, told)
    return made


def _tell(made: Any, told: dict[int, bytes]) -> None:
    for number, data in told.items():
        made.property_entries[number].data = data


def _number(slot: Any, number: int) -> None:
    """Tracks are counted from 1 for each kind: V1, A1, A2."""
    slot["PhysicalTrackNumber"].value = 1 if number == PICTURE else number - PICTURE


def _channels(media: Media) -> int:
    """At most a stereo pair: the program finds the other channels in the file."""
    return min(media.channels, 2)
